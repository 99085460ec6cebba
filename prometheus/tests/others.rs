//! Who is told of among the others, as `_other`.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use common::{Page, builder, clock, fail, succeed};
use fusebox::State;
use fusebox_prometheus::{Exporter, Sample, from_fn};
use fusebox_std::{CallCounts, Counts};

/// `docs/prometheus.md`: who had no place when it was first seen has none as long as it lives.
#[test]
fn who_was_among_the_others_is_so_when_it_comes_back() {
    let exporter = Exporter::builder().max_circuits(1).build().unwrap();
    let set = builder(clock()).capacity(2).build().unwrap();
    exporter.register("upstreams", &set).unwrap();
    let successes = || Page::of(&exporter).sum("calls_total") - failures(&Page::of(&exporter));
    drop(set.handle("a").unwrap());
    let circuit = set.handle("b").unwrap();
    (0..5).for_each(|_| succeed(&circuit));
    assert_eq!(successes().to_string(), "5");
    // It makes room for others, who go, and comes back.
    let others = ["c", "d"].map(|peer| set.handle(peer).unwrap());
    assert!(set.get("b").is_none());
    assert_eq!(successes().to_string(), "5");
    drop(others);
    assert!(set.remove("c") && set.remove("d"));
    assert_eq!(successes().to_string(), "5");
    fail(&circuit);
    assert!(set.get("b").is_some());
    assert_eq!(successes().to_string(), "5", "it was called five times, and all were told of");
}

fn failures(page: &Page) -> f64 {
    page.0.iter().filter(|(series, _)| series.contains("outcome=\"failure\"")).map(|(_, value)| value).sum()
}

/// As peers of a set of the core do that are displayed alike. For a source the name is all there is to know a circuit by.
#[test]
fn a_circuit_that_a_source_tells_of_twice_keeps_its_series() {
    let exporter = Exporter::new();
    let count = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&count);
    let source = from_fn(move |circuits| {
        for times in [1, 100] {
            let mut counts = CallCounts::default();
            counts.failures = counted.load(Relaxed) * times;
            circuits.add("twin", Sample::new(State::Closed).counts(counts, Counts::Failures));
        }
    });
    exporter.register_source("upstreams", source).unwrap();
    let mut looks = Vec::new();
    for number in 1..=3 {
        count.store(number, Relaxed);
        let page = Page::of(&exporter);
        looks.push(["twin", "_other"].map(|circuit| page.circuit("calls_total", circuit, "outcome=\"failure\"")));
    }
    assert!(looks.iter().all(|[own, _]| own.is_some()), "its own and the others' at each look: {looks:?}");
}
