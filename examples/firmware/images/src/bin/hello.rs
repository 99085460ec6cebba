//! The smallest image: one breaker, one failure.
#![no_std]
#![no_main]

use board::UPTIME;
use fusebox::CircuitBreaker;
use fusebox::clock::TickCounter;
use images as _;

static RADIO: CircuitBreaker<&TickCounter<1_000>> = CircuitBreaker::new(&UPTIME);

#[board::entry]
fn main() -> ! {
    board::start_uptime();
    for _ in 0..4 {
        let _ = RADIO.call(|| Err::<(), _>(()));
    }
    for _ in 0..3 {
        board::wait_for_interrupt();
    }
    let Some(left) = RADIO.retry_after() else { board::exit(1) };
    defmt::info!("{=str}: {}, a probe in {}", board::NAME, RADIO.state(), left);
    board::exit(0)
}
