//! What people read: names in logs, sentences of errors, what `{:?}` shows.
#![cfg(not(fusebox_loom))]

mod common;

use std::error::Error as _;

use common::{Khz, breaker, builder, first_probe, millis, secs, trip};
use fusebox::clock::{FnClock, TickCounter};
use fusebox::policy::{Consecutive, Rates, Tally};
use fusebox::{
    Cause, Circuit, CircuitBreaker, CircuitBreakerSet, Clock, Error, Instant, RejectReason, Settings, SettingsError,
    Snapshot, SnapshotError, State, Together, Trip, TripReason, by_error,
};

#[test]
fn states_have_the_names_of_their_metrics() {
    let names = State::ALL.map(|state| (state.as_str(), state.to_string()));
    let expected = ["closed", "open", "half_open", "forced_open", "disabled", "observe"];
    assert_eq!(names, expected.map(|name| (name, name.to_string())));
    assert_eq!(
        format!("{:>9}|{:<9}|", State::Open, State::Closed),
        "     open|closed   |",
        "tables can be made of them"
    );
}

#[test]
fn a_rejection_says_why_and_when_to_come_back() {
    let breaker = breaker(builder());
    trip(&breaker);
    breaker.clock().advance(millis(2_500));
    let open = breaker.try_acquire().map(drop).unwrap_err();
    assert_eq!(open.to_string(), "circuit open, retry in 7500 ms");
    breaker.force_open();
    let forced = breaker.try_acquire().map(drop).unwrap_err();
    assert_eq!(forced.to_string(), "circuit forced open", "time alone will not help");
    breaker.reset();
    let probe = first_probe(&breaker);
    let full = breaker.try_acquire().map(drop).unwrap_err();
    assert_eq!(full.reason(), RejectReason::HalfOpenFull);
    assert_eq!(full.to_string(), "circuit half-open, its probes are under way, retry in 60000 ms");
    probe.success();
    assert_eq!(RejectReason::TableFull.as_str(), "no room for another peer");
}

#[test]
fn an_error_is_the_calls_own_or_the_rejection() {
    let breaker = breaker(builder());
    let number = || "one".parse::<u8>();
    let own = breaker.call(number).unwrap_err();
    assert_eq!(own.to_string(), number().unwrap_err().to_string());
    assert!(own.source().is_none() && own.retry_after().is_none());
    assert_eq!(own.into_inner(), number().err());
    breaker.force_open();
    let rejected = breaker.call(number).unwrap_err();
    assert_eq!(rejected.to_string(), "circuit forced open");
    assert!(rejected.source().is_none() && rejected.retry_after().is_none());
    assert_eq!(rejected.into_inner(), None);
    breaker.open();
    let rejected: Error<()> = breaker.try_acquire().map(drop).unwrap_err().into();
    assert_eq!(rejected.retry_after(), breaker.retry_after());
}

#[test]
fn causes_and_reasons_have_the_names_of_logs_and_the_evidence() {
    let tally = Tally { calls: 30, failures: 10, slow: 20 };
    let reasons = [
        (TripReason::MaxFailures, "max_failures", 33),
        (TripReason::Consecutive, "consecutive", 33),
        (TripReason::FailureRate, "failure_rate", 33),
        (TripReason::SlowRate, "slow_rate", 66),
        (TripReason::Probe, "probe", 33),
        (TripReason::SlowProbe, "slow_probe", 66),
        (TripReason::Custom, "custom", 33),
    ];
    for (reason, name, rate) in reasons {
        let trip = Trip::new(reason, tally);
        assert_eq!((trip.reason().as_str(), trip.rate()), (name, rate));
        assert_eq!((trip.calls(), trip.failures(), trip.slow()), (30, 10, 20));
        assert_eq!(Cause::Tripped(trip).trip(), Some(trip));
        assert_eq!(Cause::ProbesFailed(trip).trip(), Some(trip));
    }
    let none = Trip::new(TripReason::Custom, Tally { calls: 0, failures: 0, slow: 0 });
    assert_eq!(none.rate(), 100, "of no call at all");
    let causes = [
        (Cause::Tripped(none), "tripped"),
        (Cause::WaitOver, "wait_over"),
        (Cause::ProbesFailed(none), "probes_failed"),
        (Cause::ProbesSucceeded, "probes_succeeded"),
        (Cause::LeaseExpired, "lease_expired"),
        (Cause::Manual, "manual"),
        (Cause::Restored, "restored"),
    ];
    for (cause, name) in causes {
        assert_eq!(cause.as_str(), name);
        assert_eq!(cause.trip().is_some(), name == "tripped" || name == "probes_failed");
    }
}

