//! Two policies at once, policies of one's own, and two listeners.
#![cfg(not(fusebox_loom))]

mod common;

use common::{Khz, Log, breaker, builder, fail, first_probe, secs, succeed, trip};
use fusebox::policy::{Call, Cell, Rates, Tally, TripPolicy};
use fusebox::{
    CircuitBreaker, Clock, Event, Instant, Settings, SettingsBuilder, Snapshot, State, Trip, TripReason, by_error,
};

/// Opens with every `0`th failure, whatever lies between.
#[derive(Clone, Copy, Debug)]
struct Every(u32);

impl TripPolicy for Every {
    type History = Cell;
    const EMPTY: Cell = Cell::new(0);
    const COUNTS_SUCCESSES: bool = false;

    fn record<C: Clock>(&self, history: &Cell, call: Call, _clock: &C) -> Option<Trip> {
        let failures = history.update(|failures| failures + u32::from(call.failed));
        let tally = Tally { calls: failures, failures, slow: 0 };
        (failures >= self.0).then_some(Trip::new(TripReason::Custom, tally))
    }

    fn clear(&self, history: &Cell) {
        history.store(0);
    }

    fn tally<C: Clock>(&self, history: &Cell, _now: Instant) -> Tally {
        Tally { calls: history.load(), failures: history.load(), slow: 0 }
    }
}

/// How many failures it takes to open a circuit, and why it opens.
fn failures_to_open<P: TripPolicy>(settings: SettingsBuilder<Khz, P>) -> (usize, Option<TripReason>) {
    let log = Log::default();
    let breaker = CircuitBreaker::with_listener(Khz::new(), settings.build().unwrap(), &log);
    let mut failures = 0;
    while breaker.state() == State::Closed {
        fail(&breaker);
        failures += 1;
    }
    let reason = log.take_transitions().first().and_then(|opened| opened.cause().trip()).map(|trip| trip.reason());
    (failures, reason)
}

#[test]
fn the_first_of_two_policies_to_open_says_why() {
    let rates = Rates::failures(50).min_calls(6);
    assert_eq!(failures_to_open(builder().trip(Every(3))), (3, Some(TripReason::Custom)));
    let counted = |failures| builder().consecutive(failures).or_count_window::<1, 1>(20, rates);
    assert_eq!(failures_to_open(counted(9)), (6, Some(TripReason::FailureRate)));
    assert_eq!(failures_to_open(counted(4)), (4, Some(TripReason::Consecutive)));
    assert_eq!(failures_to_open(builder().consecutive(9).or_trip(Every(5))), (5, Some(TripReason::Custom)));
    assert_eq!(failures_to_open(builder().trip(Every(5)).or_consecutive(2)), (2, Some(TripReason::Consecutive)));
}

#[test]
fn the_window_of_a_pair_is_that_of_the_policy_with_rates() {
    let rates = Rates::failures(90).min_calls(3);
    let first = breaker(builder().count_window::<1, 1>(20, rates).or_consecutive(9));
    let second = breaker(builder().consecutive(9).or_count_window::<1, 1>(20, rates));
    let neither = breaker(builder().consecutive(9).or_trip(Every(5)));
    let seen = |window: Option<Tally>| window.map(|tally| (tally.failures, tally.calls));
    for expected in [None, None, Some((1, 3)), Some((1, 4))] {
        if first.tally().calls == 0 {
            fail(&first);
            fail(&second);
        } else {
            succeed(&first);
            succeed(&second);
        }
        succeed(&neither);
        assert_eq!((seen(first.window()), seen(second.window()), neither.window()), (expected, expected, None));
    }
}

#[test]
fn a_snapshot_has_what_the_first_of_two_policies_remembers() {
    let settings = || builder().consecutive(5).or_trip(Every(3));
    let before = breaker(settings());
    fail(&before);
    fail(&before);
    let after = breaker(settings());
    after.restore(&Snapshot::from_bytes(before.snapshot().to_bytes()).unwrap(), secs(1));
    assert_eq!(after.tally().failures, 2, "of the five in a row");
    fail(&after);
    fail(&after);
    assert_eq!(after.state(), State::Closed, "of the three, those before the snapshot are forgotten");
    fail(&after);
    assert_eq!(after.state(), State::Open);
}

#[test]
fn a_policy_of_ones_own_starts_afresh_after_a_snapshot() {
    let before = breaker(builder().trip(Every(3)));
    fail(&before);
    let after = breaker(builder().trip(Every(3)));
    fail(&after);
    after.restore(&before.snapshot(), secs(0));
    assert_eq!(after.tally().failures, 0);
    trip(&after);
    after.clock().advance(secs(10));
    succeed(&after);
    assert_eq!(after.state(), State::Closed);
}

#[test]
fn two_listeners_hear_the_same_one_after_the_other() {
    let (first, second) = (Log::default(), Log::default());
    let breaker = CircuitBreaker::with_listener(Khz::new(), Settings::DEFAULT, (&first, &second));
    trip(&breaker);
    let heard = first.take();
    assert!(matches!(heard[..], [Event::Transition(opened)] if opened.is_trip() && !opened.observed()));
    assert_eq!(second.take(), heard);
}

#[test]
fn the_wait_grows_without_a_cap_as_far_as_the_clock_goes() {
    let breaker = breaker(builder().wait(secs(1)).backoff_uncapped());
    first_probe(&breaker).failure();
    for doublings in 1..=20 {
        let wait = breaker.retry_after().expect("it is open").as_duration();
        assert_eq!(wait, secs(1 << doublings.min(16)), "{doublings}");
        breaker.clock().advance(wait);
        breaker.try_acquire().expect("the wait is over").failure();
    }
}

#[test]
fn a_classifier_may_be_lent() {
    let breaker = breaker(builder());
    let ignore_all = &by_error(|_: &&str| fusebox::Outcome::Ignored);
    for _ in 0..9 {
        assert!(breaker.call_with(ignore_all, || Err::<(), _>("not found")).is_err());
    }
    assert_eq!((breaker.state(), breaker.tally().failures), (State::Closed, 0));
}
