//! Y03, Y06, Y09 and Y14: how many probes there are.

use std::time::Duration;

use fusebox::Outcome;
use fusebox_peer_tests::Subject;
use fusebox_peer_tests::subjects::ours;

use crate::seen::seen;

const WAIT: Duration = Duration::from_millis(2);
const MANY: usize = 10_000;
const ROUNDS: usize = 50;

/// Y03: how many probes of so many are let through that a timeout ends, and how many calls after them.
fn y03(subject: &impl Subject) -> (usize, usize) {
    subject.trip();
    let probe = |_: &usize| {
        subject.wait(WAIT * 2);
        subject.begin().is_some()
    };
    let timed_out = (0..ROUNDS).filter(probe).count();
    subject.wait(WAIT * 2);
    (timed_out, subject.admitted(10))
}

/// Y06: how many of very many calls are let through at once, after the wait.
fn y06(subject: &impl Subject) -> usize {
    subject.trip();
    subject.wait(WAIT * 2);
    subject.admitted(MANY)
}

/// Y09: a call from before succeeds while half-open, and so do the probe and those after it, if there are any: how many.
fn y09(subject: &impl Subject) -> usize {
    let straggler = subject.begin().unwrap();
    subject.trip();
    subject.wait(WAIT * 2);
    let probe = subject.begin().unwrap();
    straggler.succeed();
    probe.succeed();
    let round = |_: &usize| {
        subject.wait(WAIT * 2);
        subject.succeed().made()
    };
    (0..ROUNDS).filter(round).count()
}

/// Y14: how many calls are let through after the wait if no probe is allowed, or nothing if that is refused.
fn y14<S: Subject, E>(built: Result<S, E>) -> Option<usize> {
    let subject = built.ok()?;
    subject.trip();
    let round = |_: &usize| {
        subject.wait(WAIT * 2);
        subject.succeed().made()
    };
    Some((0..ROUNDS).filter(round).count())
}

#[test]
fn y03_probes_of_fusebox_that_time_out_give_their_slots_back() {
    for outcome in [Outcome::Failure, Outcome::Ignored] {
        let settings = ours::settings(WAIT).probes(5).close_after(5).abandoned(outcome);
        let (timed_out, after) = y03(&ours::breaker(settings));
        seen(
            "Y03",
            "fusebox",
            format_args!("{timed_out} of {ROUNDS} probes timed out, then {after} of 10 let through"),
        );
        assert_eq!((timed_out, after), (ROUNDS, 5));
    }
}

#[test]
fn y06_half_open_fusebox_admits_its_probes() {
    for probes in [1, 3] {
        let admitted = y06(&ours::breaker(ours::settings(WAIT).probes(probes).close_after(3)));
        seen("Y06", "fusebox", format_args!("{admitted} of {MANY} calls, {probes} allowed"));
        assert_eq!(admitted, usize::from(probes));
    }
}

#[test]
fn y09_a_straggler_leaves_the_count_of_fusebox_alone() {
    let made = y09(&ours::breaker(ours::settings(WAIT).consecutive(4).close_after(3)));
    seen("Y09", "fusebox", format_args!("{made} of {ROUNDS} later calls let through"));
    assert_eq!(made, ROUNDS);
}

#[test]
fn y14_fusebox_refuses_no_probes() {
    let made = y14(ours::build(ours::settings(WAIT).probes(0)));
    seen("Y14", "fusebox", format_args!("refused when built: {}", made.is_none()));
    assert_eq!(made, None);
}

#[cfg(feature = "peers")]
mod peers {
    use super::*;
    use fusebox_peer_tests::subjects::{
        allframe, circuitbreaker_rs, failsafe, nobreak, recloser, reliakit, tower_circuitbreaker, tower_resilience,
    };

    #[test]
    fn y03_timed_out_probes_use_up_circuitbreaker_rs() {
        let (timed_out, after) = y03(&circuitbreaker_rs::breaker(4, WAIT, 5));
        seen(
            "Y03",
            "circuitbreaker-rs",
            format_args!("{timed_out} of {ROUNDS} probes let through and timed out, then {after} of 10"),
        );
        assert_eq!((timed_out, after), (6, 0));
    }

    #[test]
    fn y06_half_open_peers_admit_everything() {
        for (package, admitted) in [
            ("failsafe", y06(&failsafe::consecutive(WAIT))),
            ("recloser", y06(&recloser::breaker(4, WAIT, 3))),
            ("reliakit-circuit", y06(&reliakit::breaker(WAIT, 0))),
            ("tower-circuitbreaker", y06(&tower_circuitbreaker::breaker(WAIT, 3))),
            ("nobreak", y06(&nobreak::breaker(WAIT))),
        ] {
            seen("Y06", package, format_args!("{admitted} of {MANY} calls"));
            assert_eq!(admitted, MANY, "{package}");
        }
    }

    #[test]
    fn y06_half_open_tower_resilience_admits_its_probes_too() {
        let settings = tower_resilience::settings(10, WAIT).permitted_calls_in_half_open(3);
        assert_eq!(y06(&tower_resilience::breaker(settings).unwrap()), 3);
    }

    #[test]
    fn y09_a_straggler_wraps_the_count_of_allframe() {
        let made = y09(&allframe::breaker(WAIT, 3));
        seen("Y09", "allframe-core", format_args!("{made} of {ROUNDS} later calls let through"));
        assert_eq!(made, 0);
    }

    #[test]
    fn y14_tower_resilience_takes_no_probes_and_never_recovers() {
        let settings = tower_resilience::settings(10, WAIT).permitted_calls_in_half_open(0);
        let made = y14(tower_resilience::breaker(settings));
        seen(
            "Y14",
            "tower-resilience-circuitbreaker",
            format_args!("built, then let through of {ROUNDS} calls: {made:?}"),
        );
        assert_eq!(made, Some(0));
    }
}
