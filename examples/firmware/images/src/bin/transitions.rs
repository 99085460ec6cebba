//! Everything that circuits tell of themselves, logged a line each.
//!
//! Time is moved by hand, so the log is the same on every board.
#![no_std]
#![no_main]

use core::mem;
use core::time::Duration;

use defmt::{error, info};
use fusebox::clock::ManualClock;
use fusebox::policy::{Call, Cell, MaxFailures, Rates, SlowCountWindow, Tally, TripPolicy};
use fusebox::{
    CircuitBreaker, CircuitBreakerSet, Clock, DefmtListener, Instant, Outcome, Rejected, Settings, SettingsError,
    Snapshot, SnapshotError, Trip, TripReason, WhenFull,
};
use images::address::Address;

static CLOCK: ManualClock = ManualClock::new();

/// A breaker that stands for itself, and its policy.
type Single<P = MaxFailures<3>> = CircuitBreaker<&'static ManualClock, P, DefmtListener>;
type Radio = CircuitBreakerSet<Address, &'static ManualClock, 2, MaxFailures<3>, DefmtListener>;

#[board::entry]
fn main() -> ! {
    if let Err(surprise) = tell_everything() {
        error!("{}", surprise);
        board::exit(1);
    }
    board::exit(0)
}

fn tell_everything() -> Result<(), Surprise> {
    a_sensor_comes_and_goes()?;
    a_table_fills_up()?;
    late_results()?;
    by_hand()?;
    a_dry_run()?;
    over_a_reset()?;
    other_policies()?;
    other_clocks();
    Ok(())
}

const SENSOR: Address = Address([0x02, 0, 0, 0, 0, 0x07]);
const LAMP: Address = Address([0x02, 0, 0, 0, 0, 0x17]);
const VALVE: Address = Address([0x02, 0, 0, 0, 0, 0x21]);

fn a_sensor_comes_and_goes() -> Result<(), Surprise> {
    info!("a sensor falls silent: its circuit backs off, loses a probe and recovers");
    let settings = Settings::builder().backoff_cap(Duration::from_secs(60)).build()?;
    let mut radio = Radio::with_listener(&CLOCK, settings, DefmtListener::named("radio"));
    let sensor = radio.peer(&SENSOR)?;
    for _ in 0..4 {
        let _ = sensor.call(no_answer);
    }
    pass_seconds(4);
    if let Err(error) = sensor.call(no_answer) {
        info!("a call after 4 s: {}", error);
    }
    pass_seconds(6);
    let _ = sensor.call(no_answer);
    pass_seconds(20);
    mem::forget(sensor.try_acquire()?);
    pass_seconds(60);
    sensor.try_acquire()?.success();
    Ok(())
}

fn a_table_fills_up() -> Result<(), Surprise> {
    info!("a table of two peers: a clean one makes room, open ones do not");
    let mut radio = Radio::with_listener(&CLOCK, Settings::DEFAULT, DefmtListener::named("radio"));
    radio.peer(&SENSOR)?.open();
    radio.peer(&LAMP)?;
    radio.peer(&VALVE)?.open();
    if let Err(rejected) = radio.peer(&LAMP) {
        info!("the lamp: {}", rejected);
    }
    radio.set_when_full(WhenFull::AdmitUntracked);
    radio.peer(&LAMP)?.try_acquire()?.success();
    Ok(())
}

fn late_results() -> Result<(), Surprise> {
    info!("calls whose end nobody saw, and calls that end too late");
    let modem = Single::with_listener(&CLOCK, Settings::DEFAULT, DefmtListener::named("modem"));
    let early = modem.try_acquire()?;
    drop(modem.try_acquire()?);
    for _ in 0..3 {
        let _ = modem.call(no_answer);
    }
    early.failure();
    pass_seconds(10);
    let first_probe = modem.try_acquire()?;
    pass_seconds(60);
    let second_probe = modem.try_acquire()?;
    pass_seconds(60);
    let third_probe = modem.try_acquire()?;
    first_probe.success();
    second_probe.ignored();
    third_probe.success();

    for outcome in [Outcome::Ignored, Outcome::Success] {
        let settings = Settings::builder().abandoned(outcome).build()?;
        let lenient = Single::with_listener(&CLOCK, settings, DefmtListener::named("lenient modem"));
        drop(lenient.try_acquire()?);
    }
    Ok(())
}

fn by_hand() -> Result<(), Surprise> {
    info!("by hand");
    let modem = Single::with_listener(&CLOCK, Settings::DEFAULT, DefmtListener::new());
    modem.open();
    modem.half_open();
    modem.close();
    modem.open_for(Duration::from_secs(90))?;
    modem.reset();
    modem.force_open();
    if let Err(rejected) = modem.try_acquire() {
        info!("a call: {}", rejected);
    }
    modem.automatic();
    modem.disable();
    modem.automatic();
    Ok(())
}

