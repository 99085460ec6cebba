//! Small changes to the library's code, each of which some unit test must notice.
//!
//! cargo-mutants makes one change at a time, of an operator, a condition, a match arm or a whole body, and runs the tests.

mod compare;
mod outcomes;
mod survivors;

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::thread;

use anyhow::{Context, Result, ensure};

use crate::shell::{Call, Shell};
use crate::tools;
use outcomes::{End, Outcome};

/// What is changed.
const FILES: [&str; 4] = ["core/src/machine/**", "core/src/policy/**", "core/src/set/**", "core/src/snapshot.rs"];
/// Tests that have files of their own.
const TESTS: [&str; 2] = ["core/src/**/tests.rs", "core/src/**/tests/**"];
/// What is written to a log: compiled with a feature only, and looked at by `core/tests/formats.rs`.
const LOGS: &str = "defmt::Format";
/// A test that takes longer than all others, for what the others show as well.
const LEFT_OUT: &str = "it_makes_no_difference_where_the_clock_stands";
/// Below the workspace's root.
const LIST: &str = "tests/surviving_mutants.toml";
/// Where cargo-mutants writes, in a folder `mutants.out`. Below the workspace's root.
const OUTPUT: &str = "target/xtask/mutants";
/// Each job compiles the dependencies once more, in a copy of the workspace.
const MOST_JOBS: usize = 4;

pub(super) fn step(shell: &Shell) -> Result<String> {
    tools::cargo_tool(shell, "mutants")?;
    let listed = survivors::read(&shell.root().join(LIST))?;
    let output = shell.root().join(OUTPUT);
    empty(&output)?;
    let ran = shell.run(&call());
    // To cargo-mutants a survivor is an error. Here it is to be looked at.
    let outcomes = outcomes::read(&output.join("mutants.out/outcomes.json"), shell.root());
    let outcomes = outcomes.map_err(|unreadable| ran.err().unwrap_or(unreadable))?;
    let problems = compare::problems(&outcomes, &listed);
    ensure!(problems.is_empty(), "{}\n\n{ADVICE}", problems.join("\n\n"));
    Ok(note(&outcomes))
}

/// What to do about problems.
const ADVICE: &str = "each survivor is to be noticed by a test, or to be an entry of tests/surviving_mutants.toml with its kind and its reason; target/xtask/mutants/mutants.out has the changes and what the tests printed";

fn call() -> Call {
    let jobs = thread::available_parallelism().map_or(1, usize::from).min(MOST_JOBS);
    let call = Call::new("cargo mutants --package fusebox --profile mutants --colors never --annotations none");
    // Each copy of the workspace has a target folder of its own, whatever the environment says.
    let call = call.args("--cargo-arg=--lib --cargo-arg=--target-dir=target");
    let call = call.args("--jobs").arg(jobs.to_string()).args("--output").arg(OUTPUT);
    let call = FILES.iter().fold(call, |call, files| call.args("--file").arg(files));
    let call = TESTS.iter().fold(call, |call, files| call.args("--exclude").arg(files));
    call.args("--minimum-test-timeout 40 --exclude-re").arg(LOGS).args("-- -- --skip").arg(LEFT_OUT)
}

/// Makes sure that what is read afterwards is of this run.
fn empty(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot empty {}", folder.display()))
        }
        _ => fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display())),
    }
}

fn note(outcomes: &[Outcome]) -> String {
    let count = |end: End| outcomes.iter().filter(|outcome| outcome.end == end).count();
    format!(
        "{} mutants: {} caught, {} live as listed, {} never end as listed, {} do not compile",
        outcomes.len(),
        count(End::Caught),
        count(End::Missed),
        count(End::Timeout),
        count(End::Unviable)
    )
}
