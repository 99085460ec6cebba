//! Who is in a full table, and who may leave it.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use fusebox::Listener;
use fusebox::policy::TripPolicy;

use crate::clock::Uptime;
use crate::entry::{Seat, SharedEntry};

/// How many peers are looked at for one that may leave. A flood of new peers is not to cost more than that each.
const LOOKS: usize = 256;

/// All circuits of a set in a ring, and a hand that goes round: whoever was not asked for since it last came by, is
/// closed and remembers no failure, may leave.
pub(super) struct Room<K, C, P: TripPolicy, L> {
    ring: Vec<Chair<K, C, P, L>>,
    hand: usize,
}

struct Chair<K, C, P: TripPolicy, L> {
    entry: SharedEntry<K, C, P, L>,
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

    pub(super) fn add(&mut self, entry: SharedEntry<K, C, P, L>) {
        entry.place.store(self.ring.len(), Relaxed);
        entry.set_seat(Seat::Taken);
        self.ring.push(Chair { entry, idle_since: None });
    }

    /// Takes out a circuit that is here.
    pub(super) fn remove(&mut self, entry: &SharedEntry<K, C, P, L>) {
        self.take_out(entry.place.load(Relaxed));
    }

    /// Takes out a peer that may leave, if one is near and `lets_go` agrees.
    pub(super) fn make(
        &mut self,
        lets_go: impl Fn(&SharedEntry<K, C, P, L>) -> bool,
    ) -> Option<SharedEntry<K, C, P, L>> {
        // Twice round: the first time takes the mark of who was asked for.
        for _ in 0..LOOKS.min(self.ring.len() * 2) {
            self.hand = if self.hand + 1 < self.ring.len() { self.hand + 1 } else { 0 };
            let leaves = self.ring.get(self.hand).is_some_and(|chair| {
                let asked_for = chair.entry.touched.swap(false, Relaxed);
                !asked_for && lets_go(&chair.entry)
            });
            if leaves {
                return self.take_out(self.hand);
            }
        }
        None
    }

    /// Of the `most` circuits before number `end`, takes out those that were not asked for during `limit`, if `lets_go`
    /// agrees. Returns where to go on; 0 is the end.
    pub(super) fn take_idle(
        &mut self,
        (end, most): (usize, usize),
        (limit, now): (Duration, Duration),
        taken: &mut Vec<SharedEntry<K, C, P, L>>,
        lets_go: impl Fn(&SharedEntry<K, C, P, L>) -> bool,
    ) -> usize {
        let end = end.min(self.ring.len());
        let start = end.saturating_sub(most);
        // From the end on: what comes in the place of one that goes was looked at.
        for index in (start..end).rev() {
            let leaves = self.ring.get_mut(index).is_some_and(|chair| {
                if chair.entry.touched.swap(false, Relaxed) | chair.entry.called.swap(false, Relaxed) {
                    chair.idle_since = None;
                }
                let since = *chair.idle_since.get_or_insert(now);
                now.saturating_sub(since) >= limit && lets_go(&chair.entry)
            });
            if leaves {
                taken.extend(self.take_out(index));
            }
        }
        start
    }

    fn take_out(&mut self, index: usize) -> Option<SharedEntry<K, C, P, L>> {
        if index >= self.ring.len() {
            return None;
        }
        let chair = self.ring.swap_remove(index);
        if let Some(moved) = self.ring.get(index) {
            moved.entry.place.store(index, Relaxed);
        }
        Some(chair.entry)
    }
}
