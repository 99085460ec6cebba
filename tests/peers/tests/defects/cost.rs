//! Y16: what a call costs as the window fills. Times are only compared with others of the same run, and of each the
//! shortest of several is taken, which an interruption does not make longer.

use std::time::{Duration, Instant};

use fusebox::policy::Rates;
use fusebox_peer_tests::Subject;
use fusebox_peer_tests::subjects::ours;

use crate::seen::seen;

const FEW: usize = 100;
const MANY: usize = 10_000;
const HOUR: Duration = Duration::from_secs(3_600);

/// Y16: how many times as much a call costs with many calls in the window of time as with few.
fn y16<S: Subject>(make: impl Fn() -> S) -> f64 {
    let [few, many] = [FEW, MANY].map(|calls| {
        let subject = make();
        (0..calls).for_each(|_| assert!(subject.succeed().made()));
        let batch = |_| {
            let start = Instant::now();
            (0..20).for_each(|_| assert!(subject.succeed().made()));
            start.elapsed()
        };
        (0..40).map(batch).min().unwrap_or_default()
    });
    many.as_secs_f64() / few.as_secs_f64()
}

#[test]
fn y16_a_call_through_fusebox_costs_the_same() {
    let rates = Rates::failures(50);
    let times = y16(|| ours::breaker(ours::settings(HOUR).time_window::<10, 1>(10, HOUR / 10, rates)));
    seen("Y16", "fusebox", format_args!("{times:.1} times as much with {MANY} calls in the window as with {FEW}"));
    assert!(times < 4.0, "{times}");
}

#[cfg(feature = "peers")]
mod peers {
    use super::*;
    use fusebox_peer_tests::subjects::tower_resilience;
    use tower_resilience_circuitbreaker::SlidingWindowType;

    #[test]
    fn y16_a_call_through_tower_resilience_reads_the_whole_window() {
        let times = y16(|| {
            let settings = tower_resilience::settings(100, HOUR).sliding_window_type(SlidingWindowType::TimeBased);
            tower_resilience::breaker(settings.sliding_window_duration(HOUR)).unwrap()
        });
        seen(
            "Y16",
            "tower-resilience-circuitbreaker",
            format_args!("{times:.1} times as much with {MANY} calls in the window as with {FEW}"),
        );
        assert!(times > 4.0, "{times}");
    }
}
