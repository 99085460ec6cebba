//! Hazards found in the Rust peers.
//!
//! Elsewhere: Y02 and Y11 are in `allocations.rs`, Y04 and Y05 in `hazards_threads.rs` and in the loom tests,
//! Y17 and Y22 in `hazards_time.rs`, Y18 in `hazards_listeners.rs`, Y23 in `hazards_set.rs`.
//!
//! Not in core:
//! - Y10, gauges that do not add up: core has no gauges. The sum over states is tested where metrics are made,
//!   in `fusebox-prometheus`. What it rests on, that a circuit is in one state at any time, is a single
//!   word here.
//! - Y12, Tower's contract: tested with `fusebox-std`, which has the Tower layer.
#![cfg(not(fusebox_loom))]

mod common;

use std::cell::Cell;
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use common::{
    Khz, Log, admitted, breaker, builder, builder_at, fail, first_probe, left, millis, secs, succeed, ticks_left, trip,
};
use fusebox::clock::FnClock;
use fusebox::policy::{Rates, TimeWindow, TripPolicy};
use fusebox::{Circuit, CircuitBreaker, Outcome, RejectReason, Settings, SettingsBuilder, SettingsError, State};

/// A guarded call that hangs until a timeout around it drops it.
fn cut_off<P: TripPolicy>(breaker: &CircuitBreaker<Khz, P>) {
    let mut call = pin!(breaker.call_async(pending::<Result<(), ()>>));
    let _ = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    breaker.clock().advance(millis(200));
}

#[test]
fn y01_count_window_holds_the_last_results() {
    // tower-resilience 0.14: the window never slides; after 100,000 successes it took 100,000 straight
    // failures to open a 50 % window of 100.
    fn check<P: TripPolicy>(settings: SettingsBuilder<Khz, P>, half: usize) {
        let breaker = breaker(settings);
        for _ in 0..100_000 {
            succeed(&breaker);
        }
        let opened_by = (1..=100_000).find(|_| {
            fail(&breaker);
            breaker.state() == State::Open
        });
        assert_eq!(opened_by, Some(half));
    }
    let rates = Rates::failures(50);
    check(builder().count_window::<1, 1>(1, rates), 1);
    check(builder().count_window::<1, 1>(10, rates), 5);
    check(builder().count_window::<1, 1>(31, rates), 16);
    check(builder().count_window::<2, 1>(31, rates), 16);
    check(builder().count_window::<2, 1>(32, rates), 16);
    check(builder().count_window::<5, 1>(100, rates), 50);
    check(builder().slow_call(secs(1)).count_window::<5, 2>(100, rates.slow_calls(50)), 50);
    check(builder().count_window::<33, 1>(1_000, rates), 500);
}

#[test]
fn y03_timed_out_probes_do_not_use_up_the_circuit() {
    // circuitbreaker-rs 0.1: after six timed-out probes nothing is admitted ever again.
    for outcome in [Outcome::Failure, Outcome::Ignored] {
        let breaker = breaker(builder().probes(3).close_after(3).abandoned(outcome));
        breaker.open();
        for _ in 0..100 {
            breaker.clock().advance(secs(10));
            cut_off(&breaker);
        }
        breaker.clock().advance(secs(10));
        assert_eq!(admitted(&breaker, 100), 3, "{outcome:?}");
    }
}

#[test]
fn y06_half_open_admits_no_more_than_its_probes() {
    // failsafe, recloser, reliakit, tower-circuitbreaker, nobreak: 10,000 of 10,000 are admitted.
    for probes in 1..=15 {
        for close_after in 1..=15 {
            let breaker = breaker(builder().probes(probes).close_after(close_after));
            first_probe(&breaker).ignored();
            assert_eq!(admitted(&breaker, 10_000), usize::from(probes.min(close_after)));
        }
    }
}

#[test]
fn y07_hung_calls_and_panics_trip() {
    // failsafe, recloser, tower-resilience, circuitbreaker-rs, nobreak: 200 hung calls that an outer timeout
    // cuts off, then 200 panics, and it is still closed.
    thread_local!(static MADE: Cell<u32> = const { Cell::new(0) });
    fn panicking() -> Result<(), ()> {
        MADE.set(MADE.get() + 1);
        panic!("a bug in the call")
    }
    let ways: [fn(&CircuitBreaker<Khz>); 3] = [
        |breaker| assert!(breaker.call(panicking).is_err()),
        |breaker| {
            let call = pin!(breaker.call_async(|| async { panicking() }));
            assert!(call.poll(&mut Context::from_waker(Waker::noop())).is_ready());
        },
        |breaker| {
            let call = pin!(breaker.call_async(|| std::future::ready(panicking())));
            assert!(call.poll(&mut Context::from_waker(Waker::noop())).is_ready());
        },
    ];
    for call in ways {
        let breaker = breaker(builder());
        MADE.set(0);
        let unwound = (0..200).filter(|_| catch_unwind(AssertUnwindSafe(|| call(&breaker))).is_err());
        assert_eq!((unwound.count(), MADE.get()), (4, 4), "the rest is rejected");
        assert_eq!(breaker.state(), State::Open);
    }

    let hung = breaker(builder());
    (0..200).for_each(|_| cut_off(&hung));
    assert_eq!(hung.state(), State::Open);

    let hung = breaker(builder().abandoned_after(millis(200)));
    (0..200).for_each(|_| cut_off(&hung));
    assert_eq!(hung.state(), State::Open);

    for forgiving in [builder().abandoned(Outcome::Ignored), builder().abandoned_after(millis(201))] {
        let hung = breaker(forgiving);
        (0..200).for_each(|_| cut_off(&hung));
        assert_eq!((hung.state(), hung.tally().failures), (State::Closed, 0), "as the settings say");
    }
}

