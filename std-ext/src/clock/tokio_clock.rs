//! The time of a Tokio runtime.

use std::time::Duration;

use fusebox::{Clock, Instant};
use tokio::time::Instant as TokioInstant;

use super::Uptime;
use super::std_clock::ticks;

/// The time of a Tokio runtime at `HZ` ticks a second, counted from when the clock was made.
///
/// `tokio::time::pause` and `advance` move it, so a test does not wait:
///
/// ```
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
/// # runtime.block_on(async {
/// use std::time::Duration;
/// use fusebox::{CircuitBreaker, State};
/// use fusebox_std::TokioClock;
///
/// // With `#[tokio::test(start_paused = true)]`:
/// let breaker = CircuitBreaker::new(TokioClock::<1_000>::new());
/// breaker.open();
/// tokio::time::advance(Duration::from_secs(10)).await;
/// assert_eq!(breaker.call(|| Ok::<_, ()>("pong")), Ok("pong"));
/// assert_eq!(breaker.state(), State::Closed);
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TokioClock<const HZ: u32 = 1_000> {
    start: TokioInstant,
}

impl<const HZ: u32> TokioClock<HZ> {
    /// A clock that starts now.
    pub fn new() -> Self {
        const { assert!(HZ > 0, "a clock ticks") };
        Self { start: TokioInstant::now() }
    }
}

impl<const HZ: u32> Default for TokioClock<HZ> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const HZ: u32> Clock for TokioClock<HZ> {
    const HZ: u32 = HZ;

    #[inline]
    fn now(&self) -> Instant {
        Instant::from_ticks(ticks(self.start.elapsed(), HZ))
    }
}

impl<const HZ: u32> Uptime for TokioClock<HZ> {
    fn uptime(&self) -> Duration {
        self.start.elapsed()
    }
}
