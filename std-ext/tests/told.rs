//! What a circuit tells about itself to who reads it now and then: metrics, for instance.

use std::time::Duration;

use fusebox::clock::ManualClock;
use fusebox::policy::{CountWindow, Rates, SlowCountWindow};
use fusebox::{Outcome, Settings, State};
use fusebox_std::{CircuitBreakerSet, Counts};

type Slow = CircuitBreakerSet<String, &'static ManualClock<1_000>, SlowCountWindow>;

fn clock() -> &'static ManualClock<1_000> {
    Box::leak(Box::new(ManualClock::new()))
}

fn trip(circuit: &fusebox_std::Handle<String, &'static ManualClock<1_000>>) {
    for _ in 0..4 {
        let _ = circuit.call(|| Err::<(), _>("no answer"));
    }
}

#[test]
fn transitions_are_counted_beyond_those_that_are_remembered() {
    let clock = clock();
    let set = CircuitBreakerSet::<String>::builder().clock(clock, Settings::DEFAULT).records(2).build().unwrap();
    let circuit = set.handle("inventory").unwrap();
    assert_eq!((circuit.transitions().iter().count(), circuit.transitions().last_at()), (0, None));
    for _ in 0..50 {
        trip(&circuit);
        clock.advance(Duration::from_secs(10));
        let _ = circuit.call(|| Err::<(), _>("no answer"));
        clock.advance(Duration::from_secs(10));
        assert_eq!(circuit.call(|| Ok::<_, ()>(7)), Ok(7));
    }
    let told = circuit.transitions();
    assert_eq!(circuit.records().len(), 2);
    assert_eq!(told.last_at(), circuit.records().last().map(|record| record.at));
    for (from, to, count) in [
        (State::Closed, State::Open, 50),
        (State::Open, State::HalfOpen, 100),
        (State::HalfOpen, State::Open, 50),
        (State::HalfOpen, State::Closed, 50),
        (State::Open, State::Closed, 0),
    ] {
        assert_eq!(told.get(from, to), count, "{from} to {to}");
    }
    assert_eq!(told.iter().map(|(.., count)| count).sum::<u64>(), 250);
}

#[test]
fn simulated_transitions_are_counted_apart() {
    let clock = clock();
    let set = CircuitBreakerSet::<String>::builder().clock(clock, Settings::DEFAULT).build().unwrap();
    let circuit = set.handle("inventory").unwrap();
    circuit.observe();
    trip(&circuit);
    let told = circuit.transitions();
    assert_eq!(told.iter().collect::<Vec<_>>(), [(State::Closed, State::Observe, 1)]);
    assert_eq!(told.observed().collect::<Vec<_>>(), [(State::Closed, State::Open, 1)]);
}

#[test]
fn slow_calls_are_counted_by_what_became_of_them() {
    let clock = clock();
    let rates = Rates::failures(90).slow_calls(90).min_calls(10);
    let settings = Settings::builder().count_window(20, rates).slow_call(Duration::from_secs(1)).build();
    let builder = CircuitBreakerSet::<String>::builder();
    let set: Slow = builder.clock(clock, settings.unwrap()).counts(Counts::All).build().unwrap();
    let circuit = set.handle("inventory").unwrap();
    let call = |millis: u64, outcome: Outcome| {
        let _ = set.run("inventory", |()| outcome, || clock.advance(Duration::from_millis(millis)));
    };
    for (millis, outcome) in [(1_000, Outcome::Success), (1_001, Outcome::Success), (2_000, Outcome::Failure)] {
        call(millis, outcome);
    }
    call(5_000, Outcome::Ignored);
    call(10, Outcome::Failure);
    let dropped = circuit.try_acquire().unwrap();
    clock.advance(Duration::from_secs(2));
    drop(dropped);
    let counts = circuit.counts();
    assert_eq!((counts.slow_successes, counts.slow_failures, counts.slow_abandoned), (1, 1, 1));
    assert_eq!((counts.successes, counts.failures, counts.ignored, counts.abandoned), (2, 2, 1, 1));
    assert_eq!(circuit.tally().slow, 3, "the policy has the same");
    assert_eq!(circuit.settings().slow_call().map(fusebox::Ticks::as_millis), Some(1_000));
}

#[test]
fn a_slow_probe_is_counted_too() {
    let clock = clock();
    let rates = Rates::failures(90).slow_calls(90).min_calls(10);
    let settings = Settings::builder().count_window(20, rates).slow_call(Duration::from_secs(1)).build();
    let set: Slow = CircuitBreakerSet::<String>::builder().clock(clock, settings.unwrap()).build().unwrap();
    let circuit = set.handle("inventory").unwrap();
    circuit.open();
    clock.advance(Duration::from_secs(10));
    let _ = circuit.run(|()| Outcome::Success, || clock.advance(Duration::from_secs(2)));
    assert_eq!((circuit.counts().slow_successes, circuit.counts().successes), (1, 0));
}

#[test]
fn slow_calls_are_counted_in_observe_mode() {
    let clock = clock();
    let rates = Rates::failures(90).slow_calls(90).min_calls(10);
    let settings = Settings::builder().count_window(20, rates).slow_call(Duration::from_secs(1)).build();
    let set: Slow = CircuitBreakerSet::<String>::builder().clock(clock, settings.unwrap()).build().unwrap();
    let circuit = set.handle("inventory").unwrap();
    circuit.observe();
    let _ = circuit.run(|()| Outcome::Failure, || clock.advance(Duration::from_secs(2)));
    assert_eq!((circuit.counts().slow_failures, circuit.tally().slow), (1, 1));
}

#[test]
fn nothing_is_slow_unless_the_settings_say_what_is() {
    let clock = clock();
    let set = CircuitBreakerSet::<String>::builder().clock(clock, Settings::DEFAULT).build().unwrap();
    let circuit = set.handle("inventory").unwrap();
    let _ = circuit.run(|()| Outcome::Failure, || clock.advance(Duration::from_secs(3_600)));
    assert_eq!((circuit.counts().slow_failures, circuit.settings().slow_call()), (0, None));
}

#[test]
fn a_window_is_told_once_it_can_be_judged() {
    let settings = Settings::builder().count_window(20, Rates::failures(80).min_calls(3)).or_consecutive(9);
    let clock = clock();
    let builder = CircuitBreakerSet::<String>::builder().clock(clock, settings.build().unwrap());
    let set: CircuitBreakerSet<_, _, (CountWindow, _)> = builder.build().unwrap();
    let circuit = set.handle("inventory").unwrap();
    let call = |result: Result<(), ()>| {
        let _ = circuit.call(|| result);
    };
    call(Err(()));
    call(Ok(()));
    assert_eq!(circuit.window(), None);
    call(Ok(()));
    assert_eq!(circuit.window().map(|tally| (tally.failures, tally.calls)), Some((1, 3)));
    let failures_only = CircuitBreakerSet::<String>::new();
    trip_default(&failures_only);
    assert_eq!(failures_only.get("inventory").unwrap().window(), None, "this policy knows no rate");
}

fn trip_default(set: &CircuitBreakerSet<String>) {
    for _ in 0..4 {
        let _ = set.call("inventory", || Err::<(), _>("no answer"));
    }
}

#[test]
fn who_only_watches_keeps_nothing() {
    let set = CircuitBreakerSet::<String>::new();
    let weak = set.downgrade();
    let incarnation = set.handle("inventory").unwrap().incarnation();
    assert!(weak.upgrade().is_some() && incarnation.is_alive());
    drop(set);
    assert!(weak.upgrade().is_none() && !incarnation.is_alive());
}
