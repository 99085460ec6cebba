//! One breaker with the default settings, a constant.
#![no_std]
#![no_main]

use budgets::product::{Clock, Default, UPTIME, give_up, next_peer, send};
use fusebox::CircuitBreaker;
use fusebox::policy::MaxFailures;

static RADIO: CircuitBreaker<Clock, MaxFailures<3>, (), Default> = CircuitBreaker::with_settings(&UPTIME, Default);

#[board::entry]
fn main() -> ! {
    loop {
        let _ = next_peer();
        if RADIO.call(send).is_err() {
            give_up();
        }
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
