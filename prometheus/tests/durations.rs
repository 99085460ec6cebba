//! How long calls took.
#![allow(clippy::float_cmp, reason = "what is exported is exact")]

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use common::{Page, builder, clock, secs, timeless};
use fusebox::{Error, Outcome};
use fusebox_prometheus::{BoundsError, CallDurations, Exporter, Format};

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn a_histogram_has_every_call_in_its_bucket() {
    let (exporter, clock) = (Exporter::builder().created(true).build().unwrap(), clock());
    let set = builder(clock).build().unwrap();
    let durations = CallDurations::with_bounds(&[millis(100), millis(1_000), millis(2_500)]).unwrap();
    exporter.register_timed("upstreams", &set, &durations).unwrap();
    let timed = durations.of(&set.handle("inventory").unwrap());
    for length in [0, 100, 101, 1_000, 2_400, 2_501] {
        let _ = timed.run(|()| Outcome::Success, || clock.advance(millis(length)));
    }
    let _ = timed.call(|| {
        clock.advance(millis(50));
        Err::<(), _>("no answer")
    });
    let page = timeless(&exporter, Format::OpenMetrics);
    let lines: Vec<_> = page
        .lines()
        .filter(|line| line.contains("duration") && (line.starts_with('#') || line.contains("success")))
        .map(|line| {
            line.replace("circuit_breaker_call_duration_seconds", "D")
                .replace("set=\"upstreams\",circuit=\"inventory\"", "C")
        })
        .collect();
    let expected = [
        "# HELP D How long calls took, by what became of them.",
        "# TYPE D histogram",
        "# UNIT D seconds",
        "D_bucket{C,outcome=\"success\",le=\"0.1\"} 2",
        "D_bucket{C,outcome=\"success\",le=\"1.0\"} 4",
        "D_bucket{C,outcome=\"success\",le=\"2.5\"} 5",
        "D_bucket{C,outcome=\"success\",le=\"+Inf\"} 6",
        "D_count{C,outcome=\"success\"} 6",
        "D_sum{C,outcome=\"success\"} 6.102",
        "D_created{C,outcome=\"success\"} WHEN",
    ];
    assert_eq!(lines, expected);
    let page = Page::of(&exporter);
    assert_eq!(page.circuit("call_duration_seconds_sum", "inventory", "outcome=\"failure\""), Some(0.05));
    assert_eq!(page.circuit("call_duration_seconds_count", "inventory", "outcome=\"abandoned\""), Some(0.0));
}

#[test]
fn only_calls_that_were_made_and_measured_are_in_it() {
    let (exporter, clock) = (Exporter::new(), clock());
    let set = builder(clock).build().unwrap();
    let durations = CallDurations::new();
    exporter.register_timed("upstreams", &set, &durations).unwrap();
    let circuit = set.handle("inventory").unwrap();
    let timed = durations.of(&circuit);
    common::succeed(&circuit);
    circuit.force_open();
    assert!(matches!(timed.call(|| Ok::<_, ()>(())), Err(Error::Rejected(_))));
    assert_eq!(Page::of(&exporter).sum("call_duration_seconds_count"), 0.0);
    circuit.close();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _ = timed.call(|| -> Result<(), ()> {
            clock.advance(secs(2));
            panic!("in the call")
        });
    }));
    assert!(panicked.is_err());
    let _ = timed.run(|()| Outcome::Ignored, || clock.advance(secs(1)));
    timed.clone().record(Outcome::Success, secs(7));
    timed.record_abandoned(secs(8));
    let page = Page::of(&exporter);
    for (outcome, sum) in [("success", 7.0), ("failure", 2.0), ("ignored", 1.0), ("abandoned", 8.0)] {
        let labels = format!("outcome=\"{outcome}\"");
        let found = [
            page.circuit("call_duration_seconds_sum", "inventory", &labels),
            page.circuit("call_duration_seconds_count", "inventory", &labels),
        ];
        assert_eq!(found, [Some(sum), Some(1.0)], "{outcome}");
    }
}

