//! A circuit for each of eight peers.
#![allow(unsafe_code, reason = "one set, in a static that is written to")]
#![no_std]
#![no_main]

use budgets::product::{Clock, Default, UPTIME, give_up, next_peer, send};
use fusebox::CircuitBreakerSet;
use fusebox::policy::MaxFailures;

type Peers = CircuitBreakerSet<u16, Clock, 8, MaxFailures<3>, (), Default>;

static mut PEERS: Peers = Peers::with_settings(&UPTIME, Default);

#[board::entry]
fn main() -> ! {
    let peers = &raw mut PEERS;
    // SAFETY: it is named nowhere else, and this runs once.
    let peers = unsafe { &mut *peers };
    loop {
        if !peers.peer(&next_peer()).is_ok_and(|peer| peer.call(send).is_ok()) {
            give_up();
        }
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
