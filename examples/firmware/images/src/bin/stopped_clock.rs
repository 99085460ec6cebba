//! A clock that stops: waits still end, the circuit stays sound, and goes on when the clock does.
#![no_std]
#![no_main]

use core::time::Duration;

use board::{Patience, UPTIME, Uart};
use embedded_io::{ErrorKind, Read as _};
use fusebox::clock::TickCounter;
use fusebox::{CircuitBreaker, Clock as _, Error, Settings, State, Ticks, checked};
use images::{finish, holds};

static RADIO: CircuitBreaker<&TickCounter<1_000>> =
    CircuitBreaker::with_settings(&UPTIME, checked!(Settings::builder().wait(Duration::from_millis(40)).build()));

#[board::entry]
fn main() -> ! {
    board::start_uptime();
    board::sleep_until(10);
    board::stop_uptime();
    let stopped = UPTIME.now();

    let mut line = Uart::open(200);
    let mut timeouts = 0;
    for _ in 0..4 {
        timeouts += u32::from(RADIO.call(|| line.read(&mut [0])) == Err(Error::Inner(ErrorKind::TimedOut)));
    }
    defmt::info!("stopped: {=u32} reads timed out, {} with {} left", timeouts, RADIO.state(), left());
    let mut passed = holds("the clock stands still", UPTIME.now() == stopped)
        & holds("reads end nevertheless", timeouts == 4)
        & holds("failures count", RADIO.state() == State::Open);

    let rejected = (0..1_000).filter(|_| RADIO.try_acquire().is_err()).count();
    passed &= holds("the wait does not end", rejected == 1_000 && left() == Some(40));

    passed &= holds("a probe may be let through by hand", RADIO.half_open() && RADIO.call(|| Ok::<_, ()>(())).is_ok());
    passed &= holds("and its success closes", RADIO.state() == State::Closed);

    RADIO.open();
    board::start_uptime();
    let mut patience = Patience::new(100);
    while left().is_some() && !patience.is_over() {
        board::wait_for_interrupt();
    }
    let admitted = RADIO.call(|| Ok::<_, ()>(()));
    defmt::info!("running again: {}, {}", admitted, RADIO.state());
    passed &= holds("the wait ends with the clock", admitted.is_ok() && RADIO.state() == State::Closed);
    finish(passed)
}

/// Milliseconds until a probe.
fn left() -> Option<u32> {
    RADIO.retry_after().map(Ticks::as_millis)
}
