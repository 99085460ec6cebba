//! Windows of time against the obvious one, and what is kept of them.

use super::*;
use crate::clock::ManualClock;
use crate::event::TripReason;

type Khz = ManualClock<1_000>;

fn policy(buckets: u32, bucket: u32) -> SlowTimeWindow<10> {
    let rates = Rates::failures(50).slow_calls(50).min_calls(1_000_000);
    SlowTimeWindow { buckets, bucket: NonZeroU32::new(bucket).unwrap(), rates }
}

/// Every moment against the obvious window: a list of results with their buckets.
#[test]
fn holds_exactly_the_buckets_in_the_window() {
    let (buckets, bucket) = (7, 1_000);
    let policy = policy(buckets, bucket);
    let (history, clock) = (SlowTimeWindow::<10>::EMPTY, Khz::new());
    let mut calls: Vec<(u64, Call)> = Vec::new();
    let (mut now, mut random) = (0u64, 7u32);
    for turn in 0..if cfg!(miri) { 200 } else { 20_000 } {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        now += match random >> 28 {
            0..=9 => u64::from(random >> 8 & 0xff),
            10..=13 => u64::from(random >> 8 & 0xfff),
            14 => 1_000,
            _ => u64::from(random >> 8 & 0xffff),
        };
        clock.set(Instant::from_ticks(now as u32));
        let bucket_of = |time: u64| time / u64::from(bucket);
        calls.retain(|(time, _)| bucket_of(*time) + u64::from(buckets) > bucket_of(now));
        let count = |of: fn(&Call) -> bool| calls.iter().filter(|(_, call)| of(call)).count() as u32;
        let expected =
            Tally { calls: calls.len() as u32, failures: count(|call| call.failed), slow: count(|call| call.slow) };
        assert_eq!(policy.tally::<Khz>(&history, clock.now()), expected, "turn {turn} at {now}");
        let call = Call { failed: random & 1 == 0, slow: random & 6 == 0 };
        assert_eq!(policy.record(&history, call, &clock), None);
        calls.push((now, call));
    }
}

#[test]
fn a_wrap_keeps_the_buckets() {
    let policy = policy(5, 1_000);
    let (history, clock) = (SlowTimeWindow::<10>::EMPTY, Khz::new());
    clock.set(Instant::from_ticks(u32::MAX - 1_999));
    for seconds in 0..5 {
        policy.record(&history, Call { failed: true, slow: false }, &clock);
        assert_eq!(policy.tally::<Khz>(&history, clock.now()).calls, seconds + 1);
        clock.advance_ticks(1_000);
    }
    assert_eq!(policy.tally::<Khz>(&history, clock.now()).calls, 4);
}

#[test]
#[cfg_attr(miri, ignore = "200,000 calls")]
fn counts_beyond_what_fits_keep_the_rate() {
    let policy = policy(5, 1_000);
    let (history, clock) = (SlowTimeWindow::<10>::EMPTY, Khz::new());
    for call in 0..200_000 {
        policy.record(&history, Call { failed: call % 4 == 0, slow: call % 2 == 0 }, &clock);
    }
    let tally = policy.tally::<Khz>(&history, clock.now());
    assert!(tally.calls >= 16_000);
    assert!(tally.failures.abs_diff(tally.calls / 4) < 20, "{tally:?}");
    assert!(tally.slow.abs_diff(tally.calls / 2) < 20, "{tally:?}");
}

/// The first word after the clock went from one moment to another, and what is counted then.
fn moved(from: u32, to: u32) -> (u32, u32) {
    let policy = policy(3, 1_000);
    let (history, clock) = (SlowTimeWindow::<10>::EMPTY, Khz::new());
    for moment in [from, to] {
        clock.set(Instant::from_ticks(moment));
        policy.record(&history, Call { failed: false, slow: false }, &clock);
    }
    (history.start.load(), policy.tally::<Khz>(&history, clock.now()).calls)
}

#[test]
fn buckets_begin_at_multiples_of_their_length_whichever_way_the_clock_goes() {
    let hour = 3_600_000u32;
    let start = 2 * hour;
    for (to, began, counted) in [
        (start + 999, start, 2),
        (start + 1_000, start + 1_000, 2),
        (start + 2_999, start + 2_000, 2),
        (start + 3_000, start + 3_000, 1),
        // As far as two cores may differ.
        (start - 1, start, 2),
        (start - 2, start - 1_000, 2),
        (start - 1_000, start - 1_000, 2),
        (start - 1_001, start - 2_000, 2),
        (start - 5_000, start - 5_000, 2),
        (start - hour, start - hour, 2),
        // Set back by more than that, it is another time altogether.
        (start - hour - 1, start.wrapping_add((u32::MAX - hour) / 1_000 * 1_000), 1),
    ] {
        assert_eq!(moved(start, to), (began, counted), "{to}");
    }
}

