//! The protocol of the shared words, in every state of a few threads.

use anyhow::{Result, ensure};

use crate::counts;
use crate::shell::{Call, Shell};

pub(super) fn step(shell: &Shell) -> Result<String> {
    let call = Call::new("cargo test --release -p fusebox-protocol -- --include-ignored --nocapture --test-threads 1");
    let log = shell.run(&call)?;
    let (spaces, states) = counts::explored(&log);
    ensure!(states > 0, "`{call}` explored nothing");
    Ok(format!("{} tests; {states} states in {spaces} setups", counts::tests_passed(&log)))
}
