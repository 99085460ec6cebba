//! Milliseconds since the start, counted by a timer interrupt.

use fusebox::clock::TickCounter;

/// Milliseconds since [`start_uptime`].
pub static UPTIME: TickCounter<1_000> = TickCounter::new();

/// Starts the clock.
pub fn start_uptime() {
    crate::chip::start_timer();
}
