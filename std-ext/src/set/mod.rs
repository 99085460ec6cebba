//! One circuit per peer, for as many peers as a server has.

mod builder;
mod room;
#[cfg(feature = "saved")]
mod saving;

pub use builder::CircuitBreakerSetBuilder;

use std::borrow::Borrow;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use fusebox::policy::{MaxFailures, TripPolicy};
use fusebox::{Error, Event, Listener, Outcome, Rejected, Settings, WhenFull};
use papaya::HashMap;
use parking_lot::Mutex;

use crate::clock::{StdClock, Uptime};
use crate::entry::{Common, Entry, Shared};
use crate::handle::Handle;
use crate::held::Held;
use crate::versions::Versions;
use builder::Limits;
use room::Room;

/// One circuit per peer, shared by all threads: finding a peer takes no lock, and no lock is held during a call.
///
/// A clone is the same set. A circuit is made when its peer is first asked for. In a full set a peer makes room that
/// was not asked for lately, is closed and remembers no failure; one that is open, half-open, set by hand or failing
/// never does, so made-up keys cannot push out what was learned about real peers.
///
/// ```
/// use fusebox::{Error, State};
/// use fusebox_std::CircuitBreakerSet;
///
/// let upstreams = CircuitBreakerSet::<String>::new();
/// for _ in 0..4 {
///     let _ = upstreams.call("inventory", || Err::<(), _>("no answer"));
/// }
/// assert!(matches!(upstreams.call("inventory", || Ok::<_, ()>(())), Err(Error::Rejected(_))));
/// assert_eq!(upstreams.call("prices", || Ok::<_, ()>(9)), Ok(9));
/// # assert_eq!(upstreams.get("inventory").map(|circuit| circuit.state()), Some(State::Open));
/// ```
pub struct CircuitBreakerSet<K, C = StdClock, P: TripPolicy = MaxFailures<3>, L = ()>(Arc<Inner<K, C, P, L>>);

struct Inner<K, C, P: TripPolicy, L> {
    map: HashMap<K, Shared<K, C, P, L>>,
    /// Held by who adds or takes out peers, never by who looks for one.
    room: Mutex<Room<K, C, P, L>>,
    common: Arc<Common<C, P, L>>,
    capacity: usize,
    idle: Option<Duration>,
    when_full: WhenFull,
    evicted: AtomicU64,
    refused: AtomicU64,
}

impl<K, C, P: TripPolicy, L> Clone for CircuitBreakerSet<K, C, P, L> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Clone + Eq + Hash> CircuitBreakerSet<K> {
    /// A set with the defaults of its [builder](Self::builder).
    pub fn new() -> Self {
        Self::of(Self::builder())
    }

    /// Starts from the defaults: [`Settings::DEFAULT`], room for 10,000 peers, the system's clock.
    pub const fn builder() -> CircuitBreakerSetBuilder<K> {
        CircuitBreakerSetBuilder::new()
    }
}

