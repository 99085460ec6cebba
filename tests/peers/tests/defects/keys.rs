//! Y23: breakers by their key. The registry it was found in is part of a service and in no package, so a small one that
//! evicts as it did, whatever has not been used for the longest time, stands in for it.

use std::collections::VecDeque;
use std::time::Duration;

use fusebox::Settings;
use fusebox_peer_tests::subjects::ours;
use fusebox_peer_tests::{Answer, Subject};
use fusebox_std::{CircuitBreakerSet, StdClock};

use crate::seen::seen;

const CAPACITY: usize = 100;
const MADE_UP: u32 = 10_000;
const ROUTE: u32 = 0;
const HOUR: Duration = Duration::from_secs(3_600);

/// Y23: a route fails until it is rejected, and then there is a flood of made-up keys whose calls succeed. Whether the
/// route is still rejected.
fn y23(mut call: impl FnMut(u32, bool) -> Answer) -> bool {
    assert!((0..100).any(|_| call(ROUTE, false) == Answer::Rejected));
    for key in 1..=MADE_UP {
        call(key, true);
    }
    call(ROUTE, true) == Answer::Rejected
}

#[test]
fn y23_made_up_keys_do_not_evict_what_fusebox_learned() {
    let settings = Settings::builder().wait(HOUR).build().unwrap();
    let set: CircuitBreakerSet<u32, StdClock> =
        CircuitBreakerSet::builder().settings(settings).capacity(CAPACITY).build().unwrap();
    let rejected = y23(|key, succeeds| match set.call(&key, || if succeeds { Ok(()) } else { Err(()) }) {
        Ok(()) => Answer::Done,
        Err(fusebox::Error::Inner(())) => Answer::Failed,
        Err(_) => Answer::Rejected,
    });
    seen("Y23", "fusebox-std", format_args!("still rejected after {MADE_UP} made-up keys: {rejected}"));
    assert!(rejected);
    assert!(set.len() <= CAPACITY);
}

#[test]
fn y23_a_registry_that_evicts_the_oldest_forgets() {
    let mut places = VecDeque::new();
    let rejected = y23(|key, succeeds| {
        if let Some(place) = places.iter().position(|(at, _)| *at == key) {
            places.rotate_left(place);
        } else {
            places.truncate(CAPACITY - 1);
            places.push_front((key, ours::breaker(ours::settings(HOUR))));
        }
        places[0].1.answer(if succeeds { Ok(()) } else { Err(fusebox_peer_tests::Failed) })
    });
    assert!(!rejected, "or the function above finds nothing");
}
