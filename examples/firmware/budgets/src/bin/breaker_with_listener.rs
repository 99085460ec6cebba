//! One breaker that tells of its transitions.
#![no_std]
#![no_main]

use budgets::product::{Clock, Default, UPTIME, give_up, next_peer, send, show};
use fusebox::policy::MaxFailures;
use fusebox::{CircuitBreaker, Event, Listener, State};

/// Shows whether the radio is given up.
struct Lamp;

impl Listener for Lamp {
    fn on_event(&self, (): &(), event: &Event) {
        if let Event::Transition(transition) = event {
            show(transition.to() == State::Open);
        }
    }
}

static RADIO: CircuitBreaker<Clock, MaxFailures<3>, Lamp, Default> =
    CircuitBreaker::with_listener(&UPTIME, Default, Lamp);

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
