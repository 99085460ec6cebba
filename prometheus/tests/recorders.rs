//! Recorders of the `metrics` facade that come, take turns and panic, and sets that are registered again.
#![cfg(feature = "metrics")]
#![allow(clippy::float_cmp, reason = "what is exported is exact")]

mod common;

use common::recorder::Recorder;
use common::{builder, clock, succeed, trip};
use fusebox::State;
use fusebox_prometheus::{Exporter, from_fn};

#[test]
fn recorders_that_take_turns_are_told_nothing_twice() {
    let exporter = Exporter::new();
    let set = builder(clock()).build().unwrap();
    exporter.register("upstreams", &set).unwrap();
    let circuit = set.handle("inventory").unwrap();
    let mut recorders = [Recorder::default(), Recorder::default()];
    for round in 1..=3 {
        succeed(&circuit);
        for recorder in &mut recorders {
            recorder.sync(&exporter);
            assert_eq!(recorder.counter("calls_total", "inventory", "outcome=success"), Some(round));
        }
    }
}

#[test]
fn a_set_that_is_registered_again_is_not_counted_twice() {
    let (exporter, mut recorder) = (Exporter::builder().max_circuits(1).build().unwrap(), Recorder::default());
    let set = builder(clock()).capacity(2).build().unwrap();
    set.handle("gone").unwrap();
    let [inventory, _, prices] = ["inventory", "inventory", "prices"].map(|peer| set.handle(peer).unwrap());
    succeed(&inventory);
    for calls in 1..=5 {
        succeed(&prices);
        exporter.register("upstreams", &set).unwrap();
        recorder.sync(&exporter);
        let told = ["inventory", "_other"].map(|circuit| recorder.counter("calls_total", circuit, "outcome=success"));
        assert_eq!(told, [Some(1), Some(calls)]);
        assert_eq!(recorder.counters["circuit_breaker_circuits_evicted_total set=upstreams"], 1);
        exporter.unregister("upstreams");
        if calls % 2 == 0 {
            recorder.sync(&exporter);
        }
    }
    // Another set begins to count at 0, and what was told stays.
    let another = builder(clock()).capacity(1).build().unwrap();
    for peer in ["gone", "inventory"] {
        succeed(&another.handle(peer).unwrap());
    }
    exporter.register("upstreams", &another).unwrap();
    recorder.sync(&exporter);
    assert_eq!(recorder.counter("calls_total", "inventory", "outcome=success"), Some(2));
    assert_eq!(recorder.counters["circuit_breaker_circuits_evicted_total set=upstreams"], 2);
}

/// Wherever it panics: when it is to make a series, or to set a gauge.
#[test]
fn a_recorder_that_panics_is_told_the_rest_later() {
    let peers = ["a", "b", "c", "d"];
    for first in 0..150 {
        let (exporter, mut recorder) = (Exporter::builder().max_circuits(2).build().unwrap(), Recorder::default());
        let set = builder(clock()).build().unwrap();
        exporter.register("upstreams", &set).unwrap();
        let circuits = peers.map(|peer| set.handle(peer).unwrap());
        for calls in [1, 2] {
            circuits.iter().for_each(succeed);
            recorder.sync_until(first, &exporter);
            recorder.sync(&exporter);
            let told = ["a", "b", "_other"].map(|circuit| recorder.counter("calls_total", circuit, "outcome=success"));
            assert_eq!(told, [Some(calls), Some(calls), Some(2 * calls)], "it panicked after {first}");
        }
        // While it is told what another was told before.
        let mut another = Recorder::default();
        another.sync_until(first, &exporter);
        circuits.iter().for_each(succeed);
        another.sync(&exporter);
        let told = ["a", "b", "_other"].map(|circuit| another.counter("calls_total", circuit, "outcome=success"));
        assert_eq!(told, [Some(3), Some(3), Some(6)], "it panicked after {first}");
    }
}

/// The gauge cannot be taken back, and the last set's is not this one's.
#[test]
fn how_much_room_a_set_had_is_not_told_of_the_next() {
    let (exporter, mut recorder) = (Exporter::new(), Recorder::default());
    let set = builder(clock()).build().unwrap();
    exporter.register("upstreams", &set).unwrap();
    recorder.sync(&exporter);
    let capacity = "circuit_breaker_capacity set=upstreams";
    assert_eq!(recorder.gauges[capacity], 10_000.0);
    drop(set);
    exporter.register_source("upstreams", from_fn(|_| ())).unwrap();
    recorder.sync(&exporter);
    assert!(recorder.gauges[capacity].is_nan());
}

#[test]
fn where_there_are_no_others_they_are_in_no_state() {
    let (exporter, mut recorder) = (Exporter::builder().max_circuits(1).build().unwrap(), Recorder::default());
    let set = builder(clock()).build().unwrap();
    exporter.register("upstreams", &set).unwrap();
    let [_, other] = ["a", "b"].map(|peer| set.handle(peer).unwrap());
    trip(&other);
    assert_eq!(
        recorder.sync(&exporter).states("_other"),
        State::ALL.map(|state| f64::from(u8::from(state == State::Open)))
    );
    set.remove("b");
    assert_eq!(recorder.sync(&exporter).states("_other"), [0.0; 6]);
    assert_eq!(recorder.counter("calls_total", "_other", "outcome=failure"), Some(4));
}
