//! A set of peers, its handles, its tickets, and who else has circuits.

use core::cell::RefCell;
use core::hash::Hash;
use core::net::SocketAddr;
use core::time::Duration;

use fusebox::driver::Circuits;
use fusebox::policy::{Consecutive, MaxFailures};
use fusebox::{CircuitBreaker, CircuitBreakerSet, Clock as _, Instant, Outcome, Peer, Settings, State, WhenFull};

use crate::breaker::explained;
use crate::{CLOCK, Clock, Told, answer, answer_later, any, poll, used};

/// A set for each kind of key, and other circuits that a guard may be given.
pub(crate) fn exercise() {
    with([7_u16, 8]);
    with([[2_u8, 0, 0, 0, 0, 1], [0; 6]]);
    with([SocketAddr::from(([192, 0, 2, 1], 1_883)), SocketAddr::from(([0_u16; 8], 1))]);
    let mut plain = CircuitBreakerSet::<u32, Clock, 4>::new(&CLOCK);
    used(plain.peer(&any(1)).map(Peer::state));
    if let Ok(settings) = Settings::<Clock>::builder().consecutive(any(2)).build() {
        let mut set = CircuitBreakerSet::<u32, Clock, 4, Consecutive>::with_settings(&CLOCK, settings);
        used(set.peer(&any(1)).map(Peer::state));
    }
    let breaker = CircuitBreaker::new(&CLOCK);
    circuits(&mut &breaker, "name");
    circuits(&mut breaker.peer(), "name");
    circuits(&mut Some(breaker), "name");
}

fn with<K: Clone + Eq + Hash>(keys: [K; 2]) {
    let mut set = CircuitBreakerSet::<K, Clock, 5, _, Told>::with_listener(&CLOCK, any(Settings::DEFAULT), Told);
    set.set_when_full(any(WhenFull::AdmitUntracked));
    let keys = any(keys);
    for key in &keys {
        if let Ok(peer) = set.peer(key) {
            handle(peer);
        }
        used(set.get(key).map(Peer::key));
        tickets(&mut set, key);
        circuits(&mut set, key);
        used(set.remove(key));
    }
    used((set.len(), set.is_empty(), set.capacity(), set.next_deadline().map(Instant::ticks)));
    used(set.iter().filter(|peer| peer.state() == State::Open).count());
    used((set.settings().wait(), set.clock().now()));
    let shared = RefCell::new(set);
    for key in &keys {
        circuits(&mut &shared, key);
    }
}

fn handle<K: ?Sized>(peer: Peer<'_, Clock, MaxFailures<3>, Told, K>) {
    used(peer.call(|| answer(1)));
    used(poll(peer.call_async(|| answer_later(2))));
    used((peer.tally(), peer.retry_after(), peer.snapshot()));
    peer.restore(&peer.snapshot(), any(Duration::from_secs(1)));
    peer.open();
    used((peer.open_for(any(Duration::from_secs(1))), peer.half_open()));
    peer.report(any(Outcome::Failure));
    used(peer.wait_at_least(any(Duration::from_secs(9))));
    peer.close();
    peer.reset();
    peer.force_open();
    peer.disable();
    peer.observe();
    peer.automatic();
}

fn tickets<K: Clone + Eq + Hash>(set: &mut CircuitBreakerSet<K, Clock, 5, MaxFailures<3>, Told>, key: &K) {
    for way in 0..3 {
        let ticket = match set.try_acquire(key) {
            Ok(ticket) => ticket,
            Err(rejected) => return used(explained(&rejected)),
        };
        used(ticket.would_reject());
        match any(way) {
            0 => set.settle(any(ticket), any(Outcome::Failure)),
            1 => set.settle_timed(any(ticket), any(Outcome::Success), any(Duration::from_secs(1))),
            _ => set.abandon(any(ticket)),
        }
    }
}

fn circuits<K: ?Sized, S: Circuits<K>>(circuits: &mut S, key: &K) {
    let mut circuits = circuits;
    for outcome in [Some(Outcome::Failure), None] {
        match (Circuits::try_acquire(&mut circuits, key), outcome) {
            (Ok(ticket), Some(outcome)) => Circuits::settle(&mut circuits, ticket, any(outcome)),
            (Ok(ticket), None) => Circuits::abandon(&mut circuits, ticket),
            (Err(rejected), _) => used(explained(&rejected)),
        }
    }
}
