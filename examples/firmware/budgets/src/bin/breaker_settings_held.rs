//! One breaker that holds its settings.
#![no_std]
#![no_main]

use budgets::product::{Clock, UPTIME, give_up, next_peer, send};
use fusebox::CircuitBreaker;

static RADIO: CircuitBreaker<Clock> = CircuitBreaker::new(&UPTIME);

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
