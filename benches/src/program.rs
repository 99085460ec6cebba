//! What the programs that measure have in common.

use std::env;
use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::report::Line;

/// Measures with a fraction of the rounds, the whole or a tenth, as the arguments say.
pub fn run(measure: impl FnOnce(u32) -> Result<()>) -> ExitCode {
    match less().and_then(measure) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn less() -> Result<u32> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Ok(1),
        ["--quick"] => Ok(10),
        _ => bail!("only `--quick` is understood, not `{}`", arguments.join(" ")),
    }
}

/// Prints what was measured.
pub fn tell(lines: &[Line]) {
    for line in lines {
        println!("{line}");
    }
}
