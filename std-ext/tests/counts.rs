//! What is counted: every call, once, however it was made and whatever came of it.

use std::time::Duration;

use fusebox::clock::ManualClock;
use fusebox::{Outcome, Settings, State};
use fusebox_std::{Abandoned, CircuitBreakerSet, CircuitBreakerSetBuilder, Counts, Handle};

type Clock = &'static ManualClock<1_000>;
type Set<K> = CircuitBreakerSet<K, Clock>;

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn clock() -> Clock {
    Box::leak(Box::new(ManualClock::new()))
}

fn builder(clock: Clock) -> CircuitBreakerSetBuilder<u32, Clock> {
    CircuitBreakerSet::<u32>::builder().clock(clock, Settings::<_>::DEFAULT)
}

fn fail(circuit: &Handle<u32, Clock>) {
    let _ = circuit.call(|| Err::<(), _>("no answer"));
}

#[test]
fn every_call_is_counted_once() {
    let clock = clock();
    let set: Set<u32> = builder(clock).counts(Counts::All).abandoned(Abandoned::As(Outcome::Ignored)).build().unwrap();
    let circuit = set.handle(&1).unwrap();
    for _ in 0..5 {
        assert_eq!(set.call(&1, || Ok::<_, ()>(())), Ok(()));
    }
    let _ = circuit.run(|()| Outcome::Ignored, || ());
    drop(circuit.try_acquire());
    let panicked =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| circuit.call(|| -> Result<(), ()> { panic!() })));
    assert!(panicked.is_err());
    trip_from(&circuit, 1);
    for _ in 0..6 {
        fail(&circuit);
    }
    circuit.force_open();
    fail(&circuit);
    circuit.observe();
    trip_observed(&circuit);
    let _ = circuit.call(|| Ok::<_, ()>(()));
    let counts = circuit.counts();
    assert_eq!((counts.successes, counts.failures, counts.ignored, counts.abandoned), (6, 1 + 3 + 4, 1, 1));
    assert_eq!((counts.rejected_open, counts.rejected_forced_open, counts.rejected()), (6, 1, 7));
    assert_eq!(counts.would_reject, 1);
}

#[test]
fn a_call_by_its_key_that_says_nothing_is_counted_as_ignored() {
    let set: Set<u32> = builder(clock()).build().unwrap();
    set.handle(&1).unwrap();
    for outcome in [Outcome::Ignored, Outcome::Success, Outcome::Failure, Outcome::Ignored] {
        set.run(&1, |()| outcome, || ()).unwrap();
    }
    let counts = set.get(&1).unwrap().counts();
    assert_eq!((counts.successes, counts.failures, counts.ignored), (0, 1, 2));
}

#[test]
fn successes_are_counted_once_by_policies_that_count_them_too() {
    let settings = Settings::builder().consecutive(2).close_after(2).build().unwrap();
    let clock = clock();
    let set = CircuitBreakerSet::<u32>::builder().clock(clock, settings).counts(Counts::All).build().unwrap();
    let circuit = set.handle(&1).unwrap();
    for failed in [false, true, false, true, false] {
        let _ = set.call(&1, || if failed { Err(()) } else { Ok(()) });
    }
    let _ = circuit.call(|| Ok::<_, ()>(()));
    circuit.try_acquire().unwrap().success();
    circuit.open();
    clock.advance(secs(10));
    let probe = circuit.try_acquire().unwrap();
    let _ = circuit.call(|| Ok::<_, ()>(()));
    probe.success();
    circuit.try_acquire().unwrap().success();
    let counts = circuit.counts();
    assert_eq!((circuit.state(), counts.successes, counts.failures), (State::Closed, 7, 2));
    assert_eq!((counts.rejected_half_open, counts.rejected()), (1, 1));
}

#[test]
fn a_call_that_ran_for_less_than_the_limit_by_a_part_of_a_tick_is_no_failure() {
    let clock = clock();
    let limit = Abandoned::FailureAfter(Duration::from_micros(1_001));
    let set: Set<u32> = builder(clock).abandoned(limit).build().unwrap();
    let circuit = set.handle(&1).unwrap();
    for (millis, failures) in [(1, 0), (2, 1)] {
        let permit = circuit.try_acquire().unwrap();
        clock.advance(Duration::from_millis(millis));
        drop(permit);
        assert_eq!(circuit.tally().failures, failures);
    }
    let endless: Set<u32> = builder(clock).abandoned(Abandoned::FailureAfter(Duration::MAX)).build().unwrap();
    let circuit = endless.handle(&1).unwrap();
    let permit = circuit.try_acquire().unwrap();
    clock.advance(secs(1_000_000));
    drop(permit);
    assert_eq!((circuit.tally().failures, circuit.counts().abandoned), (0, 1));
}

fn trip_from(circuit: &Handle<u32, Clock>, failures: u32) {
    (failures..4).for_each(|_| fail(circuit));
    assert_eq!(circuit.state(), State::Open);
}

fn trip_observed(circuit: &Handle<u32, Clock>) {
    (0..4).for_each(|_| fail(circuit));
    assert_eq!(circuit.state(), State::Observe);
}
