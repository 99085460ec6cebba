//! The concurrent map in which a set finds its circuits.
//!
//! papaya's was chosen by measuring. Of papaya, scc and dashmap, papaya and `scc::HashIndex` alone write nothing shared
//! to look a key up: two threads on one hot key are as fast as one. The benchmarks compare them still.

use std::borrow::Borrow;
use std::hash::Hash;
#[cfg(not(fusebox_loom))]
use std::hash::{BuildHasher, RandomState};

use super::hashed::Hashed;
#[cfg(not(fusebox_loom))]
use super::hashed::{AsItIs, Sought};

/// A map that is read by all threads at once, and written under the lock of the set.
#[cfg(not(fusebox_loom))]
pub(super) struct Map<K, V> {
    map: papaya::HashMap<Hashed<K>, V, AsItIs>,
    hasher: RandomState,
}

#[cfg(not(fusebox_loom))]
impl<K: Eq + Hash, V: Clone> Map<K, V> {
    pub(super) fn new() -> Self {
        Self { map: papaya::HashMap::with_hasher(AsItIs), hasher: RandomState::new() }
    }

    /// A key as it is inserted and removed.
    pub(super) fn hashed(&self, key: K) -> Hashed<K> {
        Hashed::new(self.hasher.hash_one(&key), key)
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
        let hash = self.hasher.hash_one(key);
        self.map.pin().get(&Sought { hash, key }).map(look)
    }

    pub(super) fn insert(&self, key: Hashed<K>, value: V) {
        self.map.pin().insert(key, value);
    }

    pub(super) fn remove<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let hash = self.hasher.hash_one(key);
        self.map.pin().remove(&Sought { hash, key }).cloned()
    }

    pub(super) fn remove_hashed(&self, key: &Hashed<K>) {
        self.map.pin().remove(key);
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

    pub(super) fn hashed(&self, key: K) -> Hashed<K> {
        Hashed::new(0, key)
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

    pub(super) fn insert(&self, key: Hashed<K>, value: V) {
        self.0.lock().insert(key.into_key(), value);
    }

    pub(super) fn remove_hashed(&self, key: &Hashed<K>) {
        self.0.lock().remove(key.key());
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
