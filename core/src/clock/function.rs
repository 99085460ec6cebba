//! Any function that reads a counter.

use core::fmt;

use crate::time::{Clock, Instant};

/// A function that reads a free-running 32-bit counter of `HZ` ticks a second.
///
/// ```
/// use fusebox::{CircuitBreaker, clock::FnClock};
///
/// fn read_timer() -> u32 {
///     // The register of a hardware timer at 1 MHz.
///     # 0
/// }
/// static RADIO: CircuitBreaker<FnClock<1_000_000>> = CircuitBreaker::new(FnClock::new(read_timer));
/// # let _ = RADIO.state();
/// ```
#[derive(Clone, Copy)]
pub struct FnClock<const HZ: u32, F = fn() -> u32>(F);

impl<const HZ: u32, F: Fn() -> u32> FnClock<HZ, F> {
    /// A clock that calls `read`.
    pub const fn new(read: F) -> Self {
        Self(read)
    }
}

impl<const HZ: u32, F: Fn() -> u32> Clock for FnClock<HZ, F> {
    const HZ: u32 = HZ;

    #[inline]
    fn now(&self) -> Instant {
        Instant::from_ticks((self.0)())
    }
}

impl<const HZ: u32, F> fmt::Debug for FnClock<HZ, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FnClock({HZ} Hz)")
    }
}

#[cfg(feature = "defmt")]
impl<const HZ: u32, F> defmt::Format for FnClock<HZ, F> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "FnClock({=u32} Hz)", HZ);
    }
}
