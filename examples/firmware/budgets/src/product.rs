//! The firmware that a breaker is added to: a clock, and a call that may fail.

use core::hint::black_box;

use fusebox::clock::TickCounter;
use fusebox::{Settings, constant_settings};

/// Who counts milliseconds.
pub type Clock = &'static TickCounter<1_000>;

/// Milliseconds.
pub static UPTIME: TickCounter<1_000> = TickCounter::new();

constant_settings! {
    /// Those by default.
    pub struct Default: Settings<Clock> = Settings::builder().build();
}

/// Why a call failed.
pub struct NoAnswer;

/// The call to be guarded.
///
/// # Errors
/// [`NoAnswer`].
#[inline(never)]
pub fn send() -> Result<(), NoAnswer> {
    UPTIME.tick();
    black_box(Err(NoAnswer))
}

/// What is done about a call that failed.
#[inline(never)]
pub fn give_up() {
    black_box(());
}

/// Whom to call.
#[inline(never)]
pub fn next_peer() -> u16 {
    black_box(7)
}

/// Shows whether calls are given up.
#[inline(never)]
pub fn show(given_up: bool) {
    black_box(given_up);
}
