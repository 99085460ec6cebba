//! What it costs to export a thousand circuits: `cargo run --release -p fusebox-prometheus --all-features --example cost`.
//!
//! Every circuit was called, some are open. What is told is the median of many looks and the fastest, on the machine that
//! this runs on.

use std::hint::black_box;
use std::time::Instant;

use fusebox_prometheus::{Exporter, Format};
use fusebox_std::{CircuitBreakerSet, Counts};

const CIRCUITS: usize = 1_000;
const LOOKS: usize = 301;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let set = CircuitBreakerSet::<String>::builder().counts(Counts::All).build()?;
    let exporter = Exporter::new();
    exporter.register("upstreams", &set)?;
    let peers: Vec<_> = (0..CIRCUITS).map(|peer| format!("upstream-{peer:04}.internal")).collect();
    for (number, peer) in peers.iter().enumerate() {
        let _ = set.call(peer.as_str(), || Ok::<_, ()>(()));
        for _ in 0..if number % 10 == 0 { 4 } else { 0 } {
            let _ = set.call(peer.as_str(), || Err::<(), _>("no answer"));
        }
    }
    // Between two looks every circuit is called, so that all counters have something to tell.
    let call_all = || {
        for peer in &peers {
            let _ = set.call(peer.as_str(), || Ok::<_, ()>(()));
        }
    };
    let page = exporter.render();
    let samples = page.lines().filter(|line| !line.starts_with('#')).count();
    println!("{CIRCUITS} circuits, {samples} series, {} KiB a page", page.len() / 1024);

    for (name, format) in [("Prometheus 0.0.4", Format::Prometheus), ("OpenMetrics 1.0", Format::OpenMetrics)] {
        let mut page = String::new();
        tell(&format!("a page, {name}"), &call_all, || {
            page.clear();
            let _ = exporter.write(format, &mut page);
            black_box(&page);
        });
    }
    recorder(&exporter, &call_all)?;
    Ok(())
}

#[cfg(feature = "install")]
fn recorder(exporter: &Exporter, call_all: &dyn Fn()) -> Result<(), Box<dyn std::error::Error>> {
    let installed = exporter.install_recorder()?;
    tell("sync with the metrics facade", call_all, || exporter.sync());
    tell("sync, and metrics-exporter-prometheus renders", call_all, || drop(black_box(installed.render())));
    Ok(())
}

#[cfg(not(feature = "install"))]
#[allow(clippy::unnecessary_wraps, reason = "with the feature it may fail")]
fn recorder(_: &Exporter, _: &dyn Fn()) -> Result<(), Box<dyn std::error::Error>> {
    println!("with --all-features there is more to tell");
    Ok(())
}

fn tell(what: &str, prepare: &dyn Fn(), mut look: impl FnMut()) {
    let mut times = Vec::with_capacity(LOOKS);
    for _ in 0..LOOKS {
        prepare();
        let start = Instant::now();
        look();
        times.push(start.elapsed());
    }
    times.sort_unstable();
    let at = |index: usize| times.get(index).copied().unwrap_or_default();
    println!("{what:<46}{:>12.2?}{:>12.2?}", at(LOOKS / 2), at(0));
}
