//! Random histories, many more of them.

use anyhow::Result;

use crate::shell::{Call, Shell};
use crate::steps::run_tests;

/// How many cases each property is tried with.
const CASES: &str = "256000";

pub(super) fn step(shell: &Shell) -> Result<String> {
    let call = Call::new("cargo test --release -p fusebox --test model --test set_model --test clocks");
    let tests = run_tests(shell, [call.env("PROPTEST_CASES", CASES)])?;
    Ok(format!("{tests}, each with {CASES} cases where it is random"))
}
