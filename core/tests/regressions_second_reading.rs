//! Defects that a second critical reading found, each as the smallest test that showed it. They are mended.
#![cfg(not(fusebox_loom))]

mod common;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use common::{Khz, breaker, builder, fail, left, millis, secs, succeed, trip};
use fusebox::clock::FnClock;
use fusebox::policy::{Consecutive, MaxFailures, Rates};
use fusebox::{CircuitBreaker, Event, Instant, Listener, Outcome, Settings, State, checked};

/// `open`: "for the usual wait". The exponent that damping keeps over a close falls only when the policy
/// trips, so by hand a circuit that was quiet for an hour opens for eight times that.
#[test]
fn opening_by_hand_knows_of_quiet_periods() {
    let breaker = breaker(builder().backoff_cap(secs(600)).damping(secs(60)));
    trip(&breaker);
    for _ in 0..3 {
        breaker.clock().advance(secs(600));
        fail(&breaker);
    }
    breaker.clock().advance(secs(600));
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
    breaker.clock().advance(secs(3_600));
    breaker.open();
    assert_eq!(left(&breaker), Some(secs(10)));
}

/// `slow_call`: "reads the clock twice per call", `abandoned_after`: "once per call". Both read it three
/// times: for the state word of a closed circuit, for the permit, and for the settling.
#[test]
fn timed_calls_read_the_clock_as_often_as_they_say() {
    let count = Cell::new(0);
    let read = || {
        count.set(count.get() + 1);
        0
    };
    let slow = Settings::builder().slow_call(secs(1)).build().unwrap();
    let slow = CircuitBreaker::with_settings(FnClock::<1_000, _>::new(read), slow);
    assert_eq!(slow.call(|| Ok::<_, ()>(5)), Ok(5));
    let slow_reads = count.replace(0);
    let abandoned = Settings::builder().abandoned_after(secs(1)).build().unwrap();
    let abandoned = CircuitBreaker::with_settings(FnClock::<1_000, _>::new(read), abandoned);
    assert_eq!(abandoned.call(|| Ok::<_, ()>(5)), Ok(5));
    assert_eq!((slow_reads, count.get()), (2, 1));
}

/// A kept history takes in a probe's result only after the listener was told. One that resets the circuit
/// as soon as it opens gets it back with a failure in it: "as new, with nothing remembered".
#[test]
fn reset_by_the_listener_leaves_nothing_remembered() {
    static BREAKER: CircuitBreaker<Khz, Consecutive, Resetting> = CircuitBreaker::with_listener(
        Khz::new(),
        checked!(Settings::builder().consecutive(2).keep_history().build()),
        Resetting,
    );
    static RESETS: AtomicBool = AtomicBool::new(false);

    struct Resetting;

    impl Listener for Resetting {
        fn on_event(&self, (): &(), event: &Event) {
            if matches!(event, Event::Transition(to) if to.to() == State::Open) && RESETS.load(SeqCst) {
                BREAKER.reset();
            }
        }
    }

    let probe = common::first_probe(&BREAKER);
    RESETS.store(true, SeqCst);
    probe.failure();
    assert_eq!((BREAKER.state(), BREAKER.tally().failures), (State::Closed, 0));
}

/// X20: the slot of a permit that nobody got is given back while the listener's panic unwinds. If it is
/// stale by then, that is told; a listener that panics at this too ends the program.
#[test]
fn nothing_is_told_while_a_panic_of_the_listener_unwinds() {
    static TOLD: Mutex<Vec<Event>> = Mutex::new(Vec::new());
    static BREAKER: CircuitBreaker<Khz, MaxFailures<3>, Meddling> =
        CircuitBreaker::with_listener(Khz::new(), Settings::DEFAULT, Meddling);

    struct Meddling;

    impl Listener for Meddling {
        fn on_event(&self, (): &(), event: &Event) {
            TOLD.lock().unwrap().push(*event);
            if matches!(event, Event::Transition(to) if to.to() == State::HalfOpen) {
                BREAKER.force_open();
                panic!("the listener panics after it forced the circuit open");
            }
        }
    }

    BREAKER.open();
    BREAKER.clock().advance(secs(10));
    assert!(catch_unwind(AssertUnwindSafe(|| drop(BREAKER.try_acquire()))).is_err());
    assert!(!TOLD.lock().unwrap().contains(&Event::Stale(Outcome::Ignored)));
}

/// `restore`, "a history must not run into a wrap": the longest sleep that is told it and the age of a failure
/// together do. A failure of 12 days ago is new after 13 days more.
#[test]
fn failures_of_a_long_window_are_old_after_a_long_sleep() {
    let settings = || builder().max_failures::<3>(3, millis((1 << 30) - 1));
    let before = breaker(settings());
    for _ in 0..3 {
        fail(&before);
    }
    before.clock().advance(millis((1 << 30) - 2));
    for asleep in [12, 13, 20, 24, 1_000] {
        let after = breaker(settings());
        after.restore(&before.snapshot(), secs(asleep * 24 * 3_600));
        assert_eq!(after.tally().failures, 0, "{asleep} days");
    }
}

/// The same for a time window, which may be as long as 24.8 days: of a longer sleep half of that is told it.
#[test]
fn counts_of_a_long_window_are_old_after_a_longer_sleep() {
    let settings = || builder().time_window::<10, 1>(10, secs(2 * 24 * 3_600), Rates::failures(50));
    let before = breaker(settings());
    for _ in 0..3 {
        fail(&before);
    }
    for asleep in [22, 24, 1_000] {
        let after = breaker(settings());
        after.clock().set(Instant::from_ticks(3_000_000_000));
        after.restore(&before.snapshot(), secs(asleep * 24 * 3_600));
        assert_eq!(after.tally().calls, 0, "{asleep} days");
    }
}
