//! How long to poll for something that may never come.

use fusebox::Clock as _;

use crate::UPTIME;

/// Counts how long something has been waited for. A wait ends even if the clock stands still.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    start: u32,
    milliseconds: u32,
    last: u32,
    polls: u32,
}

/// So often nobody looks within one tick, at whatever speed the emulator runs.
const STOPPED_CLOCK: u32 = 200_000;

impl Patience {
    /// Waits for so many milliseconds from now.
    pub fn new(milliseconds: u32) -> Self {
        let start = UPTIME.now().ticks();
        Self { start, milliseconds, last: start, polls: 0 }
    }

    /// Whether the wait is over. To be asked in a loop that polls.
    pub fn is_over(&mut self) -> bool {
        let now = UPTIME.now().ticks();
        self.polls = if now == self.last { self.polls.saturating_add(1) } else { 0 };
        self.last = now;
        now.wrapping_sub(self.start) >= self.milliseconds || self.polls >= STOPPED_CLOCK
    }
}
