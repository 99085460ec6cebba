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
    defmt::info!("{}: {} after {}", board::NAME, RADIO.state(), RADIO.retry_after());
    board::exit(0)
}