#[tokio::test]
async fn futures_are_measured_until_they_end_or_are_dropped() {
    let (exporter, clock) = (Exporter::new(), clock());
    let set = builder(clock).build().unwrap();
    let durations = CallDurations::new();
    exporter.register_timed("upstreams", &set, &durations).unwrap();
    let timed = durations.of(&set.handle("inventory").unwrap());

    let task = timed.clone();
    let slow = tokio::spawn(async move {
        let slow = async || {
            clock.advance(secs(1));
            tokio::task::yield_now().await;
            clock.advance(secs(2));
            Ok::<_, ()>(7)
        };
        task.call_async(slow).await
    });
    assert_eq!(slow.await.unwrap(), Ok(7));

    let mut dropped = Box::pin(timed.call_async(std::future::pending::<Result<(), ()>>));
    assert!(futures_poll(&mut dropped).await.is_none());
    clock.advance(secs(5));
    drop(dropped);

    let panics = timed.clone();
    let panics = tokio::spawn(async move {
        let _ = panics
            .call_async(async || -> Result<(), ()> {
                tokio::task::yield_now().await;
                clock.advance(secs(4));
                panic!("in the future")
            })
            .await;
    });
    assert!(panics.await.unwrap_err().is_panic());
    let page = Page::of(&exporter);
    for (outcome, sum) in [("success", 3.0), ("failure", 4.0), ("ignored", 0.0), ("abandoned", 5.0)] {
        let labels = format!("outcome=\"{outcome}\"");
        assert_eq!(page.circuit("call_duration_seconds_sum", "inventory", &labels), Some(sum), "{outcome}");
    }
}

/// Polls a future once.
async fn futures_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    std::future::poll_fn(|context| {
        let poll = std::pin::Pin::new(&mut *future).poll(context);
        std::task::Poll::Ready(match poll {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        })
    })
    .await
}

#[test]
fn histograms_of_others_are_added_and_go_with_their_circuits() {
    let (exporter, clock) = (Exporter::builder().max_circuits(1).build().unwrap(), clock());
    let set = builder(clock).build().unwrap();
    let durations = CallDurations::new();
    exporter.register_timed("upstreams", &set, &durations).unwrap();
    for peer in ["a", "b", "c"] {
        durations.of(&set.handle(peer).unwrap()).record(Outcome::Success, secs(1));
    }
    let count =
        |circuit: &str| Page::of(&exporter).circuit("call_duration_seconds_count", circuit, "outcome=\"success\"");
    assert_eq!(["a", "b", "_other"].map(count), [Some(1.0), None, Some(2.0)]);
    assert_eq!(count("_other"), Some(2.0));
    set.remove("a");
    set.remove("b");
    assert_eq!((count("a"), count("_other")), (None, Some(2.0)));
    // The same peer anew begins at 0.
    set.handle("a").unwrap();
    assert_eq!(count("a"), Some(0.0));
}

#[test]
fn what_was_told_under_a_name_is_not_told_again_with_the_others() {
    let (exporter, clock) = (Exporter::builder().max_circuits(1).build().unwrap(), clock());
    let set = builder(clock).capacity(2).build().unwrap();
    let durations = CallDurations::new();
    exporter.register_timed("upstreams", &set, &durations).unwrap();
    let count =
        |circuit: &str| Page::of(&exporter).circuit("call_duration_seconds_count", circuit, "outcome=\"success\"");
    let circuit = set.handle("a").unwrap();
    let timed = durations.of(&circuit);
    timed.record(Outcome::Success, secs(1));
    set.handle("x").unwrap().force_open();
    assert_eq!((count("a"), count("_other")), (Some(1.0), Some(0.0)));
    // Another takes its place, and with it its name's.
    set.handle("b").unwrap();
    assert_eq!(["a", "b", "_other"].map(count), [None, Some(0.0), Some(0.0)]);
    set.remove("x");
    timed.record(Outcome::Success, secs(1));
    circuit.report(Outcome::Failure);
    assert!(set.get("a").is_some(), "it failed, so it came back");
    assert_eq!(["a", "b", "_other"].map(count), [None, Some(0.0), Some(1.0)]);
    timed.record(Outcome::Success, secs(1));
    assert_eq!(["a", "b", "_other"].map(count), [None, Some(0.0), Some(2.0)]);
}

#[test]
fn bounds_have_to_rise() {
    for bounds in [vec![], vec![secs(1), secs(1)], vec![secs(2), secs(1)]] {
        assert_eq!(CallDurations::with_bounds(&bounds).unwrap_err(), BoundsError, "{bounds:?}");
    }
    assert_eq!(CallDurations::default().bounds().len(), 11);
}

/// Whoever notes lengths of time may say any, and a counter that goes back looks like a restart.
#[test]
fn the_sum_stops_at_the_largest_number() {
    let exporter = Exporter::new();
    let set = builder(clock()).build().unwrap();
    let durations = CallDurations::new();
    exporter.register_timed("upstreams", &set, &durations).unwrap();
    let timed = durations.of(&set.handle("inventory").unwrap());
    for length in [Duration::MAX, secs(1)] {
        timed.record(Outcome::Success, length);
        let sum =
            "circuit_breaker_call_duration_seconds_sum{set=\"upstreams\",circuit=\"inventory\",outcome=\"success\"}";
        let page = exporter.render();
        let line = page.lines().find(|line| line.starts_with(sum));
        assert_eq!(line, Some(&*format!("{sum} 18446744073.709551615")));
    }
}
