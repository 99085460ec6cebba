//! Who is in a full table, and who may leave it.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use fusebox::Listener;
use fusebox::policy::TripPolicy;

use crate::clock::Uptime;
use crate::entry::Entry;

/// How many peers are looked at for one that may leave. A flood of new peers is not to cost more than that each.
const LOOKS: usize = 256;

/// All circuits of a set in a ring, and a hand that goes round: whoever was not asked for since it last came by, is
/// closed and remembers no failure, may leave.
pub(super) struct Room<K, C, P: TripPolicy, L> {
    ring: Vec<Seat<K, C, P, L>>,
    hand: usize,
}

struct Seat<K, C, P: TripPolicy, L> {
    entry: Arc<Entry<K, C, P, L>>,
    /// When it was first seen not to have been asked for.
    idle_since: Option<Duration>,
}

impl<K, C: Uptime + Clone, P: TripPolicy, L: Listener<K>> Room<K, C, P, L> {
    pub(super) const fn new() -> Self {
        Self { ring: Vec::new(), hand: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.ring.len()
    }

    pub(super) fn add(&mut self, entry: Arc<Entry<K, C, P, L>>) {
        self.ring.push(Seat { entry, idle_since: None });
    }

    /// Takes out a peer that may leave, if one is near and `lets_go` agrees.
    pub(super) fn make(&mut self, lets_go: impl Fn(&Arc<Entry<K, C, P, L>>) -> bool) -> Option<Arc<Entry<K, C, P, L>>> {
        // Twice round: the first time takes the mark of who was asked for.
        for _ in 0..LOOKS.min(self.ring.len() * 2) {
            self.hand = if self.hand + 1 < self.ring.len() { self.hand + 1 } else { 0 };
            let leaves = self.ring.get(self.hand).is_some_and(|seat| {
                let asked_for = seat.entry.touched.swap(false, Relaxed);
                !asked_for && lets_go(&seat.entry)
            });
            if leaves {
                return Some(self.ring.swap_remove(self.hand).entry);
            }
        }
        None
    }

    /// Takes out all peers that were not asked for during `limit`, if `lets_go` agrees.
    pub(super) fn take_idle(
        &mut self,
        limit: Duration,
        now: Duration,
        lets_go: impl Fn(&Arc<Entry<K, C, P, L>>) -> bool,
    ) -> Vec<Arc<Entry<K, C, P, L>>> {
        let mut taken = Vec::new();
        self.ring.retain_mut(|seat| {
            if seat.entry.touched.swap(false, Relaxed) {
                seat.idle_since = None;
            }
            let since = *seat.idle_since.get_or_insert(now);
            let leaves = now.saturating_sub(since) >= limit && lets_go(&seat.entry);
            if leaves {
                taken.push(Arc::clone(&seat.entry));
            }
            !leaves
        });
        taken
    }

    /// Takes out this very circuit.
    pub(super) fn remove(&mut self, entry: &Arc<Entry<K, C, P, L>>) {
        if let Some(index) = self.ring.iter().position(|seat| Arc::ptr_eq(&seat.entry, entry)) {
            self.ring.swap_remove(index);
        }
    }
}
