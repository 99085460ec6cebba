//! Hazards of keyed tables: bounded, and what was learned about a peer in trouble is never pushed out.
#![cfg(not(fusebox_loom))]

mod common;

use std::sync::Mutex;

use common::{Khz, secs};
use fusebox::{
    CircuitBreakerSet, Event, Listener, Outcome, Peer, RejectReason, Settings, SettingsBuilder, State, Ticks, WhenFull,
    policy::{Consecutive, MaxFailures},
};

/// Keeps what it is told, and of whom.
#[derive(Default)]
struct Told(Mutex<Vec<(u16, Event)>>);

impl Told {
    fn take(&self) -> Vec<(u16, Event)> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Listener<u16> for &Told {
    fn on_event(&self, peer: &u16, event: &Event) {
        self.0.lock().unwrap().push((*peer, *event));
    }
}

type Handle<'a> = Peer<'a, &'a Khz, MaxFailures<3>, &'a Told, u16>;
type Set<'a, const N: usize> = CircuitBreakerSet<u16, &'a Khz, N, MaxFailures<3>, &'a Told>;

fn settings<'a>() -> SettingsBuilder<&'a Khz> {
    Settings::builder().backoff_cap(secs(600)).damping(secs(300))
}

fn set<'a, const N: usize>(clock: &'a Khz, told: &'a Told) -> Set<'a, N> {
    Set::with_listener(clock, settings().build().unwrap(), told)
}

fn fail(peer: Handle<'_>, times: usize) {
    for _ in 0..times {
        peer.try_acquire().unwrap().failure();
    }
}

type GetThere = fn(Handle<'_>, &Khz);

/// Every state in which a peer has to keep its place, and how it gets there.
const IN_TROUBLE: [(&str, State, GetThere); 9] = [
    ("tripped", State::Open, |peer, _| fail(peer, 4)),
    ("tripped, the wait is over", State::Open, |peer, clock| {
        fail(peer, 4);
        clock.advance(secs(24 * 3_600));
    }),
    ("a probe is under way", State::HalfOpen, |peer, clock| {
        peer.open();
        clock.advance(secs(10));
        std::mem::forget(peer.try_acquire().unwrap());
    }),
    ("no probe is under way", State::HalfOpen, |peer, _| {
        peer.open();
        peer.half_open();
    }),
    ("forced open", State::ForcedOpen, |peer, _| peer.force_open()),
    ("disabled", State::Disabled, |peer, _| peer.disable()),
    ("observed", State::Observe, |peer, _| peer.observe()),
    ("failing", State::Closed, |peer, _| fail(peer, 1)),
    ("recovering", State::Closed, |peer, clock| {
        peer.open();
        clock.advance(secs(10));
        peer.try_acquire().unwrap().success();
    }),
];

#[test]
fn x23_peers_in_trouble_keep_their_place_in_a_full_table() {
    // fedify#916, OmniRoute#4114, opossum#363, resilience4j#2243: N places, and another peer.
    for (name, state, get_there) in IN_TROUBLE {
        let (clock, told) = (Khz::new(), Told::default());
        let mut set = set::<1>(&clock, &told);
        get_there(set.peer(&1).unwrap(), &clock);
        let before = set.get(&1).unwrap().snapshot();
        told.take();

        assert_eq!(set.peer(&2).unwrap_err().reason(), RejectReason::TableFull, "{name}");
        assert_eq!(set.try_acquire(&2).unwrap_err().reason(), RejectReason::TableFull, "{name}");
        let refused = (2, Event::TableFull { admitted: false });
        assert_eq!(told.take(), [refused, refused], "{name}: refusals are told");

        set.set_when_full(WhenFull::AdmitUntracked);
        for _ in 0..10 {
            let untracked = set.peer(&2).unwrap();
            assert_eq!((untracked.state(), *untracked.key()), (State::Disabled, 2), "{name}");
            untracked.try_acquire().unwrap().failure();
            let ticket = set.try_acquire(&2).unwrap();
            set.settle(ticket, Outcome::Failure);
        }
        let admitted = (2, Event::TableFull { admitted: true });
        assert!(told.take().iter().all(|event| *event == admitted), "{name}: and so are admissions");

        let peer = set.get(&1).unwrap();
        assert_eq!((peer.state(), peer.snapshot(), set.len()), (state, before, 1), "{name}: nothing changed");
        assert!(set.get(&2).is_none());
    }
}

#[test]
fn x23_clean_closed_peer_makes_room_and_is_told() {
    // As above: N + 1 distinct peers that work.
    let (clock, told) = (Khz::new(), Told::default());
    let mut set = set::<4>(&clock, &told);
    for key in 0..1_000 {
        let peer = set.peer(&key).unwrap();
        peer.try_acquire().unwrap().success();
        assert!(set.len() <= 4 && set.get(&key).is_some());
    }
    let told = told.take();
    assert_eq!(told.len(), 996);
    assert!(told.iter().all(|(_, event)| *event == Event::Evicted));
    let mut evicted: Vec<_> = told.iter().map(|(key, _)| *key).collect();
    evicted.sort_unstable();
    evicted.dedup();
    assert_eq!(evicted.len(), 996, "each is told once, under its own key");
    assert!(evicted.iter().all(|key| set.get(key).is_none()));
}

#[test]
fn x23_peer_makes_room_once_its_trouble_is_over() {
    // As above: a failure that left the window, and a recovery that lasted.
    let (clock, told) = (Khz::new(), Told::default());
    let mut set = set::<1>(&clock, &told);
    fail(set.peer(&1).unwrap(), 3);
    clock.advance(secs(59));
    assert!(set.peer(&2).is_err());
    clock.advance(secs(1));
    let peer = set.peer(&2).unwrap();

    peer.open();
    clock.advance(secs(10));
    peer.try_acquire().unwrap().success();
    clock.advance(secs(299));
    assert!(set.peer(&3).is_err());
    clock.advance(secs(1));
    assert!(set.peer(&3).is_ok());
}

#[test]
fn x23_tickets_of_a_peer_that_left_settle_nothing() {
    // As above: calls are under way when their peer makes room, is removed, or is made anew in its place.
    let (clock, told) = (Khz::new(), Told::default());
    let settings = Settings::builder().consecutive(1).build().unwrap();
    let mut set = CircuitBreakerSet::<u16, _, 1, Consecutive, _>::with_listener(&clock, settings, &told);
    for outcome in [Outcome::Failure, Outcome::Success, Outcome::Ignored] {
        let mut tickets: Vec<_> = (0..2).map(|_| set.try_acquire(&1).unwrap()).collect();
        assert_eq!(set.peer(&2).unwrap().state(), State::Closed);
        set.settle(tickets.remove(0), outcome);
        assert_eq!(set.get(&2).unwrap().state(), State::Closed, "{outcome:?}: another peer's failure");

        assert!(set.remove(&2) && !set.remove(&2) && set.is_empty());
        set.settle(tickets.remove(0), outcome);
        assert!(set.get(&1).is_none());

        let ticket = set.try_acquire(&1).unwrap();
        assert!(set.remove(&1));
        let peer = set.peer(&1).unwrap();
        peer.try_acquire().unwrap().success();
        set.settle(ticket, outcome);
        assert_eq!(set.get(&1).unwrap().state(), State::Closed, "{outcome:?}: before it was made anew");

        // A probe's ticket, and the same peer half-open again.
        let peer = set.get(&1).unwrap();
        peer.open();
        clock.advance(secs(10));
        let ticket = set.try_acquire(&1).unwrap();
        assert!(set.remove(&1));
        let peer = set.peer(&1).unwrap();
        peer.open();
        clock.advance(secs(10));
        std::mem::forget(peer.try_acquire().unwrap());
        set.settle(ticket, outcome);
        let peer = set.get(&1).unwrap();
        assert_eq!((peer.state(), peer.try_acquire().is_err()), (State::HalfOpen, true), "{outcome:?}");
        set.remove(&1);
    }
}

#[test]
fn x23_ticket_of_a_place_that_changed_hands_often_settles_nothing() {
    // As above, 256 peers later: the generation has come round, the peer has not.
    let (clock, told) = (Khz::new(), Told::default());
    let settings = Settings::builder().consecutive(1).build().unwrap();
    let mut set = CircuitBreakerSet::<u16, _, 1, Consecutive, _>::with_listener(&clock, settings, &told);
    let mut tickets: Vec<_> = (0..4).map(|_| set.try_acquire(&1).unwrap()).collect();
    for key in 2..=260 {
        assert_eq!(set.peer(&key).unwrap().state(), State::Closed);
        if let Some(ticket) = tickets.pop_if(|_| key > 255) {
            set.settle(ticket, Outcome::Failure);
            assert_eq!(set.get(&key).unwrap().state(), State::Closed, "peer {key}");
        }
    }
}

#[test]
fn x23_lost_ticket_of_a_probe_is_made_up_for() {
    // As above: a ticket that is dropped settles nothing, so the lease has to.
    let (clock, told) = (Khz::new(), Told::default());
    let mut set = set::<2>(&clock, &told);
    set.peer(&1).unwrap().open();
    clock.advance(secs(10));
    drop(set.try_acquire(&1).unwrap());
    assert_eq!(set.try_acquire(&1).unwrap_err().reason(), RejectReason::HalfOpenFull);
    clock.advance(secs(60));
    let ticket = set.try_acquire(&1).unwrap();
    set.settle(ticket, Outcome::Success);
    assert_eq!(set.get(&1).unwrap().state(), State::Closed);

    let ticket = set.try_acquire(&1).unwrap();
    set.abandon(ticket);
    assert_eq!(set.get(&1).unwrap().tally().failures, 1, "one that is given back counts as a dropped permit");
}

#[test]
fn y23_made_up_keys_do_not_evict_the_circuit_of_a_failing_route() {
    // A keyed registry (anticapture #2148): made-up keys evict the breaker of a failing route.
    let (clock, told) = (Khz::new(), Told::default());
    let mut set = set::<8>(&clock, &told);
    set.set_when_full(WhenFull::AdmitUntracked);
    let mut made_up = 100;
    for failures in 1..=4 {
        fail(set.peer(&1).unwrap(), 1);
        for _ in 0..1_000 {
            made_up += 1;
            set.peer(&made_up).unwrap().try_acquire().unwrap().success();
        }
        assert_eq!(set.get(&1).unwrap().tally().failures.min(failures), failures.min(3));
    }
    assert_eq!(set.get(&1).unwrap().state(), State::Open);
    clock.advance(secs(5));
    for key in 10_000..20_000 {
        set.peer(&key).unwrap().try_acquire().unwrap().success();
    }
    let left = set.peer(&1).unwrap().try_acquire().unwrap_err().retry_after();
    assert_eq!(left.map(Ticks::as_duration), Some(secs(5)));
    assert_eq!(set.len(), 8);
}

#[test]
fn y23_every_state_survives_a_flood_of_made_up_keys() {
    // As above: a table of peers in every kind of trouble, with one place that changes hands.
    let (clock, told) = (Khz::new(), Told::default());
    let mut set = set::<{ IN_TROUBLE.len() + 1 }>(&clock, &told);
    // Those that take time first, so that all failures are recent in the end.
    for (key, (_, _, get_there)) in (0..).zip(IN_TROUBLE) {
        get_there(set.peer(&key).unwrap(), &clock);
    }
    fail(set.peer(&7).unwrap(), 1);
    let snapshots = |set: &Set<'_, { IN_TROUBLE.len() + 1 }>| -> Vec<_> {
        (0..).zip(IN_TROUBLE).map(|(key, _)| set.get(&key).map(Peer::snapshot)).collect()
    };
    let before = snapshots(&set);
    told.take();
    for key in 1_000..10_000 {
        set.peer(&key).unwrap().try_acquire().unwrap().success();
    }
    assert_eq!(snapshots(&set), before);
    assert!(told.take().iter().all(|(key, event)| *key >= 1_000 && *event == Event::Evicted));
}
