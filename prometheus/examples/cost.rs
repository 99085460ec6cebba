//! What it costs to export a thousand circuits: `cargo run --release -p fusebox-prometheus --all-features --example cost`.
//!
//! Every circuit was called, some are open. What is told is the median of many looks, on the machine that this runs on.

use std::hint::black_box;
use std::time::{Duration, Instant};

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
        let median = median(&call_all, || {
            page.clear();
            let _ = exporter.write(format, &mut page);
            black_box(&page);
        });
        println!("{:<46}{median:>12.1?}", format!("a page, {name}"));
    }
    recorder(&exporter, &call_all)?;
    Ok(())
}

#[cfg(feature = "install")]
fn recorder(exporter: &Exporter, call_all: &dyn Fn()) -> Result<(), Box<dyn std::error::Error>> {
    let installed = exporter.install_recorder()?;
    println!("{:<46}{:>12.1?}", "sync with the metrics facade", median(call_all, || exporter.sync()));
    let rendered = median(call_all, || drop(black_box(installed.render())));
    println!("{:<46}{rendered:>12.1?}", "sync, and metrics-exporter-prometheus renders");
    Ok(())
}

#[cfg(not(feature = "install"))]
#[allow(clippy::unnecessary_wraps, reason = "with the feature it may fail")]
fn recorder(_: &Exporter, _: &dyn Fn()) -> Result<(), Box<dyn std::error::Error>> {
    println!("with --all-features there is more to tell");
    Ok(())
}

fn median(prepare: &dyn Fn(), mut look: impl FnMut()) -> Duration {
    let mut times = Vec::with_capacity(LOOKS);
    for _ in 0..LOOKS {
        prepare();
        let start = Instant::now();
        look();
        times.push(start.elapsed());
    }
    times.sort_unstable();
    times.get(LOOKS / 2).copied().unwrap_or_default()
}
