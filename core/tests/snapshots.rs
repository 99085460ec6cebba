//! Snapshots: every state over a reset, with a clock that starts anew.
#![cfg(not(fusebox_loom))]

mod common;

use std::time::Duration;

use common::{Khz, Log, admitted, breaker, builder, fail, left, millis, secs, succeed, trip};
use fusebox::policy::{Rates, TripPolicy};
use fusebox::{CircuitBreaker, Instant, Outcome, SettingsBuilder, Snapshot, SnapshotError, State};

/// The breaker's state in a breaker that is new, at another time by its clock.
fn after_reset<P: TripPolicy>(
    before: &CircuitBreaker<Khz, P>,
    settings: SettingsBuilder<Khz, P>,
) -> CircuitBreaker<Khz, P> {
    let after = breaker(settings);
    after.clock().set(Instant::from_ticks(3));
    after.restore(&Snapshot::from_bytes(before.snapshot().to_bytes()).unwrap(), Duration::ZERO);
    after
}

#[test]
fn every_state_is_taken_over_a_reset() {
    let settings = || builder().backoff_cap(secs(600)).damping(secs(60)).probes(2).close_after(2);
    let states: [fn(&CircuitBreaker<Khz>); 12] = [
        |_| {},
        |breaker| fail(breaker),
        |breaker| trip(breaker),
        |breaker| {
            trip(breaker);
            breaker.clock().advance(secs(10));
            fail(breaker);
        },
        |breaker| assert_eq!(breaker.open_for(secs(3_600)), Ok(())),
        |breaker| {
            breaker.open();
            breaker.half_open();
        },
        |breaker| breaker.force_open(),
        |breaker| breaker.disable(),
        |breaker| breaker.observe(),
        |breaker| {
            breaker.observe();
            (0..4).for_each(|_| fail(breaker));
        },
        |breaker| {
            trip(breaker);
            breaker.clock().advance(secs(10));
            (0..2).for_each(|_| succeed(breaker));
        },
        |breaker| breaker.clock().advance(secs(40 * 24 * 3_600)),
    ];
    for (number, get_there) in states.into_iter().enumerate() {
        let before = breaker(settings());
        before.clock().set(Instant::from_ticks(u32::MAX - 5_000));
        get_there(&before);
        before.clock().advance(secs(3));
        assert_eq!(before.snapshot().state(), before.state(), "state {number}");
        let after = after_reset(&before, settings());
        assert_eq!(after.state(), before.state(), "state {number}");
        assert_eq!(after.retry_after(), before.retry_after(), "state {number}");
        assert_eq!(after.tally(), before.tally(), "state {number}");
        // From here on both do the same.
        for second in 0..200 {
            for breaker in [&before, &after] {
                if second % 3 == 0 {
                    succeed(breaker);
                } else {
                    fail(breaker);
                }
                breaker.clock().advance(secs(1));
            }
            let both = [&before, &after].map(|breaker| (breaker.state(), breaker.retry_after()));
            assert_eq!(both[0], both[1], "state {number}, {second} s later");
        }
    }
}

#[test]
fn probes_that_were_under_way_are_forgotten() {
    let settings = || builder().probes(3).close_after(3);
    let before = breaker(settings());
    common::first_probe(&before).success();
    assert_eq!(admitted(&before, 10), 2);
    let after = after_reset(&before, settings());
    assert_eq!((after.state(), admitted(&after, 10)), (State::HalfOpen, 3));
}

#[test]
fn results_from_before_a_restore_are_stale() {
    let log = Log::default();
    let breaker = CircuitBreaker::with_listener(Khz::new(), builder().build().unwrap(), &log);
    let saved = breaker.snapshot();
    let permit = breaker.try_acquire().unwrap();
    breaker.restore(&saved, Duration::ZERO);
    log.take();
    permit.failure();
    assert_eq!((log.take().len(), breaker.tally().failures), (1, 0));

    let probe = common::first_probe(&breaker);
    breaker.restore(&breaker.snapshot(), Duration::ZERO);
    probe.success();
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[test]
fn time_asleep_counts() {
    let before = breaker(builder());
    before.open();
    before.clock().advance(secs(2));
    for (asleep, rest) in [(0, 8), (3, 5), (7, 1)] {
        let after = breaker(builder());
        after.restore(&before.snapshot(), secs(asleep));
        assert_eq!(left(&after), Some(secs(rest)));
    }
    for asleep in [secs(8), secs(100_000_000), Duration::MAX] {
        let after = breaker(builder());
        after.restore(&before.snapshot(), asleep);
        assert_eq!(admitted(&after, 10), 1);
    }
}

const HALF: Rates = Rates::failures(50).min_calls(10);

#[test]
fn history_is_kept_as_well_as_it_fits() {
    fn failures_to_trip<P: TripPolicy>(settings: fn() -> SettingsBuilder<Khz, P>) -> Option<u32> {
        let before = breaker(settings());
        for _ in 0..2 {
            succeed(&before);
            fail(&before);
            fail(&before);
            before.clock().advance(millis(10));
        }
        assert_eq!(before.state(), State::Closed);
        let after = after_reset(&before, settings());
        (1..=100).find(|_| {
            fail(&after);
            after.state() == State::Open
        })
    }
    let (row, ring, buckets) = (
        || builder().count_window::<1, 1>(31, HALF),
        || builder().count_window::<2, 1>(32, HALF),
        || builder().time_window::<5, 1>(5, secs(10), HALF),
    );
    assert_eq!(failures_to_trip(|| builder().max_failures::<4>(4, secs(60))), Some(1));
    assert_eq!(failures_to_trip(|| builder().max_failures::<8>(8, secs(60))), Some(5), "the latest four");
    assert_eq!(failures_to_trip(|| builder().consecutive(5)), Some(3));
    assert_eq!(failures_to_trip(row), Some(4));
    assert_eq!(failures_to_trip(ring), Some(10), "nothing of a longer window");
    assert_eq!(failures_to_trip(buckets), Some(4));
}

#[test]
fn damaged_bytes_are_refused_and_others_never_stick() {
    let breaker = breaker(builder());
    breaker.open();
    let bytes = breaker.snapshot().to_bytes();
    for bit in 0..8 * Snapshot::LEN {
        let mut damaged = bytes;
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(Snapshot::from_bytes(damaged).is_err(), "bit {bit}");
    }
    assert_eq!(Snapshot::from_bytes([0; Snapshot::LEN]), Err(SnapshotError::Checksum));

    // Whatever is taken for a snapshot is a state that time and good calls lead out of.
    let (mut random, mut taken) = (1_u32, 0);
    for _ in 0..2_000_000 {
        let mut bytes = bytes;
        for byte in bytes.iter_mut().skip(2) {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = (random >> 24) as u8;
        }
        // Ages beyond what a clock measures are refused anyway.
        bytes[11] &= 0x7f;
        let Ok(snapshot) = Snapshot::from_bytes(bytes) else { continue };
        taken += 1;
        breaker.restore(&snapshot, Duration::ZERO);
        if matches!(snapshot.state(), State::ForcedOpen | State::Disabled | State::Observe) {
            breaker.automatic();
        }
        for _ in 0..3 {
            breaker.clock().advance(secs(13 * 24 * 3_600));
            succeed(&breaker);
        }
        assert_eq!(breaker.state(), State::Closed, "{snapshot:?}");
        breaker.try_acquire().unwrap().settle(Outcome::Failure);
    }
    assert!(taken > 0, "some pass the checksum by chance");
}
