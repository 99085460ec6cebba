//! Which circuits a set has: found, made, let go and taken back.

use std::borrow::Borrow;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use fusebox::policy::TripPolicy;
use fusebox::{Event, Listener, Rejected, WhenFull};

use super::left::{Asked, Left};
use super::map::Map;
use super::room::Room;
use crate::clock::Uptime;
use crate::entry::{Common, Entry, Seat, SharedEntry};
use crate::sync::Mutex;

/// How many circuits are looked at under one lock for those that are idle. Newcomers do not wait longer than that.
const IDLE_LOOKS: usize = 1_024;

/// The circuits of a set.
pub(crate) struct Table<K, C, P: TripPolicy, L> {
    pub(super) map: Map<K, SharedEntry<K, C, P, L>>,
    /// Held by who adds or takes out circuits, never by who looks for one.
    room: Mutex<Room<K, C, P, L>>,
    pub(super) common: Arc<Common<K, C, P, L>>,
    pub(super) capacity: usize,
    idle: Option<Duration>,
    when_full: WhenFull,
    pub(super) evicted: AtomicU64,
    pub(super) refused: AtomicU64,
}

impl<K, C, P, L> Table<K, C, P, L>
where
    K: Eq + Hash,
    C: Uptime + Clone,
    P: TripPolicy,
    L: Listener<K>,
{
    pub(super) fn new(
        common: Arc<Common<K, C, P, L>>,
        capacity: usize,
        idle: Option<Duration>,
        when_full: WhenFull,
    ) -> Self {
        Self {
            map: Map::new(),
            room: Mutex::new(Room::new()),
            common,
            capacity,
            idle,
            when_full,
            evicted: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }

    /// Looks for a circuit in order to use it.
    #[inline]
    pub(super) fn used<Q, T>(&self, key: &Q, user: impl FnOnce(&SharedEntry<K, C, P, L>) -> T) -> Option<T>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.map.look(key, |entry| {
            entry.touch();
            user(entry)
        })
    }

    /// Takes a circuit out for good.
    pub(super) fn remove<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let mut room = self.room.lock();
        let Some(entry) = self.map.remove(key) else { return false };
        room.remove(&entry);
        entry.set_seat(Seat::Removed);
        true
    }

    /// From now on circuits are made with this version of the settings, and whichever was made before is in the map.
    pub(super) fn set_version(&self, number: usize) {
        let _room = self.room.lock();
        self.common.versions.set_current(number);
    }

    /// Counts those who went before it tells of any: listeners may panic.
    pub(super) fn tell_evicted(&self, left: &[SharedEntry<K, C, P, L>]) {
        self.evicted.fetch_add(left.len() as u64, Relaxed);
        for entry in left {
            entry.tell(&Event::Evicted);
        }
    }
}

impl<K, C, P, L> Table<K, C, P, L>
where
    K: Clone + Eq + Hash,
    C: Uptime + Clone,
    P: TripPolicy,
    L: Listener<K>,
{
    /// The circuit of a peer, to be used.
    pub(super) fn find_or_make<Q>(&self, key: &Q) -> Result<SharedEntry<K, C, P, L>, Rejected>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        self.used(key, Arc::clone).map_or_else(|| self.make(key.to_owned()), Ok)
    }

    /// Makes a circuit for a peer that had none when somebody looked.
    #[cold]
    pub(super) fn make(&self, key: K) -> Result<SharedEntry<K, C, P, L>, Rejected> {
        self.seat(key).or_else(|key| self.without_room(key))
    }

    /// Makes a circuit and a place for it, unless somebody else did meanwhile. Without room for it, the key comes back
    /// as the error.
    pub(super) fn seat(&self, key: K) -> Result<SharedEntry<K, C, P, L>, K> {
        let mut left = Left::nobody(self);
        let mut room = self.room.lock();
        if let Some(entry) = self.used(&key, Arc::clone) {
            return Ok(entry);
        }
        if !self.makes_room(&mut room, &mut left) {
            return Err(key);
        }
        // All that users wrote comes first, as it may panic. Then the newcomer has no place, rather than half of one.
        let copy = key.clone();
        let key = self.map.hashed(key);
        let entry = Entry::new(copy, key.generation(), &self.common);
        self.map.insert(key, Arc::clone(&entry));
        room.add(Arc::clone(&entry));
        drop(room);
        Ok(entry)
    }

    /// Takes a circuit back that was evicted, if it learned something since. If its peer has another by now, that is the
    /// error.
    pub(crate) fn take_back(&self, entry: &SharedEntry<K, C, P, L>) -> Result<(), SharedEntry<K, C, P, L>> {
        // Most often that can be seen without the lock.
        if let Some(found) = self.map.look(&entry.key, Arc::clone) {
            return if Arc::ptr_eq(&found, entry) { Ok(()) } else { Err(found) };
        }
        if entry.is_expendable() {
            return Ok(());
        }
        let mut left = Left::nobody(self);
        let mut room = self.room.lock();
        if !entry.is_evicted() {
            return Ok(());
        }
        if let Some(successor) = self.map.look(&entry.key, Arc::clone) {
            return Err(successor);
        }
        if !self.makes_room(&mut room, &mut left) {
            drop(room);
            self.tell_full(&entry.key, false);
            return Ok(());
        }
        let key = self.map.hashed(entry.key.clone());
        self.map.insert(key, Arc::clone(entry));
        room.add(Arc::clone(entry));
        drop(room);
        // Without a place it was told of no new settings.
        entry.reload();
        Ok(())
    }

    /// Whether there is room for one more, for which somebody may have left.
    fn makes_room(&self, room: &mut Room<K, C, P, L>, left: &mut Left<'_, K, C, P, L>) -> bool {
        if room.len() >= self.capacity {
            left.entries.extend(room.make(|entry| self.lets_go(entry)));
        }
        room.len() < self.capacity
    }

    /// Takes a circuit out of the map if nothing is lost by it.
    fn lets_go(&self, entry: &SharedEntry<K, C, P, L>) -> bool {
        if !entry.is_expendable() {
            return false;
        }
        let key = self.map.hashed(entry.key.clone());
        self.map.remove_hashed(&key);
        let mut asked = Asked { table: self, entry, key: Some(key) };
        // A call may have failed between the two.
        let lets_go = entry.leave();
        if lets_go {
            asked.key = None;
        }
        lets_go
    }

    /// Lets all go that are idle, and returns how many.
    pub(super) fn evict_idle(&self) -> usize {
        let Some(limit) = self.idle else { return 0 };
        let now = self.common.clock().uptime();
        let (mut end, mut count) = (usize::MAX, 0);
        while end > 0 {
            let mut left = Left::nobody(self);
            let look = (end, IDLE_LOOKS);
            end = self.room.lock().take_idle(look, (limit, now), &mut left.entries, |entry| self.lets_go(entry));
            count += left.entries.len();
        }
        count
    }

    fn without_room(&self, key: K) -> Result<SharedEntry<K, C, P, L>, Rejected> {
        if self.when_full == WhenFull::AdmitUntracked {
            self.tell_full(&key, true);
            Ok(Entry::untracked(key, &self.common))
        } else {
            Err(self.refuse(&key))
        }
    }

    pub(super) fn refuse(&self, key: &K) -> Rejected {
        self.tell_full(key, false);
        Rejected::TABLE_FULL
    }

    fn tell_full(&self, key: &K, admitted: bool) {
        self.refused.fetch_add(1, Relaxed);
        self.common.tell(key, &Event::TableFull { admitted });
    }
}