#[test]
fn looking_does_not_move_the_window() {
    let policy = policy(3, 1_000);
    let (history, clock) = (SlowTimeWindow::<10>::EMPTY, Khz::new());
    policy.record(&history, Call { failed: true, slow: true }, &clock);
    let at = |moment| policy.tally::<Khz>(&history, Instant::from_ticks(moment)).calls;
    assert_eq!([0, 999, 2_999, 3_000, 3_600_001, u32::MAX, 1].map(at), [1, 1, 1, 0, 0, 1, 1]);
    policy.clear(&history);
    assert_eq!(policy.tally::<Khz>(&history, clock.now()), Tally::default());
}

#[test]
fn its_rates_judge_the_window_and_probes() {
    let rates = Rates::failures(50).min_calls(2);
    let policy = SlowTimeWindow::<10> { rates, ..policy(3, 1_000) };
    let (history, clock) = (SlowTimeWindow::<10>::EMPTY, Khz::new());
    assert_eq!(policy.rates(), Some(rates));
    let failed = Call { failed: true, slow: false };
    assert_eq!((policy.record(&history, failed, &clock), policy.window::<Khz>(&history, clock.now())), (None, None));
    let tally = Tally { calls: 2, failures: 2, slow: 0 };
    assert_eq!(policy.record(&history, failed, &clock), Some(Trip::new(TripReason::FailureRate, tally)));
    assert_eq!(policy.window::<Khz>(&history, clock.now()), Some(tally));
}

#[test]
fn a_full_bucket_is_halved_with_the_first_call_too_many() {
    let policy = policy(3, 1_000);
    let (history, clock) = (SlowTimeWindow::<10>::EMPTY, Khz::new());
    history.tracks[0][0].store(100 << 16 | 0x7ffe);
    history.tracks[1][0].store(50);
    let record = |failed, slow| {
        policy.record(&history, Call { failed, slow }, &clock);
        policy.tally::<Khz>(&history, clock.now())
    };
    assert_eq!(record(true, false), Tally { calls: 0x7fff, failures: 101, slow: 50 });
    assert_eq!(record(true, false), Tally { calls: 0x4000, failures: 51, slow: 25 });
    assert_eq!(record(false, true), Tally { calls: 0x4001, failures: 51, slow: 26 });
}

#[test]
fn the_sums_are_saved_halved_until_they_fit() {
    let policy = policy(3, 1_000);
    let save = |buckets: [u32; 3]| {
        let history = SlowTimeWindow::<10>::EMPTY;
        for (cell, counts) in history.tracks[0].iter().zip(buckets) {
            cell.store(counts);
        }
        policy.save::<Khz>(&history, Instant::from_ticks(0))
    };
    assert_eq!(save([5 << 16 | 9, 2 << 16 | 3, 0]), 7 << 16 | 0xc);
    assert_eq!(save([10 << 16 | 0x7fff, 0, 0]), 10 << 16 | 0x7fff);
    assert_eq!(save([10 << 16 | 0x7fff, 1, 0]), 5 << 16 | 0x4000);
    assert_eq!(save([0x7fff_7fff; 3]), 0x5fff << 16 | 0x5fff);
}

#[test]
fn what_was_saved_is_counted_if_it_is_recent_and_can_be() {
    let policy = policy(3, 1_000);
    let restored = |saved, asleep| {
        let history = SlowTimeWindow::<10>::EMPTY;
        history.tracks[0][1].store(99);
        policy.load::<Khz>(&history, saved, Instant::from_ticks(10_500), asleep);
        history
    };
    let load = |saved, asleep| policy.tally::<Khz>(&restored(saved, asleep), Instant::from_ticks(10_500));
    let tally = |calls, failures| Tally { calls, failures, slow: 0 };
    assert_eq!(load(2 << 16 | 3, 0), tally(3, 2));
    assert_eq!(load(3 << 16 | 3, 2_499), tally(3, 3));
    assert_eq!(load(2 << 16 | 3, 2_501), Tally::default(), "its bucket is out of the window");
    assert_eq!(load(2 << 16 | 3, 3_000), Tally::default());
    // Nor does it come back if the clock is set back.
    assert_eq!([2_999, 3_000, 3_001].map(|asleep| restored(7, asleep).tracks[0][0].load()), [7, 0, 0]);
    assert_eq!(load(2 << 16 | 3, u32::MAX), Tally::default());
    assert_eq!(load(0x7fff_7fff, 0), tally(0x7fff, 0x7fff));
    for unsound in [4 << 16 | 3, 0x8000, 0x8000_8000, 0x8000_0000, 1 << 16] {
        assert_eq!(load(unsound, 0), Tally::default(), "{unsound:#x}");
    }
}
