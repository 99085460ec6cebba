//! The floor: the same call, without a breaker.
#![no_std]
#![no_main]

use budgets::product::{give_up, next_peer, send};

#[board::entry]
fn main() -> ! {
    loop {
        let _ = next_peer();
        if send().is_err() {
            give_up();
        }
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
