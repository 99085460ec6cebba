//! Threads that race for a place in a set, in every order that the memory model allows.
//!
//! `RUSTFLAGS="--cfg fusebox_loom" cargo test -p fusebox-std --release --test loom`

#![cfg(fusebox_loom)]

use std::time::Duration;

use fusebox::{Settings, State};
use fusebox_std::{CircuitBreakerSet, Uptime};
use loom::thread;

const FAILING: u32 = 7;

/// A clock that threads cannot race for: it only stands.
#[derive(Clone, Copy)]
struct Still;

impl fusebox::Clock for Still {
    const HZ: u32 = 1_000;
    fn now(&self) -> fusebox::Instant {
        fusebox::Instant::from_ticks(5)
    }
}

impl Uptime for Still {
    fn uptime(&self) -> Duration {
        Duration::ZERO
    }
}

type Set = CircuitBreakerSet<u32, Still>;

fn set_of(capacity: usize) -> Set {
    let settings = Settings::<Still>::builder().max_failures(1, Duration::from_secs(60)).build().unwrap();
    CircuitBreakerSet::<u32>::builder().clock(Still, settings).capacity(capacity).build().unwrap()
}

fn failures(set: &Set) -> Option<u32> {
    set.get(&FAILING).map(|circuit| circuit.tally().failures)
}

#[test]
fn y23_a_failure_is_not_lost_while_its_circuit_is_evicted() {
    loom::model(|| {
        let set = set_of(1);
        let circuit = set.handle(&FAILING).unwrap();
        let newcomer = {
            let set = set.clone();
            thread::spawn(move || drop(set.handle(&1)))
        };
        let _ = circuit.call(|| Err::<(), _>("no answer"));
        newcomer.join().unwrap();
        assert_eq!((failures(&set), set.len()), (Some(1), 1));
    });
}

#[test]
fn y23_two_failures_trip_while_their_circuit_is_evicted() {
    loom::model(|| {
        let set = set_of(1);
        let circuit = set.handle(&FAILING).unwrap();
        let other = {
            let set = set.clone();
            thread::spawn(move || {
                let _ = set.handle(&1);
                let _ = set.call(&FAILING, || Err::<(), _>("no answer"));
            })
        };
        let _ = circuit.call(|| Err::<(), _>("no answer"));
        other.join().unwrap();
        assert_eq!(set.get(&FAILING).map(|circuit| circuit.state()), Some(State::Open));
        assert_eq!(set.len(), 1);
    });
}

#[test]
fn threads_that_ask_for_a_new_peer_share_its_circuit() {
    loom::model(|| {
        let set = set_of(2);
        let other = {
            let set = set.clone();
            thread::spawn(move || {
                let _ = set.call(&FAILING, || Err::<(), _>("no answer"));
            })
        };
        let _ = set.call(&FAILING, || Err::<(), _>("no answer"));
        other.join().unwrap();
        assert_eq!(set.get(&FAILING).map(|circuit| circuit.state()), Some(State::Open));
    });
}

#[test]
fn a_circuit_that_is_removed_while_it_fails_stays_removed() {
    loom::model(|| {
        let set = set_of(1);
        let circuit = set.handle(&FAILING).unwrap();
        let other = {
            let set = set.clone();
            thread::spawn(move || assert!(set.remove(&FAILING)))
        };
        let _ = circuit.call(|| Err::<(), _>("no answer"));
        other.join().unwrap();
        assert_eq!((failures(&set), set.len()), (None, 0));
    });
}
