//! Results of calls that nobody asked for.

use std::time::Duration;

use fusebox::clock::ManualClock;
use fusebox::{Outcome, Settings, State};
use fusebox_std::{CircuitBreakerSet, Counts};

type Clock = &'static ManualClock<1_000>;

fn set(capacity: usize) -> (Clock, CircuitBreakerSet<u64, Clock>) {
    let clock: Clock = Box::leak(Box::new(ManualClock::new()));
    let builder = CircuitBreakerSet::<u64>::builder().clock(clock, Settings::<_>::DEFAULT);
    (clock, builder.counts(Counts::All).capacity(capacity).build().unwrap())
}

#[test]
fn reported_results_count_while_closed_and_are_no_probes() {
    let (clock, peers) = set(1);
    let peer = peers.handle(&1).unwrap();
    peer.report(Outcome::Success);
    peer.report(Outcome::Ignored);
    assert_eq!(peer.tally().failures, 0);
    (0..4).for_each(|_| peer.report(Outcome::Failure));
    assert_eq!(peer.state(), State::Open);

    clock.advance(Duration::from_secs(10));
    let probe = peer.try_acquire().unwrap();
    peer.report(Outcome::Success);
    peer.report(Outcome::Failure);
    assert_eq!(peer.state(), State::HalfOpen, "only the probe decides");
    probe.success();
    assert_eq!(peer.state(), State::Closed);

    let counts = peer.counts();
    assert_eq!((counts.successes, counts.failures, counts.ignored), (3, 5, 1), "two, a probe; four, one; one");
}

#[test]
fn a_failure_reported_to_an_evicted_circuit_brings_it_back() {
    let (_, peers) = set(2);
    let peer = peers.handle(&1).unwrap();
    for key in 100..110 {
        peers.handle(&key).unwrap();
    }
    assert!(peers.get(&1).is_none(), "it made room");
    peer.report(Outcome::Success);
    assert!(peers.get(&1).is_none(), "a success is nothing to remember");
    peer.report(Outcome::Failure);
    assert_eq!(peers.get(&1).map(|circuit| circuit.tally().failures), Some(1));
}
