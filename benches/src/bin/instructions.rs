//! Makes calls in a known order for callgrind, which counts the instructions of `measured` and writes them down
//! before each `written_down`. `cargo xtask budgets` runs it, and reads the order of the paths from what it prints.

use std::hint::black_box;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use fusebox_bench::answer::Answer;
use fusebox_bench::paths::{self, Path};
use fusebox_bench::work::set_failing;
use fusebox_bench::worker::Worker;

/// Calls of the two runs whose difference is counted, so that what comes before and after them does not matter.
const FEW: u32 = 100;
const MANY: u32 = 1_100;

/// All that is counted happens in here.
#[inline(never)]
fn measured(worker: &mut dyn Worker, calls: u32) {
    worker.run(calls);
}

/// What was counted so far is written down before this.
#[inline(never)]
fn written_down(calls: u32) {
    black_box(calls);
}

fn main() -> ExitCode {
    match paths::all().and_then(|paths| paths.into_iter().try_for_each(count)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn count(path: Path) -> Result<()> {
    let Path { name, expected, mut guarded, mut floor } = path;
    set_failing(expected == Answer::Failed);
    let first = guarded.once();
    for worker in [&mut guarded, &mut floor] {
        // What happens only once, such as a thread's first call, is over after these.
        worker.run(FEW);
        for calls in [FEW, MANY] {
            measured(worker.as_mut(), calls);
            written_down(calls);
        }
    }
    let last = guarded.once();
    set_failing(false);
    ensure!([first, last] == [expected; 2], "{name} answered {first:?} and {last:?} instead of {expected:?}");
    println!("path\t{name}\t{}", MANY - FEW);
    Ok(())
}
