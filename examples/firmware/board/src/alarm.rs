//! An interrupt at a chosen moment. It takes the timer of the uptime: an image uses one or the other.

use core::cell::Cell;

use critical_section::Mutex;

use crate::chip;

/// What an alarm calls.
pub type Handler = fn();

static HANDLER: Mutex<Cell<Option<Handler>>> = Mutex::new(Cell::new(None));

/// Calls `handler` once, from the timer's interrupt, so many nanoseconds from now.
pub fn arm(nanoseconds: u32, handler: Handler) {
    critical_section::with(|held| HANDLER.borrow(held).set(Some(handler)));
    let ticks = (u64::from(nanoseconds) * u64::from(chip::TIMER_HZ)).div_ceil(1_000_000_000);
    chip::interrupt_once(ticks.max(1) as u32);
}

/// Takes back what was armed. Says whether it had not been called yet.
pub fn disarm() -> bool {
    chip::stop_timer();
    critical_section::with(|held| HANDLER.borrow(held).take()).is_some()
}

/// What the timer's interrupt calls first. Says whether that was it.
pub(crate) fn ring() -> bool {
    let Some(handler) = critical_section::with(|held| HANDLER.borrow(held).take()) else { return false };
    chip::stop_timer();
    handler();
    true
}
