//! The rules of the machine, as far as no hazard is about them: verdicts by rate, damping, observe mode,
//! kept history, and what is said about the time to wait.
#![cfg(not(fusebox_loom))]

mod common;

use std::cell::Cell;
use std::time::Duration;

use common::{Khz, Log, admitted, breaker, builder, fail, first_probe, left, millis, secs, succeed, trip};
use fusebox::clock::{FnClock, ManualClock};
use fusebox::policy::{Rates, Tally, TripPolicy};
use fusebox::{
    CircuitBreaker, CircuitBreakerSet, Event, Instant, Outcome, Peer, Settings, SettingsBuilder, State, Ticks,
    TripReason,
};

/// Lets that many probes through, settles the first ones so, and says what became of the circuit.
fn verdict(probes: u8, min_calls: u32, outcomes: &[Outcome]) -> State {
    let rates = Rates::failures(50).min_calls(min_calls);
    let log = Log::default();
    let settings = builder().count_window::<1, 1>(20, rates).probes(probes).judge_probes_by_rate().keep_history();
    let breaker = CircuitBreaker::with_listener(Khz::new(), settings.build().unwrap(), &log);
    let first = first_probe(&breaker);
    let mut permits = vec![first];
    permits.extend((1..probes).map(|_| breaker.try_acquire().unwrap()));
    assert!(breaker.try_acquire().is_err(), "exactly so many are let through");
    for outcome in outcomes {
        permits.remove(0).settle(*outcome);
    }
    let state = breaker.state();
    // Those that are late change nothing any more.
    if state != State::HalfOpen {
        let (stragglers, tally) = (permits.len(), breaker.tally());
        log.take();
        permits.drain(..).for_each(|late| late.settle(Outcome::Failure));
        assert_eq!((breaker.state(), breaker.tally()), (state, tally));
        assert_eq!(log.take(), vec![Event::Stale(Outcome::Failure); stragglers]);
    }
    permits.into_iter().for_each(std::mem::forget);
    state
}

#[test]
fn rates_judge_once_enough_probes_are_in() {
    use Outcome::{Failure, Success};
    use State::{Closed, HalfOpen, Open};

    // Fewer probes than it takes to trip: all of them are judged.
    assert_eq!(verdict(3, 10, &[Failure, Failure]), HalfOpen);
    assert_eq!(verdict(3, 10, &[Failure, Failure, Failure]), Open);
    assert_eq!(verdict(3, 10, &[Failure, Success, Failure]), Open);
    assert_eq!(verdict(3, 10, &[Failure, Success, Success]), Closed);
    assert_eq!(verdict(2, 10, &[Success, Failure]), Open, "half is 50 %");
    assert_eq!(verdict(1, 1, &[Failure]), Open);
    // More probes than it takes: so many results decide, the others are stragglers.
    assert_eq!(verdict(5, 2, &[Success]), HalfOpen);
    assert_eq!(verdict(5, 2, &[Success, Success]), Closed);
    assert_eq!(verdict(5, 2, &[Success, Failure]), Open);
    assert_eq!(verdict(15, 15, &[Success; 14]), HalfOpen);
    assert_eq!(verdict(15, 15, &[Success; 15]), Closed);
}

