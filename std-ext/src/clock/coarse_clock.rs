//! A clock that is cheaper to read and a little behind.

use std::sync::LazyLock;
use std::time::Duration;

use coarsetime::Instant as CoarseInstant;
use fusebox::{Clock, Instant};

use super::Uptime;
use super::std_clock::ticks;

/// The operating system's coarse monotonic clock at `HZ` ticks a second.
///
/// On Linux it moves on with the kernel's timer, every 1 to 10 milliseconds, and is read for about a quarter of what
/// [`StdClock`](super::StdClock) costs. Elsewhere it is as exact as the system's cheapest clock. For breakers that reject
/// very much, or whose policy looks at the time of each call; waits and windows are then up to 10 ms off.
///
/// ```
/// use fusebox::Settings;
/// use fusebox_std::{CircuitBreakerSet, CoarseClock};
///
/// let upstreams = CircuitBreakerSet::<String>::builder()
///     .clock(CoarseClock::<1_000>::new(), Settings::<_>::DEFAULT)
///     .build()?;
/// assert_eq!(upstreams.call("inventory", || Ok::<_, ()>(7)), Ok(7));
/// # Ok::<(), fusebox_std::SetError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CoarseClock<const HZ: u32 = 1_000>;

static START: LazyLock<CoarseInstant> = LazyLock::new(CoarseInstant::now);

impl<const HZ: u32> CoarseClock<HZ> {
    /// The clock.
    pub const fn new() -> Self {
        const { assert!(HZ > 0, "a clock ticks") };
        Self
    }
}

impl<const HZ: u32> Clock for CoarseClock<HZ> {
    const HZ: u32 = HZ;

    #[inline]
    fn now(&self) -> Instant {
        Instant::from_ticks(ticks(self.uptime(), HZ))
    }
}

impl<const HZ: u32> Uptime for CoarseClock<HZ> {
    #[inline]
    fn uptime(&self) -> Duration {
        let start = *START;
        CoarseInstant::now().duration_since(start).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_as_the_exact_clock_does() {
        let clock = CoarseClock::<1_000>::new();
        let (before, exact) = (clock.uptime(), std::time::Instant::now());
        // Its steps are at most 10 ms long.
        std::thread::sleep(Duration::from_millis(25));
        let after = clock.uptime();
        assert!(after > before);
        assert!(after.saturating_sub(before) <= exact.elapsed() + Duration::from_millis(10));
    }
}
