//! Circuits that are on their way out of a set, or back into it, while users' code may panic.

use std::hash::Hash;
use std::mem;

use fusebox::Listener;
use fusebox::policy::TripPolicy;

use super::hashed::Hashed;
use super::table::Table;
use crate::clock::Uptime;
use crate::entry::{Seat, SharedEntry};

/// Those that had to go. They are counted and told of when this is dropped: after the set's lock, which was taken later.
pub(super) struct Left<'a, K: Eq + Hash, C: Uptime + Clone, P: TripPolicy, L: Listener<K>> {
    table: &'a Table<K, C, P, L>,
    pub(super) entries: Vec<SharedEntry<K, C, P, L>>,
}

impl<'a, K: Eq + Hash, C: Uptime + Clone, P: TripPolicy, L: Listener<K>> Left<'a, K, C, P, L> {
    pub(super) const fn nobody(table: &'a Table<K, C, P, L>) -> Self {
        Self { table, entries: Vec::new() }
    }
}

impl<K: Eq + Hash, C: Uptime + Clone, P: TripPolicy, L: Listener<K>> Drop for Left<'_, K, C, P, L> {
    fn drop(&mut self) {
        let entries = mem::take(&mut self.entries);
        if !entries.is_empty() {
            self.table.tell_evicted(&entries);
        }
    }
}

/// One that is being asked to go, and no longer found. Unless it went it is found again, without a call of users' code.
pub(super) struct Asked<'a, K: Eq + Hash, C: Uptime + Clone, P: TripPolicy, L: Listener<K>> {
    pub(super) table: &'a Table<K, C, P, L>,
    pub(super) entry: &'a SharedEntry<K, C, P, L>,
    pub(super) key: Option<Hashed<K>>,
}

impl<K: Eq + Hash, C: Uptime + Clone, P: TripPolicy, L: Listener<K>> Drop for Asked<'_, K, C, P, L> {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            self.entry.set_seat(Seat::Taken);
            self.table.map.insert(key, SharedEntry::clone(self.entry));
        }
    }
}
