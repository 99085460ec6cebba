//! The documented differences, each shown three ways: what the published python-circuit does, what
//! fusebox does, and that the package with only this difference taken away does the same as fusebox.

use fusebox_tests::oracle::{Mend, Oracle};
use fusebox_tests::player::{self, CAPACITY, Played};
use fusebox_tests::skip::skip;
use fusebox_tests::trace::{Ending, Settings, Step, Trace, What};

use Ending::{Fail, Ok as Success, Subclass};
use What::{Begin, Call, End, Open};

/// Plays one trace as published, as fusebox and, with a mend, as the package without the difference.
struct Difference {
    published: Played,
    ours: Played,
    mended: Played,
}

impl Difference {
    /// `None` where the package is not set up.
    fn show(test: &str, mends: &[Mend], settings: Settings, steps: Vec<Step>) -> Option<Self> {
        let Some(mut oracle) = Oracle::start().unwrap() else {
            skip(test, Oracle::MISSING);
            return None;
        };
        let trace = Trace { settings, steps };
        Some(Self {
            published: oracle.play(&trace, &[]).unwrap(),
            mended: oracle.play(&trace, mends).unwrap(),
            ours: player::play(&trace, 0).unwrap(),
        })
    }

    fn is(&self, published: &str, ours: &str) {
        assert_eq!(self.published.to_string(), published, "python-circuit");
        assert_eq!(self.ours.to_string(), ours, "fusebox");
        assert_eq!(self.mended.to_string(), ours, "python-circuit without this difference");
    }
}

const KEEPING: Settings = Settings { keep_history: true, ..Settings::DEFAULT };

fn step(at: u32, what: What) -> Step {
    Step { at, peer: 0, what }
}

/// Four failures at once, which open a circuit with the default settings.
fn tripped(at: u32) -> Vec<Step> {
    vec![step(at, Call(Fail)); 4]
}

#[test]
fn half_open_admits_one_probe_not_everything() {
    let mut steps = tripped(0);
    steps.extend((0..1_000).map(|number| step(10_000, Begin(number))));
    let test = "half_open_admits_one_probe_not_everything";
    let Some(shown) = Difference::show(test, &[Mend::OneProbe], KEEPING, steps) else { return };
    let open = "+c +c +c +o".to_string();
    shown.is(&(open.clone() + &" +h".repeat(1_000)), &(open + " +h" + &" -h".repeat(999)));
}

#[test]
fn a_failed_probe_reopens_even_when_the_failure_rate_is_low() {
    let settings = Settings { wait: 60_000, window: 60_000, ..KEEPING };
    let mut steps = tripped(0);
    steps.extend([60_000, 60_000, 60_001, 119_999, 120_000].map(|at| step(at, Call(Fail))));
    let test = "a_failed_probe_reopens_even_when_the_failure_rate_is_low";
    let Some(shown) = Difference::show(test, &[Mend::Reopen], settings, steps) else { return };
    // It stays half-open while the failures that fall out of the list are a full window old.
    shown.is("+c +c +c +o +h +h +h +o -o", "+c +c +c +o +o -o -o -o +o");
}

#[test]
fn a_result_from_before_the_trip_decides_nothing() {
    let mut steps = vec![step(0, Begin(1))];
    steps.extend(tripped(0));
    steps.extend([step(10_000, Begin(2)), step(10_001, End(1, Success)), step(10_002, End(2, Success))]);
    let test = "a_result_from_before_the_trip_decides_nothing";
    let Some(shown) = Difference::show(test, &[Mend::Stale], KEEPING, steps) else { return };
    shown.is("+c +c +c +c +o +h .c .c", "+c +c +c +c +o +h .h .c");
}

#[test]
fn a_failure_while_open_does_not_restart_the_wait() {
    let mut steps = vec![step(0, Begin(1))];
    steps.extend(tripped(0));
    steps.extend([step(9_000, End(1, Fail)), step(10_000, Call(Success)), step(19_000, Call(Success))]);
    let test = "a_failure_while_open_does_not_restart_the_wait";
    let Some(shown) = Difference::show(test, &[Mend::Open], KEEPING, steps) else { return };
    shown.is("+c +c +c +c +o .o -o +c", "+c +c +c +c +o .o +c +c");
}

#[test]
fn opening_again_by_hand_does_not_restart_the_wait() {
    let steps = vec![step(0, Open), step(9_000, Open), step(10_000, Call(Success)), step(19_000, Call(Success))];
    let test = "opening_again_by_hand_does_not_restart_the_wait";
    let Some(shown) = Difference::show(test, &[Mend::Open], KEEPING, steps) else { return };
    shown.is(".o .o -o +c", ".o .o +c +c");
}

