//! A small hash of keys, to compare two bytes instead of a whole key.

use core::hash::{Hash, Hasher};

use super::slot::VACANT;

/// 16 bits of a key's hash, never [`VACANT`].
///
/// Who makes up keys with equal hashes gains nothing: all hashes are compared anyway.
pub(super) fn of<Q: Hash + ?Sized>(key: &Q) -> u16 {
    let mut mix = Mix(0);
    key.hash(&mut mix);
    let hash = (mix.0 ^ mix.0 >> 16) as u16;
    if hash == VACANT { 1 } else { hash }
}

/// Rotates, adds and multiplies 32 bits at a time.
struct Mix(u32);

impl Mix {
    #[inline]
    fn add(&mut self, value: u32) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x9e37_79b9);
    }
}

impl Hasher for Mix {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(4) {
            self.add(chunk.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte)));
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.add(value.into());
    }

    fn write_u16(&mut self, value: u16) {
        self.add(value.into());
    }

    fn write_u32(&mut self, value: u32) {
        self.add(value);
    }

    fn write_usize(&mut self, value: usize) {
        self.add(value as u32);
    }

    fn finish(&self) -> u64 {
        self.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The hash of so many 32-bit words, step by step.
    fn plain(words: &[u32]) -> u16 {
        let mut hash = 0u32;
        for word in words {
            hash = hash.rotate_left(5) ^ word;
            hash = (u64::from(hash) * 0x9e37_79b9 % (1 << 32)) as u32;
        }
        ((hash >> 16) as u16 ^ hash as u16).max(1)
    }

    #[test]
    fn each_part_of_a_key_goes_in_as_a_word() {
        for number in [0u32, 1, 7, 0xff, 0x1234, 0xffff, 0x89ab_cdef, u32::MAX] {
            assert_eq!(of(&number), plain(&[number]));
            assert_eq!(of(&(number as u16)), plain(&[number & 0xffff]));
            assert_eq!(of(&(number as u8)), plain(&[number & 0xff]));
            assert_eq!(of(&(number as usize)), plain(&[number]));
            assert_eq!(of(&(3u8, number)), plain(&[3, number]));
        }
        assert_eq!(of("fuse-box"), plain(&[0x6573_7566, 0x786f_622d, 0xff]));
        assert_eq!(of("hello"), plain(&[0x6c6c_6568, 0x6f, 0xff]));
    }

    #[test]
    #[cfg_attr(miri, ignore = "a search among 1,000,000 keys")]
    fn no_key_hashes_to_what_says_vacant() {
        let folds_to_zero = |key: &u32| {
            let mixed = key.wrapping_mul(0x9e37_79b9);
            mixed >> 16 == mixed & 0xffff
        };
        let keys: Vec<u32> = (0..1_000_000).filter(folds_to_zero).take(3).collect();
        assert_eq!(keys.iter().map(of).collect::<Vec<u16>>(), [1; 3], "{keys:?}");
        let mut mix = Mix(0);
        mix.write_u32(5);
        assert_eq!(mix.finish(), u64::from(mix.0));
        assert_ne!(mix.0, 0);
    }

    #[test]
    #[cfg_attr(miri, ignore = "3,000 hashes, and sorting them")]
    fn neighbouring_keys_rarely_share_a_hash() {
        let distinct = |hashes: &mut Vec<u16>| {
            hashes.sort_unstable();
            hashes.dedup();
            hashes.len()
        };
        let mut numbers: Vec<u16> = (0..1_000u32).map(|key| of(&key)).collect();
        let mut addresses: Vec<u16> = (0..1_000u16).map(|key| of(&[2, 0, 0, 0, (key >> 8) as u8, key as u8])).collect();
        let mut names: Vec<u16> = (0..1_000).map(|key| of(format!("peer-{key}").as_str())).collect();
        for hashes in [&mut numbers, &mut addresses, &mut names] {
            assert!(distinct(hashes) > 970, "{}", hashes.len());
        }
    }
}
