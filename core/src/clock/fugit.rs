//! Functions that return a `fugit::Instant`.

use core::fmt;

use crate::time::{Clock, Instant};

/// A function that returns a `fugit::Instant` of `NOM / DENOM` seconds a tick, 32 or 64 bits wide, such
/// as a monotonic timer's `now`.
///
/// ```
/// use fusebox::{Clock, clock::FugitClock};
/// use fugit::MonotonicTimerInstantU64;
///
/// fn now() -> MonotonicTimerInstantU64<1_000_000> {
///     # /*
///     Mono::now()
///     # */
///     # MonotonicTimerInstantU64::from_ticks(5)
/// }
/// let clock = FugitClock::new(now);
/// assert_eq!(clock.now().ticks(), 5);
/// ```
///
/// For a monotonic of another version of `fugit`, read its ticks with a [`FnClock`](super::FnClock).
pub struct FugitClock<T, const NOM: u64, const DENOM: u64, K> {
    now: fn() -> fugit::Instant<T, NOM, DENOM, K>,
}

impl<T, const NOM: u64, const DENOM: u64, K> FugitClock<T, NOM, DENOM, K> {
    /// A clock that calls `now`.
    pub const fn new(now: fn() -> fugit::Instant<T, NOM, DENOM, K>) -> Self {
        Self { now }
    }

    #[allow(clippy::integer_division, reason = "evaluated while compiling")]
    const RATE: u32 = {
        assert!(NOM > 0 && DENOM.is_multiple_of(NOM), "a tick must be a whole fraction of a second");
        assert!(DENOM / NOM <= u32::MAX as u64, "the clock ticks faster than a 32-bit rate");
        (DENOM / NOM) as u32
    };
}

impl<const NOM: u64, const DENOM: u64, K: fugit::kind::Kind> Clock for FugitClock<u32, NOM, DENOM, K> {
    const HZ: u32 = Self::RATE;

    #[inline]
    fn now(&self) -> Instant {
        Instant::from_ticks((self.now)().as_ticks())
    }
}

impl<const NOM: u64, const DENOM: u64, K: fugit::kind::Kind> Clock for FugitClock<u64, NOM, DENOM, K> {
    const HZ: u32 = Self::RATE;

    #[inline]
    fn now(&self) -> Instant {
        Instant::from_ticks((self.now)().as_ticks() as u32)
    }
}

impl<T, const NOM: u64, const DENOM: u64, K> Clone for FugitClock<T, NOM, DENOM, K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, const NOM: u64, const DENOM: u64, K> Copy for FugitClock<T, NOM, DENOM, K> {}

impl<T, const NOM: u64, const DENOM: u64, K> fmt::Debug for FugitClock<T, NOM, DENOM, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FugitClock({} Hz)", Self::RATE)
    }
}

#[cfg(feature = "defmt")]
impl<T, const NOM: u64, const DENOM: u64, K> defmt::Format for FugitClock<T, NOM, DENOM, K> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "FugitClock({=u32} Hz)", Self::RATE);
    }
}
