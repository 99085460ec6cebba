//! One breaker with the default settings.
#![no_std]
#![no_main]

use budgets::product::{UPTIME, give_up, next_peer, send};
use fusebox::{CircuitBreaker, clock::TickCounter};

static RADIO: CircuitBreaker<&TickCounter<1_000>> = CircuitBreaker::new(&UPTIME);

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
