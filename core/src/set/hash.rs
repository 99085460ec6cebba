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
    use super::of;

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