impl<K: Clone + Eq + Hash> Default for CircuitBreakerSet<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K, C, P, L> CircuitBreakerSet<K, C, P, L>
where
    K: Clone + Eq + Hash,
    C: Uptime + Clone,
    P: TripPolicy,
    L: Listener<K>,
{
    fn of(parts: CircuitBreakerSetBuilder<K, C, P, L>) -> Self {
        let CircuitBreakerSetBuilder { clock, settings, listener, limits, .. } = parts;
        let Limits { capacity, idle, when_full, counts, abandoned, records } = limits;
        let versions = Versions::new(settings);
        Self(Arc::new(Inner {
            map: HashMap::new(),
            room: Mutex::new(Room::new()),
            common: Arc::new(Common { versions, clock, listener, abandoned, counts, records }),
            capacity,
            idle,
            when_full,
            evicted: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }))
    }

    /// The circuit of a peer, made on first use.
    ///
    /// # Errors
    /// [`Rejected`] with [`RejectReason::TableFull`](fusebox::RejectReason::TableFull) if there is no room and the set refuses such peers.
    pub fn handle<Q>(&self, key: &Q) -> Result<Handle<K, C, P, L>, Rejected>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        match self.found(key) {
            Some(entry) => Ok(Handle(entry)),
            None => self.make(key.to_owned()).map(Handle),
        }
    }

    /// The circuit of a peer that has one. This is not a use, for making room.
    pub fn get<Q>(&self, key: &Q) -> Option<Handle<K, C, P, L>>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.0.map.pin().get(key).map(|entry| Handle(Arc::clone(entry)))
    }

    /// Makes a call to a peer if its circuit lets it through. Every error counts as a failure, and so does a panic,
    /// which goes on unwinding.
    ///
    /// # Errors
    /// [`Error::Rejected`] if the call was not made, [`Error::Inner`] with its own error.
    pub fn call<Q, T, E>(&self, key: &Q, call: impl FnOnce() -> Result<T, E>) -> Result<T, Error<E>>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        let judge = |result: &Result<T, E>| if result.is_ok() { Outcome::Success } else { Outcome::Failure };
        let entry = match self.found(key) {
            Some(entry) => entry,
            None => self.make(key.to_owned())?,
        };
        let held = Held::run(entry)?;
        let result = call();
        let outcome = judge(&result);
        held.settle(outcome);
        result.map_err(Error::Inner)
    }

    /// All circuits, in no particular order, as they were at about the same time. Callers are not stopped.
    pub fn handles(&self) -> Vec<Handle<K, C, P, L>> {
        self.0.map.pin().values().map(|entry| Handle(Arc::clone(entry))).collect()
    }

    /// Forgets a peer. Says whether there was one. Who has a handle may go on with it.
    pub fn remove<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let mut room = self.0.room.lock();
        let map = self.0.map.pin();
        let Some(entry) = map.remove(key) else { return false };
        room.remove(entry);
        true
    }

    /// Lets clean peers go that nobody asked for during the [idle](CircuitBreakerSetBuilder::idle) time. To be
    /// called now and then, by a timer for instance; a peer is seen to be idle at the earliest at the second call.
    /// Returns how many went.
    pub fn evict_idle(&self) -> usize {
        let Some(limit) = self.0.idle else { return 0 };
        let now = self.0.common.clock.uptime();
        let gone = self.0.room.lock().take_idle(limit, now, |entry| self.lets_go(entry));
        for entry in &gone {
            self.tell_evicted(entry);
        }
        gone.len()
    }

    /// Gives all circuits new settings, but those that have [their own](Self::set_own_settings). A circuit that is open
    /// or half-open keeps its state, its failed probes and its deadline, and goes by the new settings once it closes.
    pub fn reload(&self, settings: Settings<C, P>) {
        let versions = &self.0.common.versions;
        versions.set_current(versions.add(settings));
        for entry in self.0.map.pin().values() {
            entry.reload();
        }
    }

    /// Gives one peer settings of its own, at once and whatever its state, or with `None` those of the set again.
    ///
    /// # Errors
    /// [`Rejected`], as [`handle`](Self::handle) says.
    pub fn set_own_settings<Q>(&self, key: &Q, settings: Option<Settings<C, P>>) -> Result<(), Rejected>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        let handle = self.handle(key)?;
        handle.0.beside.set_version(settings.map(|settings| self.0.common.versions.add(settings)));
        Ok(())
    }

    /// The number of peers that have a circuit.
    pub fn len(&self) -> usize {
        self.0.map.len()
    }

    /// Whether no peer has a circuit.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The most peers that there is room for.
    pub fn capacity(&self) -> usize {
        self.0.capacity
    }

    /// How many peers made room for others, or were idle for too long.
    pub fn evicted(&self) -> u64 {
        self.0.evicted.load(Relaxed)
    }

    /// How often there was no room for a peer.
    pub fn refused(&self) -> u64 {
        self.0.refused.load(Relaxed)
    }

    #[inline]
    fn found<Q>(&self, key: &Q) -> Option<Shared<K, C, P, L>>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let map = self.0.map.pin();
        let entry = map.get(key)?;
        entry.touch();
        Some(Arc::clone(entry))
    }

    /// Makes a circuit for a peer that had none when somebody looked.
    #[cold]
    fn make(&self, key: K) -> Result<Shared<K, C, P, L>, Rejected> {
        self.seat(key).or_else(|key| self.without_room(key))
    }

    /// Makes a circuit and a place for it, unless somebody else did meanwhile. Without room for it, the key comes back
    /// as the error.
    fn seat(&self, key: K) -> Result<Shared<K, C, P, L>, K> {
        let mut room = self.0.room.lock();
        if let Some(entry) = self.found(&key) {
            return Ok(entry);
        }
        let left = if room.len() < self.0.capacity { None } else { room.make(|entry| self.lets_go(entry)) };
        if left.is_none() && room.len() >= self.0.capacity {
            return Err(key);
        }
        let entry = Arc::new(Entry::new(key.clone(), &self.0.common));
        room.add(Arc::clone(&entry));
        self.0.map.pin().insert(key, Arc::clone(&entry));
        drop(room);
        if let Some(left) = left {
            self.tell_evicted(&left);
        }
        Ok(entry)
    }

    /// Takes a circuit out of the map if nothing is lost by it.
    fn lets_go(&self, entry: &Shared<K, C, P, L>) -> bool {
        let clean = |_: &K, found: &Arc<_>| Arc::ptr_eq(found, entry) && entry.breaker.peer().is_clean();
        matches!(self.0.map.pin().remove_if(&entry.beside.key, clean), Ok(Some(_)))
    }

    fn tell_evicted(&self, entry: &Entry<K, C, P, L>) {
        self.0.evicted.fetch_add(1, Relaxed);
        entry.tell(&Event::Evicted);
    }

    fn without_room(&self, key: K) -> Result<Shared<K, C, P, L>, Rejected> {
        let admitted = self.0.when_full == WhenFull::AdmitUntracked;
        self.0.refused.fetch_add(1, Relaxed);
        self.0.common.listener.on_event(&key, &Event::TableFull { admitted });
        if admitted { Ok(Arc::new(Entry::untracked(key, &self.0.common))) } else { Err(Rejected::TABLE_FULL) }
    }
}

impl<K, C, P: TripPolicy, L> std::fmt::Debug for CircuitBreakerSet<K, C, P, L> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Inner { capacity, evicted, refused, .. } = &*self.0;
        f.debug_struct("CircuitBreakerSet")
            .field("capacity", capacity)
            .field("evicted", evicted)
            .field("refused", refused)
            .finish_non_exhaustive()
    }
}
