//! Calls that the circuits of several sets guard.

use std::time::Duration;

use fusebox::clock::ManualClock;
use fusebox::{Error, Outcome, Settings, State, Together};
use fusebox_std::CircuitBreakerSet;

/// A peer by its name and the link to it by its number, of sets that differ in all but the clock.
#[test]
fn x13_a_probe_of_the_peer_is_given_back_if_the_link_rejects() {
    let clock: &'static ManualClock<1_000> = Box::leak(Box::new(ManualClock::new()));
    let peers = CircuitBreakerSet::<String>::builder().clock(clock, Settings::<_>::DEFAULT).build().unwrap();
    let one_in_a_row = Settings::builder().consecutive(1).build().unwrap();
    let links = CircuitBreakerSet::<u8>::builder().clock(clock, one_in_a_row).build().unwrap();
    let (peer, link) = (peers.handle("inventory").unwrap(), links.handle(&1).unwrap());

    peer.open();
    clock.advance(Duration::from_secs(10));
    link.force_open();
    let both = Together((&peer, &link));
    assert!(matches!(both.call(|| Ok::<_, ()>(())), Err(Error::Rejected(_))));
    assert_eq!((peer.state(), link.counts().rejected_forced_open), (State::HalfOpen, 1));

    link.reset();
    let (probe, passage) = both.try_acquire().unwrap();
    assert!(peer.try_acquire().is_err(), "the only probe is under way");
    probe.success();
    passage.failure();
    assert_eq!((peer.state(), link.state()), (State::Closed, State::Open));

    link.reset();
    let blame =
        |result: &Result<(), ()>| (Outcome::Success, if result.is_ok() { Outcome::Success } else { Outcome::Failure });
    assert!(both.call_with(blame, || Err(())).is_err());
    assert_eq!((peer.state(), link.state()), (State::Closed, State::Open));
}
