//! Tasks of embassy that share one breaker, as it is: no mutex, no channel.
//!
//! A timeout is a future that is dropped. The breaker counts it as a failure, and a probe that hangs opens
//! the circuit again.
#![no_std]
#![no_main]

mod link;
mod sender;
mod time_driver;

use core::sync::atomic::Ordering::Relaxed;

use board as _;
use defmt::{error, info};
use defmt_semihosting as _;
use embassy_executor::Spawner;
use embassy_time::{Duration, Instant, Timer};
use fusebox::clock::EmbassyClock;
use fusebox::policy::MaxFailures;
use fusebox::{CircuitBreaker, DefmtListener, Settings, State, Ticks, checked};
use link::{Link, Peer};
use sender::{Sender, TIMEOUT};

static LINK: Link = Link::new();

/// Probes are given up soon after the longest call, so that a task that waits for another's probe does not
/// wait for long.
static RADIO: CircuitBreaker<EmbassyClock, MaxFailures<3>, DefmtListener> = CircuitBreaker::with_listener(
    EmbassyClock,
    checked!(
        Settings::builder()
            .wait(core::time::Duration::from_secs(1))
            .backoff_cap(core::time::Duration::from_secs(60))
            .lease(core::time::Duration::from_millis(100))
            .build()
    ),
    DefmtListener::named("radio"),
);

static SENSOR: Sender = Sender::new("sensor", Duration::from_millis(100));
static KEEPALIVE: Sender = Sender::new("keepalive", Duration::from_millis(250));

#[embassy_executor::task]
async fn sensor() {
    SENSOR.run().await;
}

#[embassy_executor::task]
async fn keepalive() {
    KEEPALIVE.run().await;
}

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let Some(core) = cortex_m::Peripherals::take() else { board::exit(1) };
    time_driver::start(core.SYST);
    let (Ok(sensor), Ok(keepalive)) = (sensor(), keepalive()) else { board::exit(1) };
    spawner.spawn(sensor);
    spawner.spawn(keepalive);
    if let Err(expectation) = weather().await {
        error!("not so: {}", expectation);
        board::exit(1);
    }
    info!("done");
    board::exit(0)
}

/// What becomes of the link, and what must come of that. An error is what was expected.
async fn weather() -> Result<(), &'static str> {
    info!("the peer answers both tasks");
    Timer::after_millis(600).await;
    expect(RADIO.state() == State::Closed && LINK.sent() > 5, "both tasks send")?;

    info!("the peer goes away");
    LINK.set(Peer::IsGone);
    until(State::Open, "four failures open the circuit").await?;
    let failures = [&SENSOR, &KEEPALIVE].map(|sender| sender.unanswered.load(Relaxed));
    expect(failures.iter().all(|failures| (1..4).contains(failures)), "the failures of both tasks trip one breaker")?;

    let sent = LINK.sent();
    Timer::after_millis(900).await;
    expect(LINK.sent() == sent, "nothing is sent while the circuit is open")?;

    info!("the peer comes back, and hangs");
    LINK.set(Peer::Hangs);
    until(State::HalfOpen, "after the wait a probe is sent").await?;
    let since = Instant::now();
    until(State::Open, "a probe that hangs opens the circuit again").await?;
    expect(since.elapsed() >= TIMEOUT - Duration::from_millis(1), "the probe had its time")?;
    let timed_out = SENSOR.timed_out.load(Relaxed) + KEEPALIVE.timed_out.load(Relaxed);
    expect(timed_out == 1 && LINK.sent() == sent + 1, "one probe was sent, and dropped by its timeout")?;
    let left = RADIO.retry_after().map_or(0, Ticks::as_millis);
    expect(left > 1_900, "the circuit backs off")?;

    info!("the peer answers again");
    LINK.set(Peer::Answers);
    until(State::Closed, "a probe that succeeds closes the circuit").await?;
    let delivered = [&SENSOR, &KEEPALIVE].map(|sender| sender.delivered.load(Relaxed));
    Timer::after_millis(600).await;
    let both = [&SENSOR, &KEEPALIVE].iter().zip(delivered).all(|(sender, then)| sender.delivered.load(Relaxed) > then);
    expect(both && RADIO.state() == State::Closed, "both tasks send again")?;
    let too_early = SENSOR.too_early.load(Relaxed) + KEEPALIVE.too_early.load(Relaxed);
    expect(too_early == 0, "the tasks sleep until the circuit may be tried again")
}

fn expect(it: bool, expectation: &'static str) -> Result<(), &'static str> {
    if it { Ok(()) } else { Err(expectation) }
}

/// Looks every millisecond whether the circuit is in this state, for five seconds.
async fn until(state: State, expectation: &'static str) -> Result<(), &'static str> {
    for _ in 0..5_000 {
        if RADIO.state() == state {
            return Ok(());
        }
        Timer::after_millis(1).await;
    }
    Err(expectation)
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo) -> ! {
    error!("{}", defmt::Display2Format(info));
    board::exit(101)
}
