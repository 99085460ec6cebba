//! Every transition that two threads can race for, in every order that the memory model allows.
//!
//! `RUSTFLAGS="--cfg fusebox_loom" cargo test -p fusebox --release --test loom`, once more with
//! `--cfg fusebox_halves` for the targets whose state word is carried in two halves.

#![cfg(fusebox_loom)]

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use fusebox::clock::ManualClock;
use fusebox::policy::{Rates, TripPolicy};
use fusebox::{CircuitBreaker, Clock, Event, Instant, Listener, Outcome, Settings, SettingsBuilder, State};
use loom::thread;

type Breaker<C, P, L = ()> = &'static CircuitBreaker<C, P, L>;

/// A clock that threads cannot race for: it only stands.
#[derive(Clone, Copy)]
struct At(u32);

impl Clock for At {
    const HZ: u32 = 1_000;
    fn now(&self) -> Instant {
        Instant::from_ticks(self.0)
    }
}

fn builder<C: Clock>() -> SettingsBuilder<C> {
    Settings::builder().wait(Duration::from_millis(10)).lease(Duration::from_millis(100))
}

/// loom's atomics come to life in the thread that touches them first: let that be this one.
fn alive<C: Clock, P: TripPolicy, L: Listener>(breaker: CircuitBreaker<C, P, L>) -> Breaker<C, P, L> {
    let breaker: Breaker<C, P, L> = Box::leak(Box::new(breaker));
    let _ = (breaker.clock().now(), breaker.tally());
    breaker.reset();
    breaker
}

fn with<P: TripPolicy>(builder: SettingsBuilder<&'static ManualClock, P>) -> Breaker<&'static ManualClock, P> {
    let clock: &'static ManualClock = Box::leak(Box::new(ManualClock::new()));
    alive(CircuitBreaker::with_settings(clock, builder.build().unwrap()))
}

fn fail<C: Clock, P: TripPolicy, L: Listener>(breaker: Breaker<C, P, L>) -> bool {
    breaker.try_acquire().map(fusebox::Permit::failure).is_ok()
}

/// Counts admissions and how many calls are under way at once, without loom's notice.
#[derive(Default)]
struct Gauge {
    now: AtomicU32,
    most: AtomicU32,
    total: AtomicU32,
}

impl Gauge {
    fn new() -> &'static Self {
        Box::leak(Box::default())
    }

    fn enter(&self) {
        self.total.fetch_add(1, SeqCst);
        let now = self.now.fetch_add(1, SeqCst) + 1;
        self.most.fetch_max(now, SeqCst);
    }

    fn leave(&self) {
        self.now.fetch_sub(1, SeqCst);
    }
}

#[test]
fn x06_one_of_two_racing_callers_is_the_probe() {
    loom::model(|| {
        let breaker = with(builder().consecutive(1));
        assert!(fail(breaker));
        breaker.clock().advance_ticks(10);
        let race = move || breaker.try_acquire().map(std::mem::forget).is_ok();
        let other = thread::spawn(race);
        let mine = race();
        assert!(mine ^ other.join().unwrap(), "one probe, and only one");
        assert_eq!(breaker.state(), State::HalfOpen);
    });
}

#[test]
fn y04_never_more_than_the_probes_are_in_flight() {
    loom::model(|| {
        let breaker = with(builder().consecutive(1).probes(2).close_after(15));
        let gauge = Gauge::new();
        assert!(fail(breaker));
        breaker.clock().advance_ticks(10);
        let probe = move |outcome| {
            if let Ok(permit) = breaker.try_acquire() {
                gauge.enter();
                thread::yield_now();
                gauge.leave();
                permit.settle(outcome);
            }
        };
        let ignoring = thread::spawn(move || probe(Outcome::Ignored));
        let succeeding = thread::spawn(move || probe(Outcome::Success));
        probe(Outcome::Success);
        ignoring.join().unwrap();
        succeeding.join().unwrap();
        assert!(gauge.most.load(SeqCst) <= 2);
        assert!(gauge.total.load(SeqCst) >= 2, "the slots were there to be used");
    });
}

#[test]
fn y05_no_probe_before_the_wait_is_over() {
    loom::model(|| {
        let breaker = with(builder().consecutive(1));
        let tripping = thread::spawn(move || {
            breaker.clock().advance_ticks(3);
            fail(breaker);
        });
        breaker.clock().advance_ticks(5);
        if let Ok(permit) = breaker.try_acquire() {
            assert_ne!(breaker.state(), State::HalfOpen, "opened no more than 8 ticks ago, and the wait is 10");
            permit.ignored();
        }
        tripping.join().unwrap();
        assert_eq!(breaker.state(), State::Open);
    });
}

