//! Y18, Y20 and Y21: what never ends.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use fusebox::clock::ManualClock;
use fusebox::policy::{MaxFailures, Rates};
use fusebox::{CircuitBreaker, Event, Listener, Permit, Settings};
use fusebox_peer_tests::Subject;
use fusebox_peer_tests::subjects::ours;

use crate::child::{ENDS, ends};
use crate::seen::seen;

const WAIT: Duration = Duration::from_secs(10);

/// Y18: resets an open breaker whose hook reads it.
fn y18<S: Subject>(subject: &S, reset: impl Fn(&S)) {
    subject.trip();
    reset(subject);
    assert!(subject.succeed().made());
}

/// Y20: whether a breaker that was built to wait for ever panics in the caller when it opens, or nothing if it was
/// refused.
fn y20<S: Subject, E>(built: Result<S, E>) -> Option<bool> {
    let subject = built.ok()?;
    Some(catch_unwind(AssertUnwindSafe(|| subject.trip())).is_err())
}

/// Y21: calls twice through a breaker with a window of no calls, unless it was refused. Whether it was.
fn y21<S: Subject, E>(built: Result<S, E>) -> bool {
    let Ok(subject) = built else { return true };
    let _ = catch_unwind(AssertUnwindSafe(|| subject.fail()));
    subject.fail();
    false
}

/// Reads its breaker at each event.
struct Reading;

static READ: CircuitBreaker<ours::Clock, MaxFailures<3>, Reading> =
    CircuitBreaker::with_listener(ManualClock::new(), Settings::DEFAULT, Reading);

impl Listener for Reading {
    fn on_event(&self, (): &(), _: &Event) {
        let _ = (READ.state(), READ.try_acquire().map(Permit::ignored));
    }
}

#[test]
fn y18_the_hook_of_fusebox_may_read_it() {
    let ended = ends("endless::y18_the_hook_of_fusebox_may_read_it", ENDS, || y18(&READ, CircuitBreaker::reset));
    seen("Y18", "fusebox", format_args!("reset came to its end: {ended}"));
    assert!(ended);
}

#[test]
fn y20_fusebox_refuses_to_wait_for_ever() {
    let panicked = y20(ours::build(ours::settings(Duration::MAX)));
    seen("Y20", "fusebox", format_args!("refused when built: {}", panicked.is_none()));
    assert_eq!(panicked, None);
}

#[test]
fn y21_fusebox_refuses_a_window_of_no_calls() {
    let window = ours::settings(WAIT).count_window::<1, 1>(0, Rates::failures(50));
    let refused = y21(ours::build(window));
    seen("Y21", "fusebox", format_args!("refused when built: {refused}"));
    assert!(refused);
}

#[cfg(feature = "peers")]
mod peers {
    use super::*;
    use crate::child::HANGS;
    use ::failsafe::backoff::{self, Constant};
    use ::failsafe::failure_policy::ConsecutiveFailures;
    use ::failsafe::{Config, Instrument, StateMachine};
    use fusebox_peer_tests::subjects::{failsafe, recloser};
    use std::convert::Infallible;
    use std::sync::OnceLock;

    /// Reads its breaker when it closes.
    struct Reads;

    static READ: OnceLock<StateMachine<ConsecutiveFailures<Constant>, Reads>> = OnceLock::new();

    impl Instrument for Reads {
        fn on_call_rejected(&self) {}
        fn on_open(&self) {}
        fn on_half_open(&self) {}
        fn on_closed(&self) {
            READ.get().map(StateMachine::is_call_permitted);
        }
    }

    #[test]
    fn y18_the_hook_of_failsafe_may_not() {
        let ended = ends("endless::peers::y18_the_hook_of_failsafe_may_not", HANGS, || {
            let policy = failsafe::four_in_a_row(backoff::constant(WAIT));
            y18(
                READ.get_or_init(|| Config::new().failure_policy(policy).instrument(Reads).build()),
                StateMachine::reset,
            );
        });
        seen("Y18", "failsafe", format_args!("reset came to its end within {} s: {ended}", HANGS.as_secs()));
        assert!(!ended);
    }

    #[test]
    fn y20_peers_panic() {
        for (package, panicked) in [
            ("failsafe", y20(Ok::<_, Infallible>(failsafe::consecutive(Duration::MAX)))),
            ("recloser", y20(Ok::<_, Infallible>(recloser::breaker(4, Duration::MAX, 1)))),
        ] {
            seen(
                "Y20",
                package,
                format_args!("built, then panicked in the caller that opened it: {}", panicked == Some(true)),
            );
            assert_eq!(panicked, Some(true), "{package}");
        }
    }

    #[test]
    fn y21_later_callers_of_recloser_spin() {
        let ended = ends("endless::peers::y21_later_callers_of_recloser_spin", HANGS, || {
            y21(Ok::<_, Infallible>(recloser::breaker(0, WAIT, 1)));
        });
        seen("Y21", "recloser", format_args!("the second call came to its end within {} s: {ended}", HANGS.as_secs()));
        assert!(!ended);
    }
}
