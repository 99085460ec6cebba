//! Tables of one's own: `Peer::new` on circuits that stand anywhere, and tickets that are settled later.
#![cfg(not(fusebox_loom))]

mod common;

use common::{Khz, Log, builder, millis, secs};
use fusebox::policy::{Consecutive, MaxFailures, TripPolicy};
use fusebox::{Circuit, CircuitBreakerSet, Clock, Event, Listener, Outcome, Peer, Settings, Shared, State, Together};

type Row<'a, L> = Peer<'a, Khz, MaxFailures<3>, L, u8>;

fn fail<L: Listener<u8>>(peer: Row<'_, L>, times: usize) {
    for _ in 0..times {
        let ticket = peer.try_acquire_ticket().expect("it is closed");
        peer.settle_ticket(ticket, Outcome::Failure);
    }
}

#[test]
fn tickets_open_and_close_a_circuit_as_permits_do() {
    let log = Log::default();
    let shared = Shared::new(Settings::DEFAULT, Khz::new(), &log);
    let circuits = [const { Circuit::<MaxFailures<3>>::new() }; 2];
    let [first, second] = [Peer::new(&1, &circuits[0], &shared), Peer::new(&2, &circuits[1], &shared)];
    let closed = first.try_acquire_closed().expect("it is closed");
    assert!(!closed.is_probe() && !closed.would_reject() && !closed.may_be_slow());
    assert!(closed.needs_no_success::<MaxFailures<3>>() && !closed.needs_no_success::<Consecutive>());
    first.settle_ticket(closed, Outcome::Success);
    assert!(first.is_clean());
    fail(first, 3);
    assert!(!first.is_clean());
    assert_eq!((first.tally().failures, first.window()), (3, None));
    fail(first, 1);
    assert_eq!((first.state(), second.state(), Clone::clone(&first).key()), (State::Open, State::Closed, &1));
    assert!(first.try_acquire_closed().is_none() && first.try_acquire_ticket().is_err());
    shared.clock().advance(shared.settings().wait().as_duration());
    let probe = first.try_acquire_ticket().expect("the wait is over");
    assert!(probe.is_probe() && first.try_acquire_ticket().is_err());
    first.abandon_ticket(probe, Outcome::Ignored);
    let again = first.try_acquire_ticket().expect("its slot is free");
    first.settle_ticket(again, Outcome::Success);
    assert_eq!(first.state(), State::Closed);
    let heard = shared.listener().take();
    assert!(heard.contains(&Event::Abandoned(Outcome::Ignored)), "{heard:?}");
}

#[test]
fn a_ticket_says_that_it_would_have_been_rejected() {
    let shared = Shared::new(Settings::DEFAULT, Khz::new(), ());
    let circuit = Circuit::<MaxFailures<3>>::new();
    let peer = Row::new(&1, &circuit, &shared);
    peer.observe();
    for rejected in [false, false, false, false, true] {
        let ticket = peer.try_acquire_ticket().expect("observed circuits reject nothing");
        assert_eq!(ticket.would_reject(), rejected);
        peer.settle_ticket(ticket, Outcome::Failure);
    }
}

#[test]
fn a_call_is_slow_beyond_its_limit() {
    let settings = builder().slow_call(millis(200)).build().unwrap();
    let shared = Shared::new(settings, Khz::new(), ());
    let circuit = Circuit::<MaxFailures<3>>::new();
    let peer = Row::new(&1, &circuit, &shared);
    assert!(peer.try_acquire_closed().is_none(), "calls are timed");
    let ticket = peer.try_acquire_ticket().unwrap();
    assert!(ticket.may_be_slow() && !ticket.needs_no_success::<MaxFailures<3>>());
    shared.clock().advance(millis(200));
    assert!(!peer.is_slow_by_now(&ticket));
    shared.clock().advance(millis(1));
    assert!(peer.is_slow_by_now(&ticket));
    peer.settle_ticket(ticket, Outcome::Success);
}

#[test]
fn a_set_takes_the_time_of_a_call_from_who_measured_it() {
    fn settle_after<P: TripPolicy>(settings: Settings<Khz, P>, took: core::time::Duration) -> State {
        let mut set = CircuitBreakerSet::<u8, _, 4, _>::with_settings(Khz::new(), settings);
        assert_eq!(set.capacity(), 4);
        set.peer(&7).expect("there is room").open();
        set.clock().advance(secs(10));
        let probe = set.try_acquire(&7).expect("the wait is over");
        set.settle_timed(probe, Outcome::Success, took);
        set.get(&7).expect("it was just called").state()
    }
    let settings = || builder().slow_call(millis(200)).build().unwrap();
    assert_eq!(settle_after(settings(), millis(200)), State::Closed);
    assert_eq!(settle_after(settings(), millis(201)), State::Open, "a slow probe fails");
}

#[test]
fn peers_and_breakers_guard_one_call_together() {
    let shared = Shared::new(Settings::DEFAULT, Khz::new(), ());
    let circuits = [const { Circuit::<MaxFailures<3>>::new() }; 2];
    let [first, second] = [Row::new(&1, &circuits[0], &shared), Row::new(&2, &circuits[1], &shared)];
    for _ in 0..4 {
        assert!(Together((first, second)).call(|| Err::<(), _>("no answer")).is_err());
    }
    assert_eq!([first.state(), second.state()], [State::Open; 2]);
    assert_eq!(<Khz as Clock>::HZ, 1_000);
}
