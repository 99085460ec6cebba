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

fn settings(wait: u64) -> Settings<Still> {
    let settings = Settings::<Still>::builder().max_failures(1, Duration::from_secs(60));
    settings.wait(Duration::from_secs(wait)).build().unwrap()
}

fn set_of(capacity: usize) -> Set {
    CircuitBreakerSet::<u32>::builder().clock(Still, settings(10)).capacity(capacity).build().unwrap()
}

/// How long the circuit would stay open now, which says by which settings it goes.
fn wait(set: &Set, key: u32) -> Option<Duration> {
    let circuit = set.handle(&key).unwrap();
    circuit.open();
    circuit.retry_after()
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
        assert_eq!(set.get(&FAILING).map(|circuit| circuit.state()), Some(State::Closed), "it failed once");
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

#[test]
fn x24_of_two_reloads_the_last_one_is_that_of_all_circuits() {
    loom::model(|| {
        let set = set_of(2);
        let _ = set.handle(&FAILING);
        let other = {
            let set = set.clone();
            thread::spawn(move || set.reload(settings(20)))
        };
        set.reload(settings(30));
        other.join().unwrap();
        assert_eq!(wait(&set, FAILING), wait(&set, 1));
    });
}

#[test]
fn x24_a_circuit_that_closes_or_is_made_during_a_reload_goes_by_the_new_settings() {
    loom::model(|| {
        let set = set_of(2);
        let circuit = set.handle(&FAILING).unwrap();
        circuit.open();
        let other = {
            let set = set.clone();
            thread::spawn(move || set.reload(settings(20)))
        };
        circuit.close();
        let _ = set.handle(&1);
        other.join().unwrap();
        assert_eq!([wait(&set, FAILING), wait(&set, 1)], [Some(Duration::from_secs(20)); 2]);
    });
}

#[test]
fn x24_own_settings_are_not_lost_while_their_circuit_is_evicted() {
    // Two evictions in turn are too many orders to try all of them.
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let set = set_of(1);
        let _ = set.handle(&FAILING);
        let newcomer = {
            let set = set.clone();
            thread::spawn(move || drop(set.handle(&1)))
        };
        let kept = set.set_own_settings(&FAILING, Some(settings(77)));
        newcomer.join().unwrap();
        assert!(kept.is_ok() && set.len() == 1);
        assert_eq!(wait(&set, FAILING), Some(Duration::from_secs(77)));
    });
}
