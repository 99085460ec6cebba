//! What exporting circuits takes. A program of its own, since others leave memory in pieces.

use std::process::ExitCode;

use fusebox_bench::program::{run, tell};
use fusebox_bench::{callers, exporting};

fn main() -> ExitCode {
    run(|less| {
        for series in exporting::Series::ALL {
            tell(&exporting::measure(series, 1_000 / less)?);
        }
        tell(&callers::measure(20 / less.min(4))?);
        Ok(())
    })
}
