//! Y01, Y13 and Y17: windows that hold what they should.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use fusebox::policy::Rates;
use fusebox_peer_tests::Subject;
use fusebox_peer_tests::subjects::ours;

use crate::seen::seen;

/// How many successes come first.
const SUCCESSES: usize = 10_000;
const WAIT: Duration = Duration::from_millis(5);
const WINDOW: Duration = Duration::from_millis(50);
const ROUNDS: usize = 10;

/// Y01: how many failures in a row it takes to open a window of 100 calls that opens on half of them.
fn y01(subject: &impl Subject) -> usize {
    (0..SUCCESSES).for_each(|_| assert!(subject.succeed().made()));
    (0..=SUCCESSES).take_while(|_| subject.fail().made()).count()
}

/// Y13: two probes are to succeed, with longer between them than the window is. How many calls of several rounds are let
/// through.
fn y13(subject: &impl Subject) -> usize {
    subject.trip();
    subject.wait(WAIT);
    let round = |_: &usize| {
        let made = subject.succeed().made();
        subject.wait(WINDOW * 3 / 2);
        made
    };
    (0..ROUNDS).filter(round).count()
}

/// What a window does that opens on half of at least five calls.
#[derive(Debug, PartialEq, Eq)]
enum Short {
    /// It does as its settings say.
    Works,
    /// One failure after twenty successes opens it.
    OpensOnOne,
    /// The caller panics.
    Panics,
}

/// Y17: a window that is shorter than a second.
fn y17(subject: &impl Subject) -> Short {
    let calls = || {
        (0..20).for_each(|_| assert!(subject.succeed().made()));
        subject.fail();
        subject.begin().is_some()
    };
    match catch_unwind(AssertUnwindSafe(calls)) {
        Ok(true) => Short::Works,
        Ok(false) => Short::OpensOnOne,
        Err(_) => Short::Panics,
    }
}

#[test]
fn y01_the_window_of_fusebox_slides() {
    let window = ours::settings(WAIT).count_window::<5, 1>(100, Rates::failures(50));
    let failures = y01(&ours::breaker(window));
    seen("Y01", "fusebox", format_args!("opened after {failures} failures"));
    assert_eq!(failures, 50);
}

#[test]
fn y13_probes_of_fusebox_are_judged_by_their_own_count() {
    let rates = Rates::failures(50).min_calls(2);
    let window = ours::settings(WAIT).time_window::<2, 1>(2, WINDOW / 2, rates);
    let made = y13(&ours::breaker(window.probes(2).close_after(2)));
    seen("Y13", "fusebox", format_args!("{made} of {ROUNDS} calls were made"));
    assert_eq!(made, ROUNDS);
}

#[test]
fn y17_short_windows_of_fusebox_work() {
    for (window, bucket) in [(1_000, 200), (500, 100), (5, 1)] {
        let rates = Rates::failures(50).min_calls(5);
        let settings = ours::settings(WAIT).time_window::<5, 1>(5, Duration::from_millis(bucket), rates);
        let short = y17(&ours::breaker(settings));
        seen("Y17", "fusebox", format_args!("a window of {window} ms: {short:?}"));
        assert_eq!(short, Short::Works);
    }
}

#[cfg(feature = "peers")]
mod peers {
    use super::*;
    use fusebox_peer_tests::subjects::{failsafe, recloser, tower_resilience};
    use tower_resilience_circuitbreaker::SlidingWindowType;

    #[test]
    fn y01_the_window_of_tower_resilience_does_not() {
        let failures = y01(&tower_resilience::breaker(tower_resilience::settings(100, WAIT)).unwrap());
        let times = failures / 50;
        seen(
            "Y01",
            "tower-resilience-circuitbreaker",
            format_args!("opened after {failures} failures that followed {SUCCESSES} successes"),
        );
        assert!(times > 100, "{failures} failures");
    }

    #[test]
    fn y01_the_window_of_recloser_slides_too() {
        let failures = y01(&recloser::breaker(100, Duration::from_secs(10), 1));
        assert_eq!(failures, 50);
    }

    #[test]
    fn y13_tower_resilience_forgets_its_probes() {
        let settings = tower_resilience::settings(2, WAIT).sliding_window_type(SlidingWindowType::TimeBased);
        let settings = settings.sliding_window_duration(WINDOW).minimum_number_of_calls(2);
        let made = y13(&tower_resilience::breaker(settings.permitted_calls_in_half_open(2)).unwrap());
        seen(
            "Y13",
            "tower-resilience-circuitbreaker",
            format_args!("{made} of {ROUNDS} calls were made, then no more"),
        );
        assert_eq!(made, 2);
    }

    #[test]
    fn y17_short_windows_of_failsafe_do_not_work() {
        for (window, expected) in [(1_000, Short::Works), (999, Short::OpensOnOne), (4, Short::Panics)] {
            let short = y17(&failsafe::half_of(Duration::from_millis(window)));
            seen("Y17", "failsafe", format_args!("a window of {window} ms: {short:?}"));
            assert_eq!(short, expected);
        }
    }
}
