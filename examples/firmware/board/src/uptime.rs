//! Milliseconds since the start, counted by a timer interrupt.

use fusebox::Clock as _;
use fusebox::clock::TickCounter;

/// Milliseconds since [`start_uptime`].
pub static UPTIME: TickCounter<1_000> = TickCounter::new();

/// Starts the clock, or lets it go on.
pub fn start_uptime() {
    crate::chip::start_timer();
}

/// Stops the clock, as a fault of its oscillator would.
pub fn stop_uptime() {
    crate::chip::stop_timer();
}

/// Sleeps until the clock shows this, in milliseconds since the start.
pub fn sleep_until(milliseconds: u32) {
    while UPTIME.now().ticks().wrapping_sub(milliseconds).cast_signed() < 0 {
        crate::wait_for_interrupt();
    }
}
