//! The concurrent map in which a set finds its circuits.
//!
//! papaya's was chosen by measuring. Of papaya, scc and dashmap, papaya and `scc::HashIndex` alone write nothing shared
//! to look a key up: two threads on one hot key are as fast as one. The benchmarks compare them still.

use std::borrow::Borrow;
use std::hash::Hash;
#[cfg(not(fusebox_loom))]
use std::hash::{BuildHasher, RandomState};

/// A map that is read by all threads at once, and written under the lock of the set.
#[cfg(not(fusebox_loom))]
pub(super) struct Map<K, V> {
    map: papaya::HashMap<K, V>,
    hasher: RandomState,
}

#[cfg(not(fusebox_loom))]
impl<K: Eq + Hash, V: Clone> Map<K, V> {
    pub(super) fn new() -> Self {
        let hasher = RandomState::new();
        Self { map: papaya::HashMap::with_hasher(hasher.clone()), hasher }
    }

    /// A part of the hash of a key.
    pub(super) fn hash_of(&self, key: &K) -> u8 {
        self.hasher.hash_one(key) as u8
    }

    pub(super) fn len(&self) -> usize {
        self.map.len()
    }

    /// Looks at a key's value. Whatever is replaced meanwhile is not freed before `look` is done, so it is to be short.
    #[inline]
    pub(super) fn look<Q, T>(&self, key: &Q, look: impl FnOnce(&V) -> T) -> Option<T>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.map.pin().get(key).map(look)
    }

    pub(super) fn insert(&self, key: K, value: V) {
        self.map.pin().insert(key, value);
    }

    pub(super) fn remove<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.map.pin().remove(key).cloned()
    }

    pub(super) fn values(&self) -> Vec<V> {
        self.map.pin().values().cloned().collect()
    }
}

/// The same for loom, which must know of all that threads wait for.
#[cfg(fusebox_loom)]
pub(super) struct Map<K, V>(crate::sync::Mutex<std::collections::HashMap<K, V>>);

#[cfg(fusebox_loom)]
impl<K: Eq + Hash, V: Clone> Map<K, V> {
    pub(super) fn new() -> Self {
        Self(crate::sync::Mutex::new(std::collections::HashMap::new()))
    }

    pub(super) fn hash_of(&self, _: &K) -> u8 {
        0
    }

    pub(super) fn len(&self) -> usize {
        self.0.lock().len()
    }

    pub(super) fn look<Q, T>(&self, key: &Q, look: impl FnOnce(&V) -> T) -> Option<T>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        // Not under the lock, since whoever looks in a lock-free map holds none.
        let value = self.0.lock().get(key).cloned();
        value.as_ref().map(look)
    }

    pub(super) fn insert(&self, key: K, value: V) {
        self.0.lock().insert(key, value);
    }

    pub(super) fn remove<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.0.lock().remove(key)
    }

    pub(super) fn values(&self) -> Vec<V> {
        self.0.lock().values().cloned().collect()
    }
}