#[test]
fn y08_straggler_does_not_close_half_open_while_the_probe_is_pending() {
    // failsafe, tower-resilience.
    fn check<P: TripPolicy>(settings: SettingsBuilder<Khz, P>) {
        let log = Log::default();
        let breaker = CircuitBreaker::with_listener(Khz::new(), settings.build().unwrap(), &log);
        let straggler = breaker.try_acquire().unwrap();
        trip(&breaker);
        breaker.clock().advance(secs(10));
        let probe = breaker.try_acquire().unwrap();
        log.take();
        straggler.success();
        assert_eq!((breaker.state(), log.take_path()), (State::HalfOpen, vec![]));
        probe.failure();
        assert_eq!(breaker.state(), State::Open);
    }
    common::with_every_policy!(1_000, check);
}

#[test]
fn y09_stragglers_do_not_unbalance_the_probe_count() {
    // allframe-core: one straggler wraps the counter of calls in flight, and everything is rejected.
    for outcome in [Outcome::Success, Outcome::Failure, Outcome::Ignored] {
        let breaker = breaker(builder().probes(2).close_after(2));
        let mut stragglers: Vec<_> = (0..40).map(|_| breaker.try_acquire().unwrap()).collect();
        let half_open = |breaker: &CircuitBreaker<Khz>| {
            breaker.open();
            breaker.half_open();
        };
        half_open(&breaker);
        stragglers.drain(..20).for_each(|permit| permit.settle(outcome));
        let probes = [breaker.try_acquire().unwrap(), breaker.try_acquire().unwrap()];
        for permit in stragglers {
            permit.settle(outcome);
        }
        assert_eq!((breaker.state(), admitted(&breaker, 10)), (State::HalfOpen, 0));
        for probe in probes {
            probe.success();
        }
        assert_eq!(breaker.state(), State::Closed);
        half_open(&breaker);
        assert_eq!(admitted(&breaker, 10), 2, "{outcome:?}");
    }
}

#[test]
fn y13_probes_are_judged_by_their_own_count() {
    // tower-resilience: two probes and a short time window, half-open for ever on a healthy peer.
    let rates = Rates::failures(50).min_calls(2);
    let breaker = breaker(builder().time_window::<2, 1>(2, millis(50), rates).close_after(2));
    first_probe(&breaker).success();
    breaker.clock().advance(secs(30));
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);

    let settings = builder().time_window::<2, 1>(2, millis(50), rates).probes(2).judge_probes_by_rate();
    let breaker = common::breaker(settings);
    first_probe(&breaker).success();
    breaker.clock().advance(secs(30));
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn y14_numbers_of_probes_that_cannot_work_are_refused() {
    // tower-resilience: `permitted_calls_in_half_open(0)` is accepted and never recovers.
    for probes in 0..=u8::MAX {
        let possible = (1..=15).contains(&probes);
        let (admits, closes) = (builder().probes(probes).build(), builder().close_after(probes).build());
        assert_eq!(admits.err(), (!possible).then_some(SettingsError::Probes));
        assert_eq!(closes.err(), (!possible).then_some(SettingsError::CloseAfter));
    }
    for probes in 1..=15 {
        let breaker = breaker(builder().probes(probes).close_after(probes));
        first_probe(&breaker).success();
        for _ in 1..probes {
            assert_eq!(breaker.state(), State::HalfOpen);
            succeed(&breaker);
        }
        assert_eq!(breaker.state(), State::Closed, "{probes} probes recover");
    }
}

