//! Hazards from the issue threads of other breakers: permits, probes and their verdicts.
//!
//! Elsewhere: X05 and X06 are in `hazards_threads.rs`; X11, X16 to X18, X21, X22 and X25 in
//! `hazards_time.rs`; X19 and X20 in `hazards_listeners.rs`; X23 in `hazards_set.rs`.
//!
//! X24, settings that are exchanged while a circuit is in use, is for `fusebox-std`, which can. Here
//! settings never change; what core has to offer for it, a snapshot that is taken up by a breaker with other
//! settings, is tested.
#![cfg(not(fusebox_loom))]

mod common;

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use common::{Khz, Log, admitted, breaker, builder, fail, first_probe, left, millis, secs, succeed, trip};
use fusebox::{
    CircuitBreaker, Clock, Error, Event, Listener, Outcome, RejectReason, Settings, State, Ticks, by_error,
    policy::TripPolicy,
};

/// Starts a guarded call that hangs and drops it after `hung` milliseconds, as a timeout around it does.
fn cut_off<P: TripPolicy, L: Listener>(breaker: &CircuitBreaker<Khz, P, L>, hung: u64) {
    let mut call = pin!(breaker.call_async(pending::<Result<(), ()>>));
    assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    breaker.clock().advance(millis(hung));
}

