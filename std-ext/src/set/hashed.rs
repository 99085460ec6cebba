//! Keys that were hashed before they meet the map.
//!
//! A map that grows hashes what it moves, and stays half moved for ever if that panics. A hash that users wrote may: so it is
//! asked for once, before the map is touched, and kept.

use std::hash::{Hash, Hasher};

/// A key with its hash.
pub(super) struct Hashed<K> {
    hash: u64,
    key: K,
}

impl<K> Hashed<K> {
    pub(super) const fn new(hash: u64, key: K) -> Self {
        Self { hash, key }
    }

    /// A part of the hash.
    pub(super) const fn generation(&self) -> u8 {
        self.hash as u8
    }
}

#[cfg(fusebox_loom)]
impl<K> Hashed<K> {
    pub(super) const fn key(&self) -> &K {
        &self.key
    }

    pub(super) fn into_key(self) -> K {
        self.key
    }
}

impl<K> Hash for Hashed<K> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl<K: Eq> PartialEq for Hashed<K> {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.key == other.key
    }
}

impl<K: Eq> Eq for Hashed<K> {}

#[cfg(not(fusebox_loom))]
pub(super) use seeking::{AsItIs, Sought};

#[cfg(not(fusebox_loom))]
mod seeking {
    use std::borrow::Borrow;
    use std::hash::{BuildHasher, Hash, Hasher};

    use papaya::Equivalent;

    use super::Hashed;

    /// What a key may be looked up by, with its hash.
    pub(in super::super) struct Sought<'a, Q: ?Sized> {
        pub(in super::super) hash: u64,
        pub(in super::super) key: &'a Q,
    }

    impl<Q: ?Sized> Hash for Sought<'_, Q> {
        #[inline]
        fn hash<H: Hasher>(&self, state: &mut H) {
            state.write_u64(self.hash);
        }
    }

    impl<Q: Eq + ?Sized, K: Borrow<Q>> Equivalent<Hashed<K>> for Sought<'_, Q> {
        #[inline]
        fn equivalent(&self, other: &Hashed<K>) -> bool {
            self.hash == other.hash && self.key == other.key.borrow()
        }
    }

    /// Hashes hashes, to what they are.
    #[derive(Clone, Copy)]
    pub(in super::super) struct AsItIs;

    pub(in super::super) struct Taken(u64);

    impl BuildHasher for AsItIs {
        type Hasher = Taken;

        #[inline]
        fn build_hasher(&self) -> Taken {
            Taken(0)
        }
    }

    impl Hasher for Taken {
        #[inline]
        fn write_u64(&mut self, hash: u64) {
            self.0 = hash;
        }

        fn write(&mut self, bytes: &[u8]) {
            for byte in bytes {
                self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
            }
        }

        #[inline]
        fn finish(&self) -> u64 {
            self.0
        }
    }
}
