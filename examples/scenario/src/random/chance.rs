//! What is drawn, the same from the same number on every machine.

use fastrand::Rng;

/// A source of numbers that look random.
pub(super) struct Chance(Rng);

impl Chance {
    pub(super) fn of(number: u32) -> Self {
        Self(Rng::with_seed(number.into()))
    }

    /// A number from `least` to `most`.
    pub(super) fn within(&mut self, least: u32, most: u32) -> u32 {
        self.0.u32(least..=most)
    }

    /// The same, for small ones.
    pub(super) fn small(&mut self, least: u8, most: u8) -> u8 {
        self.0.u8(least..=most)
    }

    pub(super) fn any(&mut self) -> u32 {
        self.0.u32(..)
    }

    /// Yes once in so many times.
    pub(super) fn once_in(&mut self, times: u32) -> bool {
        self.0.u32(0..times) == 0
    }
}
