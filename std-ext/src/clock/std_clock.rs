//! The operating system's monotonic clock.

use std::sync::LazyLock;
use std::time::{Duration, Instant as StdInstant};

use fusebox::{Clock, Instant};

use super::Uptime;

/// The operating system's monotonic clock at `HZ` ticks a second.
///
/// All clocks of a program count from the same moment. Reading one costs what [`std::time::Instant::now`] costs.
///
/// ```
/// use fusebox::CircuitBreaker;
/// use fusebox_std::StdClock;
///
/// static INVENTORY: CircuitBreaker<StdClock> = CircuitBreaker::new(StdClock::new());
/// assert_eq!(INVENTORY.call(|| Ok::<_, ()>(7)), Ok(7));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StdClock<const HZ: u32 = 1_000>;

static START: LazyLock<StdInstant> = LazyLock::new(StdInstant::now);

impl<const HZ: u32> StdClock<HZ> {
    /// The clock.
    pub const fn new() -> Self {
        const { assert!(HZ > 0, "a clock ticks") };
        Self
    }
}

impl<const HZ: u32> Clock for StdClock<HZ> {
    const HZ: u32 = HZ;

    #[inline]
    fn now(&self) -> Instant {
        Instant::from_ticks(ticks(START.elapsed(), HZ))
    }
}

impl<const HZ: u32> Uptime for StdClock<HZ> {
    fn uptime(&self) -> Duration {
        START.elapsed()
    }
}

/// A length of time in ticks, modulo 2<sup>32</sup>.
#[inline]
pub(super) const fn ticks(elapsed: Duration, hz: u32) -> u32 {
    let seconds = (elapsed.as_secs() as u32).wrapping_mul(hz);
    seconds.wrapping_add((elapsed.subsec_nanos() as u64 * hz as u64 / 1_000_000_000) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_wrap_and_do_not_drift() {
        assert_eq!(ticks(Duration::from_millis(1_999), 1_000), 1_999);
        assert_eq!(ticks(Duration::from_micros(1_999_999), 1_000), 1_999);
        assert_eq!(ticks(Duration::from_millis((1 << 32) + 5), 1_000), 5);
        assert_eq!(ticks(Duration::new(4_294, 967_296_000), 1_000_000), 0);
        assert_eq!(ticks(Duration::from_secs(3), u32::MAX), u32::MAX.wrapping_mul(3));
    }

    #[test]
    fn it_goes_on() {
        let clock = StdClock::<1_000_000_000>::new();
        let before = clock.now();
        std::thread::sleep(Duration::from_millis(1));
        assert!(clock.now().elapsed_since(before) >= 1_000_000);
        assert!(clock.uptime() > Duration::ZERO);
    }
}