fn a_dry_run() -> Result<(), Surprise> {
    info!("a dry run, which comes into force in the end");
    let modem = Single::with_listener(&CLOCK, Settings::DEFAULT, DefmtListener::named("modem"));
    modem.observe();
    for _ in 0..4 {
        let _ = modem.call(no_answer);
    }
    pass_seconds(10);
    modem.try_acquire()?.success();
    for _ in 0..4 {
        let _ = modem.call(no_answer);
    }
    pass_seconds(1);
    modem.automatic();
    Ok(())
}

fn over_a_reset() -> Result<(), Surprise> {
    info!("over a reset that takes six seconds");
    let before = Single::with_listener(&CLOCK, Settings::DEFAULT, DefmtListener::named("before"));
    before.open();
    let kept = before.snapshot().to_bytes();
    let after = Single::with_listener(&CLOCK, Settings::DEFAULT, DefmtListener::named("after"));
    after.restore(&Snapshot::from_bytes(kept)?, Duration::from_secs(6));
    Ok(())
}

fn other_policies() -> Result<(), Surprise> {
    info!("what other policies find");
    let settings = Settings::builder().consecutive(1).build()?;
    let strict = Single::with_listener(&CLOCK, settings, DefmtListener::named("strict"));
    let _ = strict.call(no_answer);

    let limits = Rates::failures(50).slow_calls(60).min_calls(3);
    let settings = || Settings::builder().count_window(10, limits).slow_call(Duration::from_secs(1));
    let rated: Single<SlowCountWindow> =
        Single::with_listener(&CLOCK, settings().build()?, DefmtListener::named("rated"));
    settle_each(&rated, [(Outcome::Success, 0), (Outcome::Failure, 0), (Outcome::Failure, 0)])?;
    pass_seconds(10);
    settle_each(&rated, [(Outcome::Success, 2)])?;
    pass_seconds(10);
    settle_each(&rated, [(Outcome::Success, 0)])?;
    settle_each(&rated, [(Outcome::Success, 2), (Outcome::Success, 0), (Outcome::Success, 2)])?;

    let settings = settings().probes(3).judge_probes_by_rate().build()?;
    let polled: Single<SlowCountWindow> = Single::with_listener(&CLOCK, settings, DefmtListener::named("polled"));
    polled.open();
    pass_seconds(10);
    settle_each(&polled, [(Outcome::Failure, 0), (Outcome::Success, 0), (Outcome::Failure, 0)])?;
    pass_seconds(10);
    settle_each(&polled, [(Outcome::Failure, 0), (Outcome::Success, 0), (Outcome::Success, 0)])?;

    let settings = Settings::builder().trip(Budget).build()?;
    let own = Single::with_listener(&CLOCK, settings, DefmtListener::named("own"));
    let _ = own.call(no_answer);
    Ok(())
}

fn other_clocks() {
    info!("the same wait on clocks of other rates");
    open_on::<1>("1 Hz");
    open_on::<32_768>("32768 Hz");
    open_on::<1_000_000>("1 MHz");
    open_on::<12_500_000>("12.5 MHz");
}

fn open_on<const HZ: u32>(name: &'static str) {
    let clock = ManualClock::<HZ>::new();
    CircuitBreaker::with_listener(&clock, Settings::DEFAULT, DefmtListener::named(name)).open();
}

fn no_answer() -> Result<(), &'static str> {
    Err("no answer")
}

fn pass_seconds(seconds: u64) {
    CLOCK.advance(Duration::from_secs(seconds));
}

/// Makes calls with these outcomes, of so many seconds.
fn settle_each<P: TripPolicy>(
    breaker: &Single<P>,
    calls: impl IntoIterator<Item = (Outcome, u64)>,
) -> Result<(), Rejected> {
    for (outcome, seconds) in calls {
        breaker.try_acquire()?.settle_timed(outcome, Duration::from_secs(seconds));
    }
    Ok(())
}

/// A policy of the program's own: every failure is one too many.
#[derive(Clone, Copy)]
struct Budget;

impl TripPolicy for Budget {
    type History = Cell;
    const EMPTY: Cell = Cell::new(0);

    fn record<C: Clock>(&self, history: &Cell, call: Call, _: &C) -> Option<Trip> {
        let calls = history.update(|calls| calls.saturating_add(1));
        call.failed.then(|| Trip::new(TripReason::Custom, Tally { calls, failures: 1, slow: 0 }))
    }

    fn clear(&self, history: &Cell) {
        history.store(0);
    }

    fn tally<C: Clock>(&self, history: &Cell, _: Instant) -> Tally {
        Tally { calls: history.load(), failures: 0, slow: 0 }
    }
}

/// What should not have happened.
#[derive(defmt::Format)]
enum Surprise {
    Rejected(Rejected),
    Settings(SettingsError),
    Snapshot(SnapshotError),
}

impl From<Rejected> for Surprise {
    fn from(rejected: Rejected) -> Self {
        Self::Rejected(rejected)
    }
}

impl From<SettingsError> for Surprise {
    fn from(error: SettingsError) -> Self {
        Self::Settings(error)
    }
}

impl From<SnapshotError> for Surprise {
    fn from(error: SnapshotError) -> Self {
        Self::Snapshot(error)
    }
}
