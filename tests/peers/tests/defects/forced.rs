//! Y15: a breaker that is forced open.

use std::time::Duration;

use fusebox::CircuitBreaker;
use fusebox_peer_tests::Subject;
use fusebox_peer_tests::subjects::ours;

use crate::seen::seen;

const WAIT: Duration = Duration::from_millis(10);

/// Y15: whether a call is let through when the wait is over of a breaker that was open, and then was forced open.
fn y15<S: Subject>(subject: &S, force_open: impl Fn(&S)) -> bool {
    subject.trip();
    force_open(subject);
    subject.wait(WAIT * 2);
    subject.begin().is_some()
}

#[test]
fn y15_forced_open_fusebox_stays_so() {
    let admitted = y15(&ours::breaker(ours::settings(WAIT)), CircuitBreaker::force_open);
    seen("Y15", "fusebox", format_args!("let through after the wait: {admitted}"));
    assert!(!admitted);
}

#[cfg(feature = "peers")]
mod peers {
    use super::*;
    use fusebox_peer_tests::subjects::tower_resilience;
    use std::task::{Context, Waker};

    #[test]
    fn y15_forced_open_tower_resilience_does_not() {
        let breaker = tower_resilience::breaker(tower_resilience::settings(4, WAIT)).unwrap();
        let admitted = y15(&breaker, |breaker| {
            let breaker = breaker.lock().unwrap();
            let forced = std::pin::pin!(breaker.force_open());
            assert!(forced.poll(&mut Context::from_waker(Waker::noop())).is_ready());
        });
        seen("Y15", "tower-resilience-circuitbreaker", format_args!("let through after the wait: {admitted}"));
        assert!(admitted);
    }
}