/// A caller that reads the clock too early would take the new opening for one that is long over.
#[test]
fn y05_a_failed_probe_starts_a_whole_wait() {
    loom::model(|| {
        let breaker = with(builder().consecutive(1));
        assert!(fail(breaker));
        breaker.clock().advance_ticks(10);
        let probing = thread::spawn(move || match breaker.try_acquire() {
            Ok(probe) => {
                breaker.clock().advance_ticks(3);
                probe.failure();
                true
            }
            Err(_) => false,
        });
        let mine = breaker.try_acquire().map(std::mem::forget).is_ok();
        assert!(mine ^ probing.join().unwrap(), "one probe per wait");
    });
}

/// Two threads each bring one of the two failures that it takes.
fn trips_once<P: TripPolicy + 'static>(settings: impl Fn() -> SettingsBuilder<At, P> + Sync + Send + 'static)
where
    P::History: Send + Sync,
    P: Send + Sync,
{
    loom::model(move || {
        let trips: &'static AtomicU32 = Box::leak(Box::default());
        let listener = move |_: &(), event: &Event| {
            if matches!(event, Event::Transition(transition) if transition.is_trip()) {
                trips.fetch_add(1, SeqCst);
            }
        };
        let breaker = alive(CircuitBreaker::with_listener(At(7), settings().build().unwrap(), listener));
        let other = thread::spawn(move || fail(breaker));
        let mine = fail(breaker);
        let other = other.join().unwrap();
        assert!(mine && other, "both were admitted before either failed, or the first one alone tripped");
        assert_eq!(breaker.state(), State::Open, "the trip was lost");
        assert_eq!(trips.load(SeqCst), 1, "one trip, told once");
    });
}

#[test]
fn no_trip_is_lost_by_consecutive() {
    trips_once(|| builder().consecutive(2));
}

#[test]
fn no_trip_is_lost_by_max_failures() {
    trips_once(|| builder().max_failures::<1>(1, Duration::from_secs(1)));
}

#[test]
fn no_trip_is_lost_by_a_count_window() {
    trips_once(|| builder().count_window::<1, 1>(2, Rates::failures(100)));
    trips_once(|| builder().count_window::<2, 1>(2, Rates::failures(100)));
}

#[test]
fn no_trip_is_lost_by_a_time_window() {
    trips_once(|| builder().time_window::<2, 1>(2, Duration::from_millis(5), Rates::failures(100).min_calls(2)));
}

#[test]
fn no_trip_is_lost_by_a_pair() {
    trips_once(|| builder().consecutive(9).or_max_failures::<1>(1, Duration::from_secs(1)));
}

/// Two racing failures are pushed through the same row of times, one of which is free.
#[test]
fn racing_failures_that_are_not_too_many_do_not_trip() {
    loom::model(|| {
        let settings = Settings::builder().max_failures::<3>(3, Duration::from_millis(50)).build().unwrap();
        let breaker = alive(CircuitBreaker::with_settings(At(7), settings));
        assert!(fail(breaker));
        let other = thread::spawn(move || fail(breaker));
        fail(breaker);
        other.join().unwrap();
        assert_eq!((breaker.state(), breaker.tally().failures), (State::Closed, 3));
        fail(breaker);
        assert_eq!(breaker.state(), State::Open);
    });
}

/// Permits that know when they were granted take a way of their own.
#[test]
fn no_trip_is_lost_by_timed_calls() {
    trips_once(|| builder().slow_call(Duration::from_secs(1)).consecutive(2));
    trips_once(|| builder().abandoned_after(Duration::from_secs(1)).max_failures::<1>(1, Duration::from_secs(1)));
}

#[test]
fn three_racing_failures_trip_a_deeper_history() {
    loom::model(|| {
        let settings = builder().max_failures::<2>(2, Duration::from_secs(1)).build().unwrap();
        let breaker = alive(CircuitBreaker::with_settings(At(7), settings));
        let others = [(); 2].map(|()| thread::spawn(move || fail(breaker)));
        fail(breaker);
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(breaker.state(), State::Open);
    });
}

#[test]
fn x07_a_stale_permit_changes_nothing() {
    for outcome in [Outcome::Success, Outcome::Failure, Outcome::Ignored] {
        loom::model(move || {
            let breaker = with(builder().consecutive(1));
            let stale = breaker.try_acquire().unwrap();
            assert!(fail(breaker));
            breaker.clock().advance_ticks(10);
            let straggler = thread::spawn(move || stale.settle(outcome));
            let probe = breaker.try_acquire().expect("the wait is over");
            assert!(breaker.try_acquire().is_err(), "the straggler has no slot to give back");
            straggler.join().unwrap();
            assert_eq!(breaker.state(), State::HalfOpen, "only the probe decides");
            probe.success();
            assert_eq!(breaker.state(), State::Closed);
            assert_eq!(breaker.tally().failures, 0, "the history is that of the new period");
        });
    }
}

