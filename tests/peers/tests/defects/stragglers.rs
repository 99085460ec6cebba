//! Y08 and Y19: calls that come back late.

use std::time::Duration;

use fusebox_peer_tests::Subject;
use fusebox_peer_tests::subjects::ours;

use crate::seen::seen;

const WAIT: Duration = Duration::from_millis(20);
const OPENINGS: usize = 4;

/// Y08: whether a call is let through after a call from before succeeded and the probe failed.
fn y08(subject: &impl Subject) -> bool {
    let straggler = subject.begin().unwrap();
    subject.trip();
    subject.wait(WAIT * 2);
    let probe = subject.begin().unwrap();
    straggler.succeed();
    probe.fail();
    subject.begin().is_some()
}

/// Y19: waits double from `WAIT` on, and a call from before succeeds in each. How many of several are over after three
/// halves of the first.
fn y19(subject: &impl Subject) -> usize {
    let mut stragglers: Vec<_> = (0..OPENINGS).map(|_| subject.begin().unwrap()).collect();
    subject.trip();
    let opening = |_: &usize| {
        stragglers.pop().unwrap().succeed();
        subject.wait(WAIT * 3 / 2);
        let early = subject.begin();
        let is_early = early.is_some();
        let probe = early.or_else(|| {
            subject.wait(WAIT * 16);
            subject.begin()
        });
        probe.unwrap().fail();
        is_early
    };
    (0..OPENINGS).filter(opening).count()
}

#[test]
fn y08_a_straggler_does_not_close_fusebox() {
    let closed = y08(&ours::breaker(ours::settings(WAIT).consecutive(4)));
    seen("Y08", "fusebox", format_args!("let through after the probe failed: {closed}"));
    assert!(!closed);
}

#[test]
fn y19_a_straggler_leaves_the_back_off_of_fusebox_alone() {
    let short = y19(&ours::breaker(ours::settings(WAIT).consecutive(4).backoff_cap(WAIT * 100)));
    seen("Y19", "fusebox", format_args!("{short} of {OPENINGS} waits was as short as the first"));
    assert_eq!(short, 1);
}

#[cfg(feature = "peers")]
mod peers {
    use super::*;
    use ::failsafe::Config;
    use fusebox_peer_tests::subjects::{failsafe, tower_resilience};

    #[test]
    fn y08_a_straggler_closes_peers() {
        let tower_resilience = tower_resilience::breaker(tower_resilience::settings(10, WAIT)).unwrap();
        for (package, closed) in [
            ("failsafe", y08(&failsafe::consecutive(WAIT))),
            ("tower-resilience-circuitbreaker", y08(&tower_resilience)),
        ] {
            seen("Y08", package, format_args!("let through after the probe failed: {closed}"));
            assert!(closed, "{package}");
        }
    }

    #[test]
    fn y19_a_straggler_resets_the_back_off_of_failsafe() {
        let doubling = (0..10).map(|failed| WAIT * (1 << failed));
        let breaker = Config::new().failure_policy(failsafe::four_in_a_row(doubling)).build();
        let short = y19(&breaker);
        seen("Y19", "failsafe", format_args!("{short} of {OPENINGS} waits were as short as the first"));
        assert_eq!(short, OPENINGS);
    }
}
