//! The time of a trace that is played.

use std::time::{Duration, Instant};

use fusebox::Clock;
use fusebox_std::Uptime;

/// Milliseconds of the trace since it began. They pass `speed` times as fast as those of a wall clock.
///
/// Circuits go by it, so their settings are in the trace's own time whatever the speed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TraceClock {
    start: Instant,
    speed: u32,
}

impl TraceClock {
    /// A clock that starts now.
    pub(crate) fn new(speed: u32) -> Self {
        Self { start: Instant::now(), speed: speed.max(1) }
    }

    pub(crate) const fn speed(&self) -> u32 {
        self.speed
    }

    /// So much of the trace's time, on a wall clock.
    pub(crate) fn on_the_wall(&self, time: Duration) -> Duration {
        time / self.speed
    }

    /// So much of a wall clock's time, in the trace.
    pub(crate) const fn in_the_trace(&self, time: Duration) -> Duration {
        time.saturating_mul(self.speed)
    }
}

impl Clock for TraceClock {
    const HZ: u32 = 1_000;

    fn now(&self) -> fusebox::Instant {
        // The counter of a clock wraps, and circuits are made for that.
        fusebox::Instant::from_ticks(self.uptime().as_millis() as u32)
    }
}

impl Uptime for TraceClock {
    fn uptime(&self) -> Duration {
        self.in_the_trace(self.start.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trace_passes_as_fast_as_it_is_told_to() {
        let start = Instant::now().checked_sub(Duration::from_secs(1)).unwrap();
        let clock = TraceClock { start, ..TraceClock::new(100) };
        assert!(clock.uptime() >= Duration::from_secs(100));
        assert!(clock.now().ticks() >= 100_000);
        assert_eq!(clock.on_the_wall(Duration::from_secs(100)), Duration::from_secs(1));
    }
}
