//! Faults everywhere, with many more histories and kills than a test run has time for.

use anyhow::Result;

use crate::shell::{Call, Shell};
use crate::steps::run_tests;

/// How many random histories have a panic somewhere.
const HISTORIES: &str = "200000";
/// How many processes are killed while they hold probes and save.
const KILLS: &str = "500";

pub(super) fn step(shell: &Shell) -> Result<String> {
    // The same packages and features as in `cargo xtask test`, so that nothing is compiled again.
    let call = Call::new("cargo test --workspace --all-features --test faults -- --show-output");
    let call = call.env("FUSEBOX_FAULTS_HISTORIES", HISTORIES).env("FUSEBOX_FAULTS_KILLS", KILLS);
    let tests = run_tests(shell, [call])?;
    Ok(format!("{tests}; {HISTORIES} histories with a panic in each, {KILLS} processes killed"))
}
