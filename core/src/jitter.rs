//! Jitter without a random number generator: a hash of what is known of an opening.

use crate::time::Instant;

/// How much of an open circuit's wait is left to chance, so that many clients of one peer do not all
/// come back in the same moment.
///
/// It is drawn once per opening: asking often does not shorten it, and the same seed gives the same
/// waits. Give each device its own seed, such as its serial number. The peers of one set draw
/// differently, in one of 256 ways: the key says which it begins with, or who had its place before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Jitter {
    /// The wait as set.
    #[default]
    None,
    /// Between half the wait and all of it.
    Equal,
    /// Between nothing and all of it: python-circuit's `with_jitter`.
    Full,
}

impl Jitter {
    /// The wait that is drawn for the opening at `since`.
    pub(crate) const fn applied_to(self, wait: u32, seed: u32, since: Instant, generation: u8) -> u32 {
        let by_chance = match self {
            Self::None => return wait,
            Self::Equal => wait >> 1,
            Self::Full => wait,
        };
        wait - by_chance + scaled(by_chance, draw(seed, since, generation))
    }
}

/// 16 well-mixed bits (the finalizer of `MurmurHash3`, all in 32-bit arithmetic).
const fn draw(seed: u32, since: Instant, generation: u8) -> u32 {
    let mut bits = seed ^ since.ticks() ^ (generation as u32).wrapping_mul(0x9e37_79b9);
    bits = (bits ^ bits >> 16).wrapping_mul(0x85eb_ca6b);
    bits = (bits ^ bits >> 13).wrapping_mul(0xc2b2_ae35);
    bits >> 16 ^ bits & 0xffff
}

/// `wait * fraction / 2^16`, in 32-bit arithmetic.
const fn scaled(wait: u32, fraction: u32) -> u32 {
    (wait >> 16) * fraction + (((wait & 0xffff) * fraction) >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scaling_is_exact() {
        for wait in [0, 1, 0xffff, 0x1_0000, 10_000, 123_456_789, i32::MAX as u32] {
            for fraction in [0, 1, 0x7fff, 0x8000, 0xffff] {
                let exact = (u64::from(wait) * u64::from(fraction)) >> 16;
                assert_eq!(u64::from(scaled(wait, fraction)), exact, "{wait} * {fraction}");
            }
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "20,000 draws")]
    fn draws_fill_their_range_evenly() {
        let mut full = [0u32; 10];
        let mut equal = [0u32; 10];
        for opening in 0..10_000u32 {
            let since = Instant::from_ticks(opening.wrapping_mul(977));
            let wait = Jitter::Full.applied_to(1_000, 42, since, opening as u8);
            full[(wait / 100) as usize] += 1;
            let wait = Jitter::Equal.applied_to(1_000, 42, since, opening as u8);
            assert!((500..=1_000).contains(&wait));
            equal[((wait - 500) / 50).min(9) as usize] += 1;
        }
        for bin in full.into_iter().chain(equal) {
            assert!((850..1_150).contains(&bin), "{full:?} {equal:?}");
        }
    }
}