#[test]
fn y15_forced_open_survives_time_and_state() {
    // tower-resilience: `force_open()` on an open breaker does nothing, calls are admitted 10 ms later.
    let states: [fn(&CircuitBreaker<Khz>); 6] = [
        |_| {},
        |breaker| trip(breaker),
        |breaker| std::mem::forget(first_probe(breaker)),
        |breaker| breaker.disable(),
        |breaker| breaker.observe(),
        |breaker| assert_eq!(breaker.open_for(millis(5)), Ok(())),
    ];
    for get_there in states {
        let breaker = breaker(builder().wait(millis(5)).lease(millis(5)));
        let late = breaker.try_acquire().unwrap();
        get_there(&breaker);
        breaker.force_open();
        late.success();
        for _ in 0..100 {
            breaker.clock().advance(millis(10));
            assert_eq!(breaker.try_acquire().unwrap_err().reason(), RejectReason::ForcedOpen);
        }
        // The one that survives as well, and its way out.
        breaker.disable();
        for _ in 0..100 {
            fail(&breaker);
        }
        assert_eq!((breaker.state(), breaker.call(|| Ok::<_, ()>(5))), (State::Disabled, Ok(5)));
        breaker.automatic();
        assert_eq!(breaker.state(), State::Closed);
    }
}

#[test]
fn y16_work_per_call_does_not_grow_with_the_window() {
    // tower-resilience: 38 us a call with 60,000 calls in the window. Time is no measure in a test; what
    // can be counted is memory, fixed by the type, and clock reads, the same for the first call and the last.
    let (reads, now) = (Cell::new(0_u32), Cell::new(0));
    let clock = FnClock::<1_000, _>::new(|| {
        reads.set(reads.get() + 1);
        now.get()
    });
    let rates = Rates::failures(50);
    let settings = Settings::builder().time_window::<10, 1>(10, secs(1), rates).build().unwrap();
    let breaker = CircuitBreaker::with_settings(clock, settings);
    for call in 0..60_000_u32 {
        now.set(call / 8);
        reads.set(0);
        assert_eq!(breaker.call(|| Ok::<_, ()>(())), Ok(()));
        assert_eq!(reads.get(), 1, "call {call}");
    }
    assert_eq!(breaker.tally().calls, 60_000);
    assert!(size_of::<Circuit<TimeWindow<10>>>() <= 8 + 4 * 11 + 4);

    // Policies without time read no clock at all, whatever they hold, until the circuit opens.
    let settings = Settings::builder().count_window::<1, 1>(31, rates).build().unwrap();
    let breaker = CircuitBreaker::with_settings(FnClock::<1_000, _>::new(|| unreachable!()), settings);
    for call in 0..10_000 {
        let _ = breaker.call(|| if call % 3 == 0 { Err(()) } else { Ok(()) });
    }
    assert_eq!((breaker.state(), breaker.settings().policy()), (State::Closed, settings.policy()));
}

#[test]
fn y19_only_a_close_resets_the_back_off() {
    // failsafe: a late success while open resets the back-off: 2, 2, 2, 2 s instead of 2, 3, 5, 9.
    let breaker = breaker(builder().wait(secs(2)).backoff_cap(secs(60)));
    let mut stragglers: Vec<_> = (0..14).map(|_| breaker.try_acquire().unwrap()).collect();
    trip(&breaker);
    for wait in [2, 4, 8, 16, 32, 60, 60] {
        stragglers.pop().unwrap().success();
        assert_eq!(left(&breaker), Some(secs(wait)));
        breaker.clock().advance(secs(wait));
        let probe = breaker.try_acquire().unwrap();
        stragglers.pop().unwrap().success();
        probe.failure();
    }
    breaker.clock().advance(secs(60));
    succeed(&breaker);
    trip(&breaker);
    assert_eq!(left(&breaker), Some(secs(2)), "closed in between");
    breaker.clock().advance(secs(2));
    fail(&breaker);
    breaker.clock().advance(secs(4));
    succeed(&breaker);
    breaker.open();
    assert_eq!(left(&breaker), Some(secs(2)), "also when it is opened by hand");
}

#[test]
fn y20_endless_waits_are_refused_when_built() {
    // failsafe, recloser: an open wait of `Duration::MAX` panics in the caller.
    for forever in [Duration::MAX, Duration::from_secs(u64::MAX), Duration::from_millis(1 << 31)] {
        let errors = [
            (builder().wait(forever).build().err(), SettingsError::Wait),
            (builder().backoff_cap(forever).build().err(), SettingsError::BackoffCap),
            (builder().lease(forever).build().err(), SettingsError::Lease),
            (builder().damping(forever).build().err(), SettingsError::Damping),
            (builder().slow_call(forever).build().err(), SettingsError::SlowCall),
            (builder().abandoned_after(forever).build().err(), SettingsError::AbandonedAfter),
        ];
        for (error, expected) in errors {
            assert_eq!(error, Some(expected));
            assert!(expected.to_string().starts_with(expected.field()), "it names the field: {expected}");
        }
        let breaker = breaker(builder());
        assert_eq!(breaker.open_for(forever), Err(SettingsError::OpenFor));
        assert_eq!(breaker.state(), State::Closed);
    }
    // The longest that can be measured, to the tick; and "until told otherwise" is called forced open.
    let longest = (1 << 31) - 1;
    let breaker = breaker(builder().wait(millis(longest)).lease(millis(longest)));
    std::mem::forget(first_probe(&breaker));
    breaker.clock().advance(millis(longest - 1));
    assert_eq!(admitted(&breaker, 1), 0);
    breaker.clock().advance(millis(1));
    assert_eq!(admitted(&breaker, 10), 1);
}

