//! The bytes of a breaker, and what a call allocates.

use std::hint::black_box;
use std::process::ExitCode;

use allocation_counter::measure;
use anyhow::{Context, Result};
use fusebox_bench::exporting::{Exported, Series};
use fusebox_bench::subject::Subject;
use fusebox_bench::subjects;
use fusebox_bench::work::work;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    for subject in subjects::with_bytes() {
        let heap = taken(&subject)?.saturating_sub(subject.size as u64);
        tell(&subject, subject.size, heap)?;
    }
    let set = subjects::set_with(PEERS);
    let heap = taken(&set)? / u64::from(PEERS);
    tell(&set, 0, heap)?;
    exported()
}

/// What an exporter keeps of a circuit for pages, and for a recorder that itself keeps nothing, and what a call allocates
/// then.
fn exported() -> Result<()> {
    for series in Series::ALL {
        // It has written a page already.
        let Exported { set, peers, exporter } = Exported::new(PEERS as usize, series)?;
        let circuit = set.handle(peers.first().context("no peers")?.as_str())?;
        let to_recorder = measure(|| metrics::with_local_recorder(&metrics::NoopRecorder, || exporter.sync()));
        let for_pages = measure(|| assert!(exporter.unregister("upstreams"), "it was exported"));
        exporter.register("upstreams", &set)?;
        drop(exporter.render());
        let calls = measure(|| {
            for _ in 0..1_000 {
                let _ = black_box(circuit.call(work));
            }
        })
        .count_total;
        let per_call = f64::from(u32::try_from(calls)?) / 1_000.0;
        for (what, bytes) in [("pages", -for_pages.bytes_current), ("a recorder", to_recorder.bytes_current)] {
            let each = u64::try_from(bytes)? / u64::from(PEERS);
            println!("bytes\tOurs\texporter, {what}, {} series\t0\t{each}\t{per_call}", series.count());
        }
    }
    Ok(())
}

/// Peers in the set of which one is told.
const PEERS: u32 = 1_000;

/// The bytes of a subject in its box, and of all else that it allocates.
fn taken(subject: &Subject) -> Result<u64> {
    // What is allocated once for all is not its own.
    drop(subject.boxed()?);
    let mut made = None;
    let taken = measure(|| made = Some(subject.boxed()));
    made.context("nothing was made")??;
    u64::try_from(taken.bytes_current).context("more is freed than was allocated")
}

/// Prints a line, with the allocations of a call.
fn tell(subject: &Subject, size: usize, heap: u64) -> Result<()> {
    let mut worker = subject.start()?();
    worker.once();
    let allocations = measure(|| worker.run(1_000)).count_total;
    let per_call = f64::from(u32::try_from(allocations)?) / 1_000.0;
    println!("bytes\t{:?}\t{}\t{size}\t{heap}\t{per_call}", subject.kind, subject.name);
    Ok(())
}
