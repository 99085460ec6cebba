//! Y07: calls that hang, and calls that panic.

use std::time::Duration;

use fusebox_peer_tests::Subject;
use fusebox_peer_tests::subjects::ours;

use crate::seen::seen;

const CALLS: usize = 200;
const LONG: Duration = Duration::from_secs(3_600);

/// Y07: how many of so many calls are made that a timeout cuts off, and then how many of as many that panic.
fn y07(subject: &impl Subject) -> (usize, usize) {
    let hangs = |_: &usize| {
        let hung = subject.begin();
        subject.wait(Duration::from_millis(1));
        hung.is_some()
    };
    let hung = (0..CALLS).filter(hangs).count();
    (hung, (0..CALLS).filter(|_| subject.panics()).count())
}

#[test]
fn y07_calls_that_hang_or_panic_trip_fusebox() {
    let (hung, _) = y07(&ours::breaker(ours::settings(LONG)));
    let limit = Duration::from_millis(1);
    let (hung_long, _) = y07(&ours::breaker(ours::settings(LONG).abandoned_after(limit)));
    let forgiving = ours::settings(LONG).abandoned(fusebox::Outcome::Ignored);
    let (hung_unseen, panicked) = y07(&ours::breaker(forgiving));
    seen("Y07", "fusebox", format_args!("opened after {hung} calls that hung, or {panicked} that panicked"));
    assert_eq!((hung, hung_long), (4, 4));
    assert_eq!((hung_unseen, panicked), (CALLS, 4), "told to ignore those that hang");
}

#[cfg(feature = "peers")]
mod peers {
    use super::*;
    use fusebox_peer_tests::subjects::{circuitbreaker_rs, failsafe, nobreak, recloser, tower_resilience};

    #[test]
    fn y07_neither_trips_peers() {
        let tower_resilience = tower_resilience::breaker(tower_resilience::settings(4, LONG)).unwrap();
        for (package, made) in [
            ("failsafe", y07(&failsafe::consecutive(LONG))),
            ("recloser", y07(&recloser::breaker(4, LONG, 3))),
            ("tower-resilience-circuitbreaker", y07(&tower_resilience)),
            ("circuitbreaker-rs", y07(&circuitbreaker_rs::breaker(4, LONG, 3))),
            ("nobreak", y07(&nobreak::breaker(LONG))),
        ] {
            seen("Y07", package, format_args!("still closed after {} that hung and {} that panicked", made.0, made.1));
            assert_eq!(made, (CALLS, CALLS), "{package}");
        }
    }
}
