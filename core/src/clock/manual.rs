//! A clock that stands until it is moved.

use core::time::Duration;

use crate::cell::Cell;
use crate::time::{Clock, Instant, ticks_in_at_most};

/// A clock that stands until it is moved, for tests and simulations. `HZ` is 1,000 unless said
/// otherwise.
///
/// ```
/// use core::time::Duration;
/// use fusebox::{Clock, Instant, clock::ManualClock};
///
/// let clock = ManualClock::<1_000>::new();
/// clock.advance(Duration::from_secs(2));
/// assert_eq!(clock.now(), Instant::from_ticks(2_000));
/// ```
#[derive(Debug)]
pub struct ManualClock<const HZ: u32 = 1_000>(Cell);

impl<const HZ: u32> ManualClock<HZ> {
    /// A clock at tick 0.
    pub const fn new() -> Self {
        Self(Cell::new(0))
    }

    /// Moves the clock to `now`, forward or back.
    pub fn set(&self, now: Instant) {
        self.0.store(now.ticks());
    }

    /// Moves the clock on, by whole ticks rounded up, at most 2<sup>31</sup> - 1 of them.
    pub fn advance(&self, by: Duration) {
        self.advance_ticks(ticks_in_at_most(by, HZ));
    }

    /// Moves the clock on by `ticks`.
    pub fn advance_ticks(&self, ticks: u32) {
        self.0.add(ticks);
    }
}

impl<const HZ: u32> Default for ManualClock<HZ> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const HZ: u32> Clock for ManualClock<HZ> {
    const HZ: u32 = HZ;

    #[inline]
    fn now(&self) -> Instant {
        Instant::from_ticks(self.0.load())
    }
}

#[cfg(feature = "defmt")]
impl<const HZ: u32> defmt::Format for ManualClock<HZ> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "ManualClock({=u32})", self.0.load());
    }
}
