//! Windows of calls against the obvious one, and what is kept of them.

use super::*;
use crate::clock::ManualClock;
use std::collections::VecDeque;

/// Every window against the obvious one: a queue of results.
fn holds_exactly_the_last<const WORDS: usize>(calls: u32) {
    let policy = SlowCountWindow::<WORDS> { calls, rates: Rates::failures(50).min_calls(calls).slow_calls(90) };
    let (history, clock) = (SlowCountWindow::<WORDS>::EMPTY, ManualClock::<1_000>::new());
    let mut last = VecDeque::new();
    let mut random = 1u32;
    for turn in 0..calls * 5 + 40 {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // Long clean stretches too, which take a way of their own.
        let dirty = (turn / (2 * calls)).is_multiple_of(2);
        let call = Call { failed: dirty && random >> 31 == 0, slow: dirty && random >> 29 == 0 };
        let trip = policy.record(&history, call, &clock);
        last.push_back(call);
        if last.len() > calls as usize {
            last.pop_front();
        }
        let count = |of: fn(&Call) -> bool| last.iter().filter(|call| of(call)).count() as u32;
        let tally =
            Tally { calls: last.len() as u32, failures: count(|call| call.failed), slow: count(|call| call.slow) };
        assert_eq!(policy.tally::<ManualClock<1_000>>(&history, clock.now()), tally, "call {turn} of {calls}");
        let broken = tally.calls == calls && (tally.failures * 2 >= calls || tally.slow * 10 >= calls * 9);
        assert_eq!(trip.is_some(), broken);
    }
    policy.clear(&history);
    assert_eq!(policy.tally::<ManualClock<1_000>>(&history, clock.now()), Tally::default());
}

#[test]
fn windows_hold_exactly_the_last_results() {
    // Miri is thousands of times slower.
    for calls in (1..=31).step_by(if cfg!(miri) { 10 } else { 1 }) {
        holds_exactly_the_last::<1>(calls);
    }
    if cfg!(miri) {
        return holds_exactly_the_last::<3>(33);
    }
    for calls in [1, 31, 32, 33, 63, 64] {
        holds_exactly_the_last::<3>(calls);
    }
    holds_exactly_the_last::<5>(100);
    holds_exactly_the_last::<33>(1_000);
}

#[test]
fn there_is_room_for_32_calls_a_word_after_the_first() {
    let room = [(0, 0), (1, 31), (2, 32), (3, 64), (33, 1_024), (2_047, 65_472), (2_048, 65_472)];
    for (words, calls) in room {
        assert_eq!(capacity(words), calls, "{words}");
    }
    assert_eq!(capacity(usize::MAX), 65_472);
}

#[test]
fn a_window_without_room_knows_nothing() {
    let policy = SlowCountWindow::<0> { calls: 0, rates: Rates::failures(1).slow_calls(1) };
    let (history, clock) = (SlowCountWindow::<0>::EMPTY, ManualClock::<1_000>::new());
    assert_eq!(policy.record(&history, Call { failed: true, slow: true }, &clock), None);
    assert_eq!(policy.tally::<ManualClock<1_000>>(&history, clock.now()), Tally::default());
}

/// While all results are successes, one more writes nothing.
#[test]
fn a_clean_full_window_stays_as_it_is() {
    let policy = CountWindow::<3> { calls: 40, rates: Rates::failures(50).min_calls(40) };
    let (history, clock) = (CountWindow::<3>::EMPTY, ManualClock::<1_000>::new());
    let words = || history[0].each_ref().map(Cell::load);
    let record = |failed| policy.record(&history, Call { failed, slow: false }, &clock);
    (0..40).for_each(|_| _ = record(false));
    let full = words();
    (0..3).for_each(|_| _ = record(false));
    assert_eq!(words(), full);
    record(true);
    assert_ne!(words(), full);
    // With one failure in it, each result moves on, until that is pushed out.
    for turn in 1..=40 {
        let before = words();
        record(false);
        assert_ne!(words(), before, "{turn}");
    }
    let clean = words();
    record(false);
    assert_eq!(words(), clean);
}

#[test]
fn a_short_window_is_clean_once_it_is_full_of_successes() {
    for calls in 1..=31 {
        let policy = CountWindow::<1> { calls, rates: Rates::failures(50).min_calls(calls) };
        let (history, clock) = (CountWindow::<1>::EMPTY, ManualClock::<1_000>::new());
        let record = |failed| policy.record(&history, Call { failed, slow: false }, &clock);
        let is_clean = || row::is_clean(history[0][0].load(), calls);
        for turn in 0..3 * calls {
            assert_eq!(is_clean(), turn >= calls, "after {turn} of {calls}");
            record(false);
        }
        record(true);
        for turn in 0..calls {
            assert!(!is_clean(), "{turn} after a failure of {calls}");
            record(false);
        }
        assert!(is_clean(), "{calls}");
        assert_eq!(policy.is_seen_to_be_clean(&history[0]), cfg!(target_has_atomic = "64"));
    }
}

#[test]
fn a_short_window_is_saved_whole_and_a_long_one_not_at_all() {
    type Khz = ManualClock<1_000>;
    let rates = Rates::failures(50).min_calls(31);
    let (now, clock) = (Instant::from_ticks(0), Khz::new());
    let policy = CountWindow::<1> { calls: 20, rates };
    let history = CountWindow::<1>::EMPTY;
    for turn in 0..20 {
        policy.record(&history, Call { failed: turn % 3 == 0, slow: false }, &clock);
        let saved = policy.save::<Khz>(&history, now);
        assert_eq!(saved, history[0][0].load());
        let restored = CountWindow::<1>::EMPTY;
        restored[0][0].store(u32::MAX);
        policy.load::<Khz>(&restored, saved, now, 0);
        assert_eq!(restored[0][0].load(), saved);
        // A window of fewer calls cannot have written it.
        let shorter = CountWindow::<1> { calls: turn, rates };
        shorter.load::<Khz>(&restored, saved, now, 0);
        assert_eq!(restored[0][0].load(), 0, "{turn}");
    }
    let long = CountWindow::<3> { calls: 40, rates };
    let history = CountWindow::<3>::EMPTY;
    long.record(&history, Call { failed: true, slow: false }, &clock);
    assert_eq!(long.save::<Khz>(&history, now), 0);
    long.load::<Khz>(&history, 7, now, 0);
    assert_eq!(long.tally::<Khz>(&history, now), Tally::default());
}

#[test]
fn y01_the_window_slides() {
    let policy = CountWindow::<5> { calls: 100, rates: Rates::failures(50).min_calls(100) };
    let (history, clock) = (CountWindow::<5>::EMPTY, ManualClock::<1_000>::new());
    for _ in 0..if cfg!(miri) { 300 } else { 100_000 } {
        assert_eq!(policy.record(&history, Call { failed: false, slow: false }, &clock), None);
    }
    let failures = (1..=100).find(|_| policy.record(&history, Call { failed: true, slow: false }, &clock).is_some());
    assert_eq!(failures, Some(50));
}
