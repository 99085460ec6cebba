//! One breaker that tells of its transitions.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use budgets::product::{UPTIME, give_up, next_peer, send};
use fusebox::policy::MaxFailures;
use fusebox::{CircuitBreaker, Event, Listener, Settings, State, clock::TickCounter};

/// Shows whether the radio is given up.
struct Lamp;

static LIT: AtomicBool = AtomicBool::new(false);

impl Listener for Lamp {
    fn on_event(&self, (): &(), event: &Event) {
        if let Event::Transition(transition) = event {
            LIT.store(transition.to() == State::Open, Relaxed);
        }
    }
}

static RADIO: CircuitBreaker<&TickCounter<1_000>, MaxFailures<3>, Lamp> =
    CircuitBreaker::with_listener(&UPTIME, Settings::DEFAULT, Lamp);

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