#[test]
fn a_close_clears_the_failures() {
    let mut steps = tripped(0);
    steps.extend([step(10_000, Call(Success)), step(10_001, Call(Fail))]);
    let test = "a_close_clears_the_failures";
    let Some(shown) = Difference::show(test, &[Mend::History], Settings::DEFAULT, steps.clone()) else { return };
    shown.is("+c +c +c +o +c +o", "+c +c +c +o +c +c");
    // With the old rule there is no difference left to take away.
    let Some(kept) = Difference::show(test, &[], KEEPING, steps) else { return };
    kept.is("+c +c +c +o +c +o", "+c +c +c +o +c +o");
}

#[test]
fn a_clock_set_back_does_not_lengthen_the_wait() {
    let hour = 3_600_000;
    let mut steps = tripped(hour);
    steps.extend([0, 1, 10_000].map(|at| step(at, Call(Fail))));
    let test = "a_clock_set_back_does_not_lengthen_the_wait";
    let Some(shown) = Difference::show(test, &[Mend::Clock], KEEPING, steps) else { return };
    assert_eq!(shown.published.to_string(), "+c +c +c +o -o -o -o");
    assert_eq!(shown.ours.to_string(), "+c +c +c +o +o -o +o");
    assert_eq!(shown.mended, shown.ours);

    let mut steps = tripped(hour);
    steps.extend([10_000, hour + 9_999, hour + 10_000].map(|at| step(at, Call(Success))));
    let Some(shown) = Difference::show(test, &[Mend::Clock], KEEPING, steps) else { return };
    // An hour and the wait on top of it, 3,610 s by a clock that lost the hour.
    shown.is("+c +c +c +o -o -o +c", "+c +c +c +o +c +c +c");
}

#[test]
fn polling_does_not_shorten_a_jittered_wait() {
    let settings = Settings { wait: 64_000, jitter: true, ..KEEPING };
    let polls: Vec<u32> = (0..=64_000).step_by(10).collect();
    let test = "polling_does_not_shorten_a_jittered_wait";
    let Some(mut oracle) = Oracle::start().unwrap() else { return skip(test, Oracle::MISSING) };
    let mut waits = Vec::new();
    for opening in 0..200 {
        let start = opening * 977;
        let opened = || tripped(start);
        let mut steps = opened();
        steps.extend(polls.iter().map(|poll| step(start + poll, Call(Fail))));
        let trace = Trace { settings, steps };
        let ours = first_probe(&player::play(&trace, 0).unwrap(), &polls);
        // Asked once, a little before or at that time, it answers the same as when it was polled.
        for (at, admitted) in [(ours.saturating_sub(10), ours == 0), (ours, true)] {
            let mut steps = opened();
            steps.push(step(start + at, Call(Fail)));
            let once = player::play(&Trace { settings, steps }, 0).unwrap();
            assert_eq!(once.verdicts[4].admission == '+', admitted, "opening {opening} at {at} ms");
        }
        waits.push(ours);
        if opening == 0 {
            let published = first_probe(&oracle.play(&trace, &[]).unwrap(), &polls);
            assert!(published < 5_000, "python-circuit waited {published} ms");
        }
    }
    let mean = waits.iter().sum::<u32>() / 200;
    assert!((27_000..37_000).contains(&mean), "the mean of full jitter is half the wait, not {mean} ms");
}

/// When the first call after the trip was admitted.
fn first_probe(played: &Played, polls: &[u32]) -> u32 {
    let admitted = played.verdicts[4..].iter().position(|verdict| verdict.admission == '+');
    polls[admitted.expect("no wait is longer than 64 s")]
}

#[test]
fn a_kind_of_the_error_that_counts_does_count() {
    let steps = vec![step(0, Call(Subclass)); 5];
    let test = "a_kind_of_the_error_that_counts_does_count";
    let Some(shown) = Difference::show(test, &[Mend::Subclass], KEEPING, steps) else { return };
    shown.is("+c +c +c +c +c", "+c +c +c +o -o");
}

#[test]
fn the_set_is_bounded_and_keeps_the_circuits_that_matter() {
    let mut steps = tripped(0);
    steps.extend((1..=1_000).map(|peer| Step { at: 1, peer, what: Call(Success) }));
    steps.push(step(2, Call(Success)));
    let test = "the_set_is_bounded_and_keeps_the_circuits_that_matter";
    let Some(shown) = Difference::show(test, &[], KEEPING, steps) else { return };
    assert_eq!((shown.published.circuits, shown.ours.circuits), (1_001, CAPACITY));
    assert_eq!(shown.published.verdicts, shown.ours.verdicts);
    assert_eq!(shown.ours.verdicts.last().map(|verdict| verdict.admission), Some('-'));
}