#[test]
fn x01_ignored_probe_returns_its_slot() {
    // resilience4j#544, getnora-io/nora#585, agent-os#1605: half-open, one probe, ignored error.
    let breaker = breaker(builder());
    first_probe(&breaker).ignored();
    for _ in 0..10 {
        let ignore = by_error(|_: &&str| Outcome::Ignored);
        assert_eq!(breaker.call_with(ignore, || Err::<(), _>("bad request")), Err(Error::Inner("bad request")));
        assert_eq!(breaker.state(), State::HalfOpen);
    }
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn x02_probe_that_never_settles_is_given_up_after_its_lease() {
    // resilience4j#935 and #903, OmniRoute#13836, Hystrix#1723: the probe is admitted and never settles.
    let breaker = breaker(builder().lease(secs(30)));
    std::mem::forget(first_probe(&breaker));
    for _ in 0..5 {
        breaker.clock().advance(millis(29_999));
        let rejected = breaker.try_acquire().unwrap_err();
        assert_eq!(rejected.reason(), RejectReason::HalfOpenFull);
        assert_eq!(rejected.retry_after().map(Ticks::as_millis), Some(1));
        breaker.clock().advance(millis(1));
        assert_eq!(admitted(&breaker, 10), 1);
    }
    breaker.clock().advance(secs(30));
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn x02_all_of_several_lost_probes_are_given_up() {
    // As above, with three probes of which one had succeeded: the new period starts from nothing.
    let breaker = breaker(builder().probes(3).close_after(3).lease(secs(30)));
    first_probe(&breaker).success();
    assert_eq!(admitted(&breaker, 10), 2);
    breaker.clock().advance(secs(30));
    assert_eq!(admitted(&breaker, 10), 3);
}

#[test]
fn x03_dropped_probe_future_is_settled_as_the_settings_say() {
    // monix#1080, Hystrix PR#1621, tower-resilience PR#407: the probe's future is dropped or cancelled.
    for (outcome, state) in
        [(Outcome::Failure, State::Open), (Outcome::Ignored, State::HalfOpen), (Outcome::Success, State::Closed)]
    {
        let log = Log::default();
        let settings = builder().abandoned(outcome).build().unwrap();
        let breaker = CircuitBreaker::with_listener(Khz::new(), settings, &log);
        first_probe(&breaker).ignored();
        log.take();
        cut_off(&breaker, 5);
        assert_eq!(breaker.state(), state);
        assert!(log.take().contains(&Event::Abandoned(outcome)));
    }
}

#[test]
fn x03_dropped_probe_is_a_failure_only_if_it_ran_long_enough() {
    // As above, for clients that hang up after a moment.
    let breaker = breaker(builder().abandoned_after(secs(1)));
    first_probe(&breaker).ignored();
    cut_off(&breaker, 999);
    assert_eq!(breaker.state(), State::HalfOpen);
    cut_off(&breaker, 1_000);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn x03_future_that_was_never_polled_holds_nothing() {
    // As above: a guarded call takes its permit when it is first polled, not when it is made.
    let breaker = breaker(builder());
    first_probe(&breaker).ignored();
    let made = breaker.call_async(pending::<Result<(), ()>>);
    assert_eq!(admitted(&breaker, 10), 1);
    drop(made);
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[test]
fn x04_panicking_classifier_settles_the_permit() {
    // resilience4j PR#2488 (issue #2324): the error classifier itself panics.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "what a classifier is given")]
    fn classifier(_: &Result<(), ()>) -> Outcome {
        panic!("a bug in the classifier")
    }
    let calls: [fn(&CircuitBreaker<Khz>); 3] = [
        |breaker| assert!(breaker.call_with(classifier, || Ok(())).is_ok()),
        |breaker| assert!(breaker.run(|()| classifier(&Ok(())), || ()).is_ok()),
        |breaker| {
            let mut call = pin!(breaker.call_async_with(classifier, || async { Ok(()) }));
            assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
        },
    ];
    for call in calls {
        let breaker = breaker(builder());
        first_probe(&breaker).ignored();
        assert!(catch_unwind(AssertUnwindSafe(|| call(&breaker))).is_err());
        assert_eq!(breaker.state(), State::Open, "a panic is a failure");
        breaker.clock().advance(secs(10));
        succeed(&breaker);
        assert_eq!(breaker.state(), State::Closed);

        for failures in 1..=3 {
            assert!(catch_unwind(AssertUnwindSafe(|| call(&breaker))).is_err());
            assert_eq!(breaker.tally().failures, failures, "closed, it is counted as well");
        }
    }
}

#[test]
fn x07_straggler_of_a_closed_circuit_does_not_decide_half_open() {
    // opossum, Hystrix#1350, beatlabs/patron#1575: A is admitted while closed, the circuit opens and
    // half-opens, the probe P is in flight, and A succeeds (or fails). The same for B, which is later still:
    // the circuit has closed again.
    for outcome in [Outcome::Success, Outcome::Failure, Outcome::Ignored] {
        let breaker = breaker(builder().consecutive(4));
        fail(&breaker);
        let (straggler, later) = (breaker.try_acquire().unwrap(), breaker.try_acquire().unwrap());
        trip(&breaker);
        let probe = first_probe(&breaker);
        straggler.settle(outcome);
        assert_eq!((breaker.state(), admitted(&breaker, 10)), (State::HalfOpen, 0), "{outcome:?}");
        probe.success();
        assert_eq!((breaker.state(), breaker.tally().failures), (State::Closed, 0));
        fail(&breaker);
        later.settle(outcome);
        assert_eq!((breaker.state(), breaker.tally().failures), (State::Closed, 1), "{outcome:?}");
    }
}

#[test]
fn x08_probe_of_an_earlier_half_open_period_is_stale() {
    // denoland/std#7306: a probe from half-open period 1 finishes in period 2.
    for outcome in [Outcome::Success, Outcome::Failure, Outcome::Ignored] {
        let log = Log::default();
        let settings = builder().probes(2).close_after(2).build().unwrap();
        let breaker = CircuitBreaker::with_listener(Khz::new(), settings, &log);
        let late = first_probe(&breaker);
        breaker.try_acquire().unwrap().failure();
        assert_eq!(breaker.state(), State::Open);
        let probe = first_probe(&breaker);
        log.take();
        late.settle(outcome);
        assert_eq!(log.take(), [Event::Stale(outcome)]);
        assert_eq!((breaker.state(), admitted(&breaker, 10)), (State::HalfOpen, 1), "neither result nor slot");
        probe.success();
        assert_eq!(breaker.state(), State::HalfOpen, "one success of two");
    }
}

#[test]
fn x08_probe_that_was_given_up_is_stale() {
    // As above, the second period being the one after the lease.
    let breaker = breaker(builder().lease(secs(30)));
    let late = first_probe(&breaker);
    breaker.clock().advance(secs(30));
    let probe = breaker.try_acquire().unwrap();
    late.success();
    assert_eq!((breaker.state(), admitted(&breaker, 10)), (State::HalfOpen, 0));
    probe.failure();
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn x09_stale_permits_leave_the_probe_budget_alone() {
    // nv-redfish#211 review, resilience4j (reproduced: 2 permits became 6): stale permits are released or
    // ignored during half-open.
    let breaker = breaker(builder().probes(2).close_after(2).abandoned(Outcome::Ignored));
    let stale: Vec<_> = (0..20).map(|_| breaker.try_acquire().unwrap()).collect();
    let _probe = first_probe(&breaker);
    for (number, permit) in stale.into_iter().enumerate() {
        if number % 2 == 0 { permit.ignored() } else { drop(permit) }
    }
    assert_eq!(admitted(&breaker, 100), 1);
}

#[test]
fn x10_stale_cancel_does_not_reopen() {
    // Hystrix#1853 and #1861: a call of the closed circuit is cancelled during half-open.
    let breaker = breaker(builder());
    let stale = breaker.try_acquire().unwrap();
    let probe = first_probe(&breaker);
    drop(stale);
    assert_eq!(breaker.state(), State::HalfOpen);
    probe.success();
    assert_eq!((breaker.state(), breaker.tally().failures), (State::Closed, 0));
}

#[test]
fn x12_failed_probe_reopens_whatever_the_window_holds() {
    // opossum#276: the window has fewer calls than it takes to judge.
    fn reopens<P: TripPolicy>(settings: fusebox::SettingsBuilder<Khz, P>) {
        let breaker = breaker(settings);
        first_probe(&breaker).failure();
        assert_eq!(breaker.state(), State::Open);
        assert_eq!(left(&breaker), Some(secs(10)));
    }
    common::with_every_policy!(1_000, reopens);
}

#[test]
fn x13_rejection_by_the_second_breaker_returns_the_probe_of_the_first() {
    // Sentinel#1638 and #2136, sentinel-golang#196: two breakers on one call, peer and link. The first
    // grants its probe, the second rejects.
    let (peer, link) = (breaker(builder()), breaker(builder()));
    first_probe(&peer).ignored();
    link.force_open();

    let at_fault = by_error(|error: &Error<&str>| match error {
        Error::Rejected(_) => Outcome::Ignored,
        Error::Inner(_) => Outcome::Failure,
    });
    let answer = peer.call_with(at_fault, || link.call(|| Err::<(), _>("never sent")));
    assert!(matches!(answer, Err(Error::Inner(Error::Rejected(_)))));
    assert_eq!(peer.state(), State::HalfOpen);

    let permit = peer.try_acquire().unwrap();
    assert!(link.try_acquire().is_err());
    permit.ignored();
    assert_eq!(peer.state(), State::HalfOpen);

    link.reset();
    let answer = peer.call_with(at_fault, || link.call(|| Ok::<_, &str>("pong")));
    assert_eq!((answer, peer.state()), (Ok("pong"), State::Closed));
}

#[test]
fn x14_probe_that_was_not_made_after_all_returns_its_slot() {
    // cep21 TestRegression_HalfOpenTokenNotConsumedByThrottle: the probe is granted, then the caller's own
    // limit on concurrent calls rejects.
    let breaker = breaker(builder());
    let probe = first_probe(&breaker);
    let free_connections = 0;
    if free_connections == 0 {
        probe.ignored();
    } else {
        probe.failure();
    }
    assert_eq!((breaker.state(), admitted(&breaker, 10)), (State::HalfOpen, 1));
}

#[test]
fn x15_forced_open_outlasts_a_pending_wait() {
    // resilience4j#991: forced open while the wait of an opening, or a probe, is pending.
    let breaker = breaker(builder());
    trip(&breaker);
    breaker.clock().advance(secs(9));
    breaker.force_open();
    for _ in 0..200 {
        breaker.clock().advance(secs(24 * 3_600));
        let rejected = breaker.try_acquire().unwrap_err();
        assert_eq!((rejected.reason(), rejected.retry_after()), (RejectReason::ForcedOpen, None));
    }
    breaker.automatic();
    let probe = breaker.try_acquire().unwrap();
    breaker.force_open();
    probe.success();
    assert_eq!((breaker.state(), admitted(&breaker, 10)), (State::ForcedOpen, 0));
}

#[test]
fn x24_state_attempts_and_deadline_move_to_new_settings() {
    // resilience4j#2325, PR#2365, #1116, #1514: the configuration is reloaded while open or half-open.
    let before = breaker(builder().backoff_cap(secs(600)));
    trip(&before);
    for _ in 0..2 {
        before.clock().advance(secs(600));
        fail(&before);
    }
    before.clock().advance(secs(15));

    let settings = || builder().wait(secs(20)).backoff_cap(secs(600)).consecutive(3);
    let after = breaker(settings());
    after.clock().set(before.clock().now());
    after.restore(&before.snapshot(), Duration::ZERO);
    let deadline = left(&after);
    assert_eq!(deadline, Some(secs(4 * 20 - 15)), "two failed probes, 15 s ago");

    after.clock().advance(secs(65));
    std::mem::forget(after.try_acquire().unwrap());
    let again = breaker(settings());
    again.restore(&after.snapshot(), Duration::ZERO);
    assert_eq!(again.state(), State::HalfOpen);
    fail(&again);
    assert_eq!(left(&again), Some(secs(8 * 20)), "three failed probes");
}

#[test]
fn x26_failed_probe_reopens_when_the_wait_is_longer_than_the_window() {
    // python-circuit: with reset_timeout >= time_unit a failed probe leaves it half-open, admitting all.
    let breaker = breaker(builder().max_failures::<3>(3, secs(5)).wait(secs(60)));
    trip(&breaker);
    for _ in 0..5 {
        breaker.clock().advance(secs(60));
        fail(&breaker);
        assert_eq!((breaker.state(), admitted(&breaker, 1_000)), (State::Open, 0));
    }
}

#[test]
fn x27_permit_settles_once() {
    // gobreaker's two-step form (reproduced: one probe, done() three times, MaxRequests 3 -> closed). Here
    // settling consumes the permit, so a second time does not compile (see `Permit`), and neither a permit
    // nor a ticket can be copied.
    static_assertions::assert_not_impl_any!(fusebox::Permit<'static, Khz>: Clone, Copy);
    static_assertions::assert_not_impl_any!(fusebox::Ticket: Clone, Copy);
    let breaker = breaker(builder().probes(3).close_after(3));
    first_probe(&breaker).success();
    assert_eq!((breaker.state(), admitted(&breaker, 10)), (State::HalfOpen, 2), "counted once, dropped not at all");
}

#[test]
fn x28_probe_of_a_dead_task_is_made_up_for() {
    // gobreaker (reproduced: runtime.Goexit, or done() dropped: half-open a year later): the task is killed
    // inside the probe. One that unwinds settles its permit, one that vanishes is written off by the lease.
    let clock = Khz::new();
    let breaker = CircuitBreaker::with_settings(&clock, Settings::builder().lease(secs(30)).build().unwrap());
    breaker.open();
    clock.advance(secs(10));
    std::thread::scope(|scope| {
        let task = scope.spawn(|| {
            let _probe = breaker.try_acquire().unwrap();
            panic!("the task dies");
        });
        assert!(task.join().is_err());
    });
    assert_eq!(breaker.state(), State::Open, "an abandoned probe is a failure");

    clock.advance(secs(10));
    std::thread::scope(|scope| {
        scope.spawn(|| std::mem::forget(breaker.try_acquire().unwrap()));
    });
    assert_eq!(admitted(&breaker, 10), 0);
    clock.advance(secs(30));
    assert_eq!(admitted(&breaker, 10), 1);
}

#[test]
fn x28_async_probe_of_a_dead_task_is_made_up_for() {
    // As above: the future's own panic is a failure, and the future can be dropped afterwards.
    let breaker = breaker(builder());
    first_probe(&breaker).ignored();
    let mut call = Box::pin(breaker.call_async(|| async { panic!("the task dies") as Result<(), ()> }));
    let poll =
        catch_unwind(AssertUnwindSafe(|| -> Poll<_> { call.as_mut().poll(&mut Context::from_waker(Waker::noop())) }));
    assert!(poll.is_err());
    drop(call);
    assert_eq!(breaker.state(), State::Open);
}