#[test]
fn y20_longest_waits_work_at_any_clock_rate() {
    // As above: the limit is one of ticks.
    fn check<const HZ: u32>(wait: Duration) {
        let breaker = breaker(builder_at::<HZ>().consecutive(1).wait(wait));
        trip(&breaker);
        let left = ticks_left(&breaker);
        breaker.clock().advance_ticks(left - 1);
        assert_eq!(admitted(&breaker, 1), 0);
        breaker.clock().advance_ticks(1);
        assert_eq!(admitted(&breaker, 1), 1);
    }
    check::<1>(secs((1 << 31) - 1));
    check::<32_768>(secs(65_535));
    check::<1_000_000>(secs(2_147));
    assert_eq!(builder_at::<1_000_000>().wait(secs(2_148)).build().err(), Some(SettingsError::Wait));
}

#[test]
fn y21_empty_windows_and_other_nothings_are_refused() {
    // recloser: with a window of length 0 later callers spin for ever.
    let (half, zero) = (Rates::failures(50), Duration::ZERO);
    for (error, expected) in [
        (builder().max_failures::<3>(3, zero).build().err(), SettingsError::Window),
        (builder().max_failures::<3>(3, millis(1 << 30)).build().err(), SettingsError::Window),
        (builder().max_failures::<3>(4, secs(1)).build().err(), SettingsError::MaxFailures),
        (builder().consecutive(0).build().err(), SettingsError::Consecutive),
        (builder().count_window::<1, 1>(0, half).build().err(), SettingsError::Calls),
        (builder().count_window::<1, 1>(32, half).build().err(), SettingsError::Calls),
        (builder().count_window::<0, 1>(1, half).build().err(), SettingsError::Calls),
        (builder().count_window::<2, 1>(33, half).build().err(), SettingsError::Calls),
        (builder().count_window::<1, 1>(10, half.min_calls(0)).build().err(), SettingsError::MinCalls),
        (builder().count_window::<1, 1>(10, half.min_calls(11)).build().err(), SettingsError::MinCalls),
        (builder().count_window::<1, 1>(10, Rates::failures(0)).build().err(), SettingsError::FailureRate),
        (builder().count_window::<1, 1>(10, Rates::failures(101)).build().err(), SettingsError::FailureRate),
        (builder().count_window::<1, 2>(10, half.slow_calls(0)).build().err(), SettingsError::SlowRate),
        (builder().count_window::<1, 2>(10, half.slow_calls(101)).build().err(), SettingsError::SlowRate),
        (builder().count_window::<1, 1>(10, half.slow_calls(50)).build().err(), SettingsError::SlowRateRoom),
        (builder().count_window::<1, 2>(10, half.slow_calls(50)).build().err(), SettingsError::SlowCallMissing),
        (builder().time_window::<5, 1>(0, secs(1), half).build().err(), SettingsError::Buckets),
        (builder().time_window::<5, 1>(6, secs(1), half).build().err(), SettingsError::Buckets),
        (builder().time_window::<0, 1>(1, secs(1), half).build().err(), SettingsError::Buckets),
        (builder().time_window::<5, 1>(5, zero, half).build().err(), SettingsError::Bucket),
        (builder().time_window::<5, 1>(5, millis(1 << 29), half).build().err(), SettingsError::Bucket),
        (builder().time_window::<5, 1>(5, secs(1), half.min_calls(0)).build().err(), SettingsError::MinCalls),
        (builder().time_window::<5, 1>(5, secs(1), Rates::failures(0)).build().err(), SettingsError::FailureRate),
        (builder().lease(zero).build().err(), SettingsError::Lease),
        (builder().backoff_cap(zero).build().err(), SettingsError::BackoffCap),
        (builder().damping(zero).build().err(), SettingsError::Damping),
        (builder_at::<0>().build().err(), SettingsError::ClockRate),
    ] {
        assert_eq!(error, Some(expected));
    }
    // The smallest that is something works.
    let breaker = breaker(builder().count_window::<1, 1>(1, Rates::failures(1)).wait(zero));
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
    let breaker = common::breaker(builder().time_window::<1, 1>(1, millis(1), half.min_calls(1)));
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
    let breaker = common::breaker(builder().max_failures::<0>(0, millis(1)));
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}