/// The same for a call whose length counts: in time it would be the slow success that opens.
#[test]
fn a_slow_straggler_does_not_open_what_its_probe_closes() {
    loom::model(|| {
        let slow = Rates::failures(100).slow_calls(100);
        let breaker = with(builder().slow_call(Duration::from_millis(5)).count_window::<1, 2>(1, slow));
        let stale = breaker.try_acquire().unwrap();
        assert!(fail(breaker));
        breaker.clock().advance_ticks(10);
        let straggler = thread::spawn(move || stale.success());
        breaker.try_acquire().expect("the wait is over").success();
        straggler.join().unwrap();
        assert_eq!((breaker.state(), breaker.tally().calls), (State::Closed, 0));
    });
}

#[test]
fn a_probe_of_a_lost_lease_changes_nothing() {
    loom::model(|| {
        let breaker = with(builder().consecutive(1));
        assert!(fail(breaker));
        breaker.clock().advance_ticks(10);
        let late = breaker.try_acquire().unwrap();
        breaker.clock().advance_ticks(100);
        let settling = thread::spawn(move || late.failure());
        let second = breaker.try_acquire();
        settling.join().unwrap();
        match second {
            // The late probe was in time after all and opened the circuit again.
            Err(_) => assert_eq!(breaker.state(), State::Open),
            Ok(permit) => {
                assert_eq!(breaker.state(), State::HalfOpen, "the late probe no longer counts");
                permit.success();
                assert_eq!(breaker.state(), State::Closed);
            }
        }
    });
}

#[test]
fn two_callers_after_a_lost_lease_begin_one_new_period() {
    loom::model(|| {
        let breaker = with(builder().consecutive(1));
        assert!(fail(breaker));
        breaker.clock().advance_ticks(10);
        std::mem::forget(breaker.try_acquire().unwrap());
        breaker.clock().advance_ticks(100);
        let race = move || breaker.try_acquire().map(std::mem::forget).is_ok();
        let other = thread::spawn(race);
        let mine = race();
        assert!(mine ^ other.join().unwrap());
    });
}

/// The history is cleared before the circuit is seen closed: a failure of the new period stays.
#[test]
fn closing_forgets_nothing_that_comes_after() {
    loom::model(|| {
        let rates = Rates::failures(100).min_calls(2);
        let breaker = with(builder().count_window::<1, 1>(4, rates).probes(3).judge_probes_by_rate());
        breaker.open();
        assert!(breaker.half_open());
        // Two results decide, and a third probe is still under way: all three may want to close.
        let first = breaker.try_acquire().unwrap();
        let probes = [(); 2].map(|()| breaker.try_acquire().unwrap());
        first.success();
        let others = probes.map(|probe| {
            thread::spawn(move || {
                probe.success();
                if breaker.state() == State::Closed {
                    return u32::from(fail(breaker));
                }
                0
            })
        });
        let failures: u32 = others.into_iter().map(|other| other.join().unwrap()).sum();
        let tally = breaker.tally();
        match breaker.state() {
            State::Closed => assert_eq!((tally.calls, tally.failures), (failures, failures)),
            state => assert_eq!((state, failures), (State::Open, 2)),
        }
    });
}

#[test]
fn y15_a_forced_mode_wins_over_a_racing_probe() {
    for outcome in [Outcome::Success, Outcome::Failure] {
        loom::model(move || {
            let breaker = with(builder().consecutive(1));
            assert!(fail(breaker));
            breaker.clock().advance_ticks(10);
            let probe = breaker.try_acquire().unwrap();
            let settling = thread::spawn(move || probe.settle(outcome));
            breaker.force_open();
            settling.join().unwrap();
            assert_eq!(breaker.state(), State::ForcedOpen);
        });
    }
}

#[test]
fn a_window_that_slides_under_racing_results_counts_each_once() {
    loom::model(|| {
        let rates = Rates::failures(100).min_calls(100);
        let breaker = with(builder().time_window::<3, 1>(3, Duration::from_millis(5), rates));
        assert!(fail(breaker));
        breaker.clock().advance_ticks(5);
        let other = thread::spawn(move || fail(breaker));
        assert!(fail(breaker));
        assert!(other.join().unwrap());
        assert_eq!(breaker.tally().failures, 3);
    });
}

#[test]
fn a_reset_racing_with_a_trip_leaves_a_sound_breaker() {
    loom::model(|| {
        let breaker = with(builder().consecutive(1));
        let failing = thread::spawn(move || fail(breaker));
        breaker.reset();
        failing.join().unwrap();
        assert!(matches!(breaker.state(), State::Closed | State::Open));
        breaker.reset();
        assert_eq!((breaker.state(), breaker.tally().failures), (State::Closed, 0));
    });
}
