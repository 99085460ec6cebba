//! Fusebox against the published python-circuit, ten million random calls.

use anyhow::{Result, ensure};

use crate::python;
use crate::shell::{Call, Shell};

/// How many are compared at least.
const CALLS: usize = 10_000_000;
/// Which compare one half each, at once.
const TESTS: usize = 2;

pub(super) fn step(shell: &Shell) -> Result<String> {
    let oracle = python::with(shell, &python::ORACLE)?;
    let call = Call::new("cargo test --release -p fusebox-tests --test oracle_random")
        .args("-- --nocapture")
        .env("FUSEBOX_ORACLE_CALLS", CALLS.div_ceil(TESTS).to_string());
    let call = oracle.for_tests(call);
    let (calls, steps) = compared(&shell.run(&call)?);
    ensure!(calls >= CALLS, "`{call}` compared {calls} calls, not {CALLS}");
    Ok(format!("{calls} calls in {steps} steps, each verdict and state as python-circuit's"))
}

/// What the tests say that they compared, added up.
fn compared(log: &str) -> (usize, usize) {
    let figures = log.lines().filter_map(|line| {
        let (calls, rest) = line.split_once("compared ")?.1.split_once(" calls in ")?;
        Some((calls.parse::<usize>().ok()?, rest.split_once(" steps")?.0.parse::<usize>().ok()?))
    });
    figures.fold((0, 0), |(calls, steps), (more, further)| (calls + more, steps + further))
}

#[cfg(test)]
mod tests {
    use super::compared;

    #[test]
    fn calls_are_added_up() {
        let log = "compared 5090487 calls in 5090487 steps\ntest a ... compared 3 calls in 7 steps\nok\n";
        assert_eq!(compared(log), (5_090_490, 5_090_494));
        assert_eq!(compared("compared nothing\n"), (0, 0));
    }
}
