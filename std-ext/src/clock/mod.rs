//! Clocks of an operating system and of a Tokio runtime.

#[cfg(feature = "coarse")]
mod coarse_clock;
mod std_clock;
#[cfg(feature = "tokio")]
mod tokio_clock;

#[cfg(feature = "coarse")]
pub use coarse_clock::CoarseClock;
pub use std_clock::StdClock;
#[cfg(feature = "tokio")]
pub use tokio_clock::TokioClock;

use std::time::Duration;

use fusebox::Clock;
use fusebox::clock::ManualClock;

/// A clock that also tells long times. A circuit's ticks wrap after weeks, a server runs for months.
pub trait Uptime: Clock {
    /// The time since a moment that stays the same.
    fn uptime(&self) -> Duration;
}

impl<C: Uptime + ?Sized> Uptime for &C {
    fn uptime(&self) -> Duration {
        (**self).uptime()
    }
}

/// For tests: its ticks, so it wraps when they do.
impl<const HZ: u32> Uptime for ManualClock<HZ> {
    fn uptime(&self) -> Duration {
        let ticks = u64::from(self.now().ticks());
        let hz = u64::from(HZ.max(1));
        Duration::from_secs(ticks / hz) + Duration::from_nanos(ticks % hz * 1_000_000_000 / hz)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_uptime_of_a_manual_clock_is_exact_to_the_tick() {
        let (coarse, fine) = (ManualClock::<3>::new(), ManualClock::<{ u32::MAX }>::new());
        coarse.advance_ticks(7);
        fine.advance_ticks(u32::MAX - 1);
        assert_eq!(coarse.uptime(), Duration::from_nanos(2_333_333_333));
        assert_eq!(fine.uptime(), Duration::from_nanos(999_999_999));
    }
}
