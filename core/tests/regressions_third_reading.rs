//! What a third critical reading found: defects, mended, and behaviour that no test would have missed.
#![cfg(not(fusebox_loom))]

mod common;

use std::cell::Cell;
use std::future::{Future, pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use common::{Khz, Log, breaker, builder, secs};
use fusebox::clock::{FnClock, ManualClock};
use fusebox::policy::{self, Call, Tally, TripPolicy};
use fusebox::{CircuitBreaker, CircuitBreakerSet, Clock, Event, Instant, Jitter, Outcome, Settings, State};
use fusebox::{Trip, TripReason, constant_settings};

/// Opens on the second slow call, and has no use for fast successes.
#[derive(Clone, Copy)]
struct SlowCalls;

impl TripPolicy for SlowCalls {
    type History = policy::Cell;
    const EMPTY: policy::Cell = policy::Cell::new(0);

    fn record<C: Clock>(&self, history: &policy::Cell, call: Call, _: &C) -> Option<Trip> {
        let slow = history.add(call.slow.into());
        (slow >= 2).then_some(Trip::new(TripReason::Custom, Tally { calls: slow, failures: 0, slow }))
    }
    fn ignores_success(&self, _: &policy::Cell) -> bool {
        true
    }
    fn clear(&self, history: &policy::Cell) {
        history.store(0);
    }
    fn tally<C: Clock>(&self, history: &policy::Cell, _: Instant) -> Tally {
        Tally { calls: history.load(), failures: 0, slow: history.load() }
    }
}

/// `ignores_success`: "whether a *fast* success would change nothing". Whether one was fast is known only where
/// its length is.
#[test]
fn a_slow_success_reaches_a_policy_that_ignores_fast_ones() {
    let breaker = breaker(builder().slow_call(secs(1)).trip(SlowCalls));
    let call = |length| breaker.run(|()| Outcome::Success, || breaker.clock().advance(secs(length))).unwrap();
    call(2);
    call(1);
    assert_eq!((breaker.tally().slow, breaker.state()), (1, State::Closed));
    let permit = breaker.try_acquire().unwrap();
    permit.settle_timed(Outcome::Success, secs(2));
    assert_eq!(breaker.state(), State::Open);
}

/// The peers of a set that lost the same gateway open in the same moment, with the same seed.
#[test]
fn peers_that_open_together_come_back_at_different_times() {
    let clock = ManualClock::<1_000>::new();
    let settings = Settings::builder().wait(secs(60)).jitter(Jitter::Full).build().unwrap();
    let mut set = CircuitBreakerSet::<u16, _, 8>::with_settings(&clock, settings);
    let mut waits = Vec::new();
    for key in 0..8 {
        let peer = set.peer(&key).unwrap();
        peer.open();
        waits.push(peer.retry_after().unwrap().count());
    }
    waits.sort_unstable();
    waits.dedup();
    assert_eq!(waits.len(), 8, "{waits:?}");
}

/// A call that panics has failed, whatever abandoned calls count as: while its future is made, while that is
/// polled, and while its result is judged. What remains of the future is dropped after that and settles nothing.
#[test]
fn an_asynchronous_call_that_panics_has_failed_once() {
    let log = Log::default();
    let settings = builder().consecutive(9).abandoned(Outcome::Ignored).build().unwrap();
    let breaker = CircuitBreaker::with_listener(Khz::new(), settings, &log);
    let fails = |call: &dyn Fn()| {
        let before = breaker.tally().failures;
        assert!(catch_unwind(AssertUnwindSafe(call)).is_err());
        assert_eq!((breaker.tally().failures, log.take().len()), (before + 1, 0));
    };
    let judge = |(): &()| Outcome::Success;

    fails(&|| once(breaker.run_async(judge, || -> std::future::Ready<()> { panic!("no future") })));
    fails(&|| once(breaker.run_async(judge, || async { panic!("polled") })));
    fails(&|| once(breaker.run_async(|()| panic!("judged"), || ready(()))));

    // Dropped between two polls it is abandoned, once.
    let before = breaker.tally().failures;
    once(breaker.run_async(judge, pending));
    assert_eq!(breaker.tally().failures, before);
    assert_eq!(log.take(), [Event::Abandoned(Outcome::Ignored)]);
}

/// Polls once and drops.
fn once<T>(future: impl Future<Output = T>) {
    let _: Poll<T> = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
}

/// `Clock`: how often it is read, since reading some timers takes long.
#[test]
fn the_clock_is_read_as_often_as_its_documentation_says() {
    let (count, now) = (Cell::new(0), Cell::new(0));
    let read = || {
        count.set(count.get() + 1);
        now.get()
    };
    let settings = Settings::builder().max_failures::<3>(1, secs(9)).wait(secs(1)).close_after(2).build().unwrap();
    let breaker = CircuitBreaker::with_settings(FnClock::<1_000, _>::new(read), settings);
    let reads = |result| {
        let _ = breaker.call(|| result);
        count.take()
    };
    assert_eq!(reads(Ok(())), 0, "a success through a closed circuit");
    assert_eq!(reads(Err(())), 1, "a failure");
    assert_eq!(reads(Err(())), 2, "a failure that opens");
    assert_eq!(reads(Ok(())), 1, "a rejected call");
    now.set(1_000);
    assert_eq!(reads(Ok(())), 3, "the probe that ends the wait: twice let in, once settled");
    let probe = breaker.try_acquire().unwrap();
    assert_eq!(count.take(), 1, "another probe is let in");
    assert!(breaker.try_acquire().is_err());
    assert_eq!(count.take(), 1, "a call is rejected while half-open");
    probe.success();
    assert_eq!((count.take(), breaker.state()), (1, State::Closed), "a probe closes");
}

constant_settings! {
    /// Calls of more than a second are slow, and forgotten ones count after two.
    struct Timed: Settings<&'static Khz> =
        Settings::builder().slow_call(secs(1)).abandoned_after(secs(2)).max_failures::<3>(3, secs(60)).build();
}

/// Where settings are a constant and say that calls are timed, the paths for others are not even built.
#[test]
fn constant_settings_time_calls_too() {
    let clock: &'static Khz = Box::leak(Box::new(Khz::new()));
    let breaker = CircuitBreaker::with_settings(clock, Timed);
    clock.advance(secs(100));
    for (length, failures) in [(1, 0), (2, 1)] {
        let permit = breaker.try_acquire().unwrap();
        clock.advance(secs(length));
        drop(permit);
        assert_eq!(breaker.tally().failures, failures);
    }
    breaker.open();
    clock.advance(secs(10));
    let probe = breaker.try_acquire().unwrap();
    clock.advance(secs(2));
    probe.success();
    assert_eq!(breaker.state(), State::Open, "a slow probe fails");
    clock.advance(secs(10));
    breaker.call(|| Ok::<_, ()>(())).unwrap();
    assert_eq!(breaker.state(), State::Closed, "a fast one does not");
}