#[test]
fn a_damaged_snapshot_says_what_is_wrong_with_it() {
    let breaker = breaker(builder());
    trip(&breaker);
    breaker.clock().advance(secs(3));
    let snapshot = breaker.snapshot();
    assert_eq!((snapshot.state(), snapshot.age()), (State::Open, 3_000));
    let mut bytes = snapshot.to_bytes();
    bytes[0] ^= 1;
    let texts =
        [SnapshotError::Checksum, SnapshotError::Version, SnapshotError::Contents].map(|error| error.to_string());
    assert_eq!(Snapshot::from_bytes(bytes).unwrap_err().to_string(), texts[0]);
    assert_eq!(texts[0], "the snapshot's checksum does not match");
    assert_eq!(texts[1], "the snapshot has another version");
    assert_eq!(texts[2], "the snapshot describes a state that cannot be");
}

#[test]
fn an_impossible_setting_names_its_field() {
    let errors: [SettingsError; 4] = [
        builder().probes(0).build().unwrap_err(),
        builder().count_window::<1, 1>(10, Rates::failures(0)).build().unwrap_err(),
        builder().count_window::<1, 1>(10, Rates::failures(101)).build().unwrap_err(),
        builder().consecutive(0).build().unwrap_err(),
    ];
    for error in errors {
        let text = error.to_string();
        assert_eq!(text, error.message());
        assert!(text.split_once(": ").is_some_and(|(field, rule)| !field.is_empty() && !rule.is_empty()), "{text}");
    }
}

#[test]
fn debug_shows_where_a_circuit_stands_and_never_needs_it_of_clocks_and_listeners() {
    let breaker = breaker(builder());
    let probe = first_probe(&breaker);
    let text = format!("{breaker:?}");
    for part in ["phase: HalfOpen", "in_flight: 1", "generation: 1", "exponent: 0", "successes: 0", "since: 10000"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(format!("{probe:?}"), "Permit { phase: HalfOpen, .. }");
    assert!(format!("{:?}", breaker.peer()).starts_with("Peer { key: ()"), "{:?}", breaker.peer());
    probe.failure();
    let circuit = Circuit::<Consecutive>::default();
    assert!(format!("{circuit:?}").contains("phase: Closed"));
    assert!(format!("{:?}", builder().probes(0)).contains("error: Some(Probes"), "{:?}", builder().probes(0));
    assert_eq!(format!("{:?}", FnClock::<32_768, _>::new(|| 7)), "FnClock(32768 Hz)");
    assert_eq!(format!("{:?}", by_error(|&(): &()| fusebox::Outcome::Ignored)), "ByError");
    let set = CircuitBreakerSet::<u8, Khz, 2>::new(Khz::new());
    assert!(format!("{set:?}").starts_with("CircuitBreakerSet"), "{set:?}");
    let both = Together((&breaker, &breaker));
    assert!(format!("{both:?}").starts_with("Together"), "{both:?}");
}

#[test]
fn what_was_set_can_be_read() {
    let settings = builder().wait(secs(3)).lease(secs(7)).slow_call(millis(250)).build().unwrap();
    assert_eq!(settings.wait().as_duration(), secs(3));
    assert_eq!(settings.lease().as_duration(), secs(7));
    assert_eq!(settings.slow_call().map(|limit| (limit.as_millis(), limit.hz())), Some((250, 1_000)));
    assert_eq!(Settings::<Khz>::default().slow_call(), None);
    assert_eq!(Settings::<Khz>::default().wait(), Settings::<Khz>::DEFAULT.wait());
    let copy = settings;
    assert_eq!(copy.wait(), Clone::clone(&settings).wait());
}

#[test]
fn counters_and_functions_are_clocks() {
    let counter = TickCounter::<100>::default();
    let breaker = CircuitBreaker::new(&counter);
    breaker.open();
    (0..999).for_each(|_| counter.tick());
    assert!(breaker.try_acquire().is_err(), "one tick is missing of 10 s at 100 Hz");
    counter.tick();
    assert!(breaker.try_acquire().is_ok());
    assert_eq!(counter.now(), Instant::from_ticks(1_000));
    let read = FnClock::<1_000_000, _>::new(|| 42);
    assert_eq!(read.now(), Instant::from_ticks(42));
    assert_eq!(<FnClock<1_000_000> as Clock>::HZ, 1_000_000);
}

#[cfg(feature = "fugit")]
#[test]
fn monotonics_of_fugit_are_clocks_of_their_rate() {
    use fugit::kind::Monotonic;
    use fusebox::clock::FugitClock;

    const fn hz<C: Clock>(_: &C) -> u32 {
        C::HZ
    }
    let narrow = FugitClock::new(|| fugit::Instant::<u32, 1, 32_768, Monotonic>::from_ticks(5));
    let wide = FugitClock::new(|| fugit::Instant::<u64, 1, 1_000_000, Monotonic>::from_ticks((1 << 32) + 6));
    assert_eq!((narrow.now(), hz(&narrow)), (Instant::from_ticks(5), 32_768));
    assert_eq!((wide.now(), hz(&wide)), (Instant::from_ticks(6), 1_000_000), "the low half counts");
    let copy = narrow;
    assert_eq!(format!("{:?}", Clone::clone(&copy)), "FugitClock(32768 Hz)");
}
