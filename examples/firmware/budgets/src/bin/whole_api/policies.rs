//! Every trip policy and every setting, built at run time.

use core::num::Wrapping;
use core::time::Duration;

use fusebox::policy::{
    Call, Cell, CountWindow, MaxFailures, Rates, SlowCountWindow, SlowTimeWindow, Tally, TimeWindow, TripPolicy,
};
use fusebox::{
    Instant, Jitter, Outcome, Settings, SettingsBuilder, SettingsError, Trip, TripReason, clock, constant_settings,
};

use crate::breaker;
use crate::{Clock, any, used};

/// A policy as a user may write one: opens on every so manieth failure.
#[derive(Clone, Copy)]
struct Every(u32);

impl TripPolicy for Every {
    type History = Cell;
    #[allow(clippy::declare_interior_mutable_const, reason = "each circuit starts from a copy")]
    const EMPTY: Cell = Cell::new(0);

    fn record<C: fusebox::Clock>(&self, history: &Cell, call: Call, _: &C) -> Option<Trip> {
        let failures = history.update(|count| (Wrapping(count) + Wrapping(u32::from(call.failed))).0);
        let tally = Tally { calls: failures, failures, slow: history.swap(failures) };
        (failures >= self.0).then_some(Trip::new(TripReason::Custom, tally))
    }

    fn clear(&self, history: &Cell) {
        history.store(0);
    }

    fn tally<C: fusebox::Clock>(&self, history: &Cell, _: Instant) -> Tally {
        history.replace(any(1), any(2));
        Tally { calls: history.add(0), failures: history.load_latest(), slow: 0 }
    }
}

fn minute() -> Duration {
    any(Duration::from_secs(60))
}

fn rates() -> Rates {
    any(Rates::failures(any(50))).min_calls(any(10))
}

fn builder() -> SettingsBuilder<Clock> {
    Settings::<Clock>::builder()
}

/// A breaker with each policy, and with each kind of settings.
pub(crate) fn exercise() {
    with(builder().max_failures::<3>(any(3), minute()));
    with(builder().consecutive(any(3)));
    with::<CountWindow>(builder().count_window(any(31), rates()));
    with::<SlowCountWindow<5>>(builder().count_window(any(100), rates().slow_calls(any(20))));
    with::<SlowTimeWindow<6>>(builder().time_window(any(6), minute(), rates().slow_calls(any(20))));
    with(builder().trip(any(Every(4))));
    with::<(_, MaxFailures<2>)>(builder().consecutive(any(5)).or_max_failures(any(2), minute()));
    with::<(_, TimeWindow)>(builder().or_time_window(any(9), minute(), rates()));
    used(builder().or_consecutive(any(5)).build().err());
    used(builder().or_count_window::<1, 1>(any(9), rates()).build().err());
    used(builder().or_trip(any(Every(4))).build().err());
    all_methods();
    clocks();
}

fn with<P: TripPolicy>(builder: SettingsBuilder<Clock, P>) {
    match every_setting(builder).build() {
        Ok(settings) => breaker::exercise_policy(&settings),
        Err(error) => used::<SettingsError>(error),
    }
}

fn every_setting<P: TripPolicy>(builder: SettingsBuilder<Clock, P>) -> SettingsBuilder<Clock, P> {
    let builder = builder.wait(minute()).backoff_cap(minute()).jitter(any(Jitter::Full)).seed(any(1));
    let builder = builder.probes(any(2)).close_after(any(2)).lease(minute()).damping(minute());
    let builder = if any(true) { builder.abandoned(any(Outcome::Ignored)) } else { builder.abandoned_after(minute()) };
    let builder = if any(true) { builder.backoff_uncapped() } else { builder };
    let builder = builder.slow_call(minute());
    if any(true) { builder.keep_history() } else { builder }
}

/// Settings held by a breaker, and settings that are a constant.
fn all_methods() {
    constant_settings! {
        struct Constant: Settings<Clock> = Settings::builder().probes(2).build();
    }
    let builder = builder().count_window::<1, 1>(any(31), rates()).judge_probes_by_rate();
    if let Ok(settings) = every_setting(builder).build() {
        breaker::exercise(settings);
    }
    breaker::exercise::<fusebox::policy::MaxFailures<3>, _>(Constant);
}

fn clocks() {
    use fusebox::{CircuitBreaker, Clock as _};

    let counter = clock::TickCounter::<32_768>::new();
    counter.tick();
    used(CircuitBreaker::new(&counter).call(|| crate::answer(1)));
    let function = clock::FnClock::<1_000_000, _>::new(|| any(5));
    used(function.now());
    used(CircuitBreaker::new(function).call(|| crate::answer(1)));
}