#[test]
fn ignored_probes_are_replaced_before_rates_judge() {
    let rates = Rates::failures(50);
    let breaker = breaker(builder().count_window::<1, 1>(20, rates).probes(2).judge_probes_by_rate());
    first_probe(&breaker).ignored();
    for _ in 0..10 {
        breaker.try_acquire().unwrap().ignored();
    }
    succeed(&breaker);
    breaker.try_acquire().unwrap().ignored();
    assert_eq!(breaker.state(), State::HalfOpen);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn slow_success_fails_a_probe_or_counts_in_its_rate() {
    let log = Log::default();
    let settings = builder().slow_call(millis(100)).build().unwrap();
    let by_one = CircuitBreaker::with_listener(Khz::new(), settings, &log);
    first_probe(&by_one).settle_timed(Outcome::Success, millis(101));
    let transition = log.take_transitions().pop().unwrap();
    assert_eq!(transition.cause().trip().map(|trip| trip.reason()), Some(TripReason::SlowProbe));
    assert_eq!(by_one.state(), State::Open);
    first_probe(&by_one).settle_timed(Outcome::Success, millis(100));
    assert_eq!(by_one.state(), State::Closed);

    let rates = Rates::failures(50).slow_calls(100).min_calls(2);
    let settings = || builder().slow_call(millis(100)).count_window::<1, 2>(20, rates).probes(2).judge_probes_by_rate();
    for (last, state) in [(101, State::Open), (100, State::Closed)] {
        let by_rate = breaker(settings());
        first_probe(&by_rate).settle_timed(Outcome::Success, millis(500));
        by_rate.try_acquire().unwrap().settle_timed(Outcome::Success, millis(last));
        assert_eq!(by_rate.state(), state);
    }
}

#[test]
fn damping_lets_the_exponent_fall_one_by_one() {
    let breaker = breaker(builder().consecutive(1).wait(secs(1)).backoff_cap(secs(64)).damping(secs(60)));
    let wait_after = |quiet: u64| {
        breaker.clock().advance(secs(quiet));
        fail(&breaker);
        let wait = breaker.retry_after().unwrap().as_duration();
        breaker.clock().advance(wait);
        succeed(&breaker);
        assert_eq!(breaker.state(), State::Closed);
        wait.as_secs()
    };
    // A link that flaps backs off although each probe succeeds, up to the cap; quiet periods undo it.
    let flapping: Vec<_> = (0..9).map(|_| wait_after(59)).collect();
    assert_eq!(flapping, [1, 2, 4, 8, 16, 32, 64, 64, 64]);
    // 256 s by the exponent, which had gone beyond the cap.
    assert_eq!([60, 60, 60].map(wait_after), [64, 64, 32]);
    assert_eq!([120, 60, 59, 180, 59].map(wait_after), [8, 4, 8, 1, 2]);
    assert_eq!(wait_after(100_000), 1);
}

#[test]
fn observe_mode_simulates_and_rejects_nothing() {
    let log = Log::default();
    let breaker = CircuitBreaker::with_listener(Khz::new(), builder().build().unwrap(), &log);
    breaker.observe();
    log.take();
    trip_observed(&breaker);
    let trips = log.take_transitions();
    assert_eq!((trips.len(), trips[0].observed(), trips[0].to()), (1, true, State::Open));

    for _ in 0..100 {
        let permit = breaker.try_acquire().unwrap();
        assert!(permit.would_reject());
        permit.success();
    }
    assert_eq!((breaker.state(), log.take()), (State::Observe, vec![]), "what was not admitted does not count");

    breaker.clock().advance(secs(10));
    let probe = breaker.try_acquire().unwrap();
    assert!(!probe.would_reject() && breaker.try_acquire().unwrap().would_reject());
    log.take();
    probe.failure();
    assert_eq!(log.take_path(), [(State::HalfOpen, State::Open)]);
    breaker.clock().advance(secs(4));
    breaker.automatic();
    let rejected = breaker.try_acquire().unwrap_err();
    assert_eq!(rejected.retry_after().map(Ticks::as_duration), Some(secs(6)), "it comes into force");
}

/// Failures until the simulation opens.
fn trip_observed(breaker: &CircuitBreaker<Khz, fusebox::policy::MaxFailures<3>, &Log>) {
    for _ in 0..4 {
        let permit = breaker.try_acquire().unwrap();
        assert!(!permit.would_reject());
        permit.failure();
    }
}

#[test]
fn kept_history_opens_again_at_the_first_failure() {
    for (settings, failures) in [(builder().keep_history(), 1), (builder(), 4)] {
        let breaker = breaker(settings);
        trip(&breaker);
        breaker.clock().advance(secs(10));
        succeed(&breaker);
        let needed = (1..=10).find(|_| {
            fail(&breaker);
            breaker.state() == State::Open
        });
        assert_eq!(needed, Some(failures));
    }
}

#[test]
fn lease_that_is_shorter_than_the_wait_ends_first() {
    let breaker = breaker(builder().wait(secs(100)).backoff_cap(secs(50)).lease(millis(1)));
    breaker.open();
    breaker.clock().advance(secs(50));
    for _ in 0..5 {
        assert_eq!(admitted(&breaker, 10), 1, "a cap below the wait is the wait");
        breaker.clock().advance(millis(1));
    }
    fail(&breaker);
    assert_eq!(left(&breaker), Some(secs(50)));
}

#[test]
fn nothing_is_to_be_waited_for_where_calls_go_through() {
    let breaker = breaker(builder().probes(2).close_after(2));
    assert_eq!(breaker.retry_after(), None);
    breaker.open();
    breaker.clock().advance(secs(10));
    assert_eq!(breaker.retry_after(), None, "the wait is over");
    let _first = breaker.try_acquire().unwrap();
    assert_eq!(breaker.retry_after(), None, "there is room for a second probe");
    let _second = breaker.try_acquire().unwrap();
    breaker.clock().advance(secs(20));
    assert_eq!(left(&breaker), Some(secs(40)), "the rest of the lease");
    breaker.force_open();
    assert_eq!(breaker.retry_after(), None, "time alone will not help");

    breaker.reset();
    breaker.observe();
    for _ in 0..4 {
        fail(&breaker);
    }
    assert!(breaker.try_acquire().unwrap().would_reject());
    assert_eq!(breaker.retry_after(), None, "a dry run");
}

#[test]
fn next_deadline_is_the_first_that_is_still_to_come() {
    let clock = Khz::new();
    let mut set = CircuitBreakerSet::<u16, _, 4>::new(&clock);
    assert_eq!(set.next_deadline(), None);
    set.peer(&1).unwrap().open();
    clock.advance(secs(4));
    set.peer(&2).unwrap().open();
    set.peer(&3).unwrap().force_open();
    assert_eq!(set.next_deadline(), Some(Instant::from_ticks(10_000)));
    clock.advance(secs(7));
    assert_eq!(set.next_deadline(), Some(Instant::from_ticks(14_000)), "the first one's is over");
    std::mem::forget(set.peer(&1).unwrap().try_acquire().unwrap());
    clock.advance(secs(5));
    assert_eq!(set.next_deadline(), Some(Instant::from_ticks(71_000)), "a lease");
}

#[test]
fn closed_path_of_the_default_policy_reads_no_clock() {
    let reads = Cell::new(0);
    let clock = FnClock::<1_000, _>::new(|| {
        reads.set(reads.get() + 1);
        0
    });
    let breaker = CircuitBreaker::with_settings(clock, Settings::builder().build().unwrap());
    for _ in 0..1_000 {
        assert_eq!(breaker.call(|| Ok::<_, ()>(5)), Ok(5));
    }
    assert_eq!(reads.get(), 0);
    let _ = breaker.call(|| Err::<(), _>(()));
    assert_eq!(reads.get(), 1);
}

#[test]
fn pair_opens_by_either_and_says_which() {
    let log = Log::default();
    let settings = || builder().count_window::<1, 1>(10, Rates::failures(50)).or_consecutive(3).build().unwrap();
    let in_a_row = CircuitBreaker::with_listener(Khz::new(), settings(), &log);
    trip(&in_a_row);
    let trip = log.take_transitions()[0].cause().trip().unwrap();
    assert_eq!((trip.reason(), trip.failures()), (TripReason::Consecutive, 3));

    let by_rate = CircuitBreaker::with_listener(Khz::new(), settings(), &log);
    for call in 0..10 {
        if call % 2 == 0 { succeed(&by_rate) } else { fail(&by_rate) }
    }
    let trip = log.take_transitions()[0].cause().trip().unwrap();
    assert_eq!((trip.reason(), trip.rate()), (TripReason::FailureRate, 50));
    assert_eq!(by_rate.tally(), Tally { calls: 10, failures: 5, slow: 0 });
}

#[test]
fn abandoned_calls_are_told_as_what_they_count() {
    let log = Log::default();
    let settings = builder().abandoned_after(secs(1)).build().unwrap();
    let breaker = CircuitBreaker::with_listener(Khz::new(), settings, &log);
    drop(breaker.try_acquire());
    assert_eq!((log.take(), breaker.tally().failures), (vec![Event::Abandoned(Outcome::Ignored)], 0));
    let permit = breaker.try_acquire();
    breaker.clock().advance(secs(1));
    drop(permit);
    assert_eq!((log.take(), breaker.tally().failures), (vec![Event::Abandoned(Outcome::Failure)], 1));
}

#[test]
fn a_success_need_not_be_settled_only_if_it_can_never_matter() {
    fn needs_none<P: TripPolicy>(builder: SettingsBuilder<&ManualClock, P>, open: bool) -> bool {
        let clock = ManualClock::new();
        let breaker = CircuitBreaker::with_settings(&clock, builder.build().unwrap());
        if open {
            breaker.open();
            clock.advance_ticks(10_000);
        }
        let peer = Peer::from(&breaker);
        let ticket = peer.try_acquire_ticket().unwrap();
        let needs_none = ticket.needs_no_success::<P>();
        peer.settle_ticket(ticket, Outcome::Ignored);
        needs_none
    }
    let plain = Settings::<&ManualClock>::builder;
    assert!(needs_none(plain(), false));
    assert!(!needs_none(plain(), true), "a probe's success closes");
    assert!(!needs_none(plain().slow_call(Duration::from_secs(1)), false), "it may be slow");
    assert!(!needs_none(plain().consecutive(3), false), "it may end a row that is yet to begin");
    assert!(!needs_none(plain().max_failures::<3>(3, Duration::from_secs(1)).or_consecutive(3), false));
}
