//! The bytes of a breaker, and what a call allocates.

use std::process::ExitCode;

use allocation_counter::measure;
use anyhow::{Context, Result};
use fusebox_bench::subjects;

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
        // What is allocated once for all is not the breaker's.
        drop(subject.boxed()?);
        let mut made = None;
        let taken = measure(|| made = Some(subject.boxed()));
        let taken = u64::try_from(taken.bytes_current).context("more is freed than was allocated")?;
        made.context("nothing was made")??;
        let heap = taken.saturating_sub(subject.size as u64);
        let mut worker = subject.start()?();
        worker.once();
        let allocations = measure(|| worker.run(1_000)).count_total;
        let per_call = f64::from(u32::try_from(allocations)?) / 1_000.0;
        println!("bytes\t{:?}\t{}\t{}\t{heap}\t{per_call}", subject.kind, subject.name, subject.size);
    }
    Ok(())
}
