//! Scenarios and random traces on every kind of machine: what can be seen must be the same, bit by bit.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use crate::firmware::{self, boards};
use crate::shell::{Call, Shell};
use crate::steps::{HALVES, jsonl_files};
use crate::tools;

/// So many random traces, of a hundred steps each, on what runs them as they are.
const TRACES: u32 = 100_000;
/// On boards: what `examples/firmware/scenario/build.rs` says.
const ON_BOARDS: u32 = 1_000;
/// Under Miri, which takes seconds for each.
const UNDER_MIRI: u32 = 10;
/// The one file of scenarios that is short enough for it.
const SETS: &str = "sets.jsonl";

/// Linked without a C compiler for 32 bits.
const I686: &str = "i686-unknown-linux-musl";
const S390X: &str = "s390x-unknown-linux-gnu";

pub(super) fn step(shell: &Shell) -> Result<String> {
    tools::targets(shell, &[I686])?;
    tools::toolchain(shell, "nightly", &["miri", "rust-src"])?;
    let files = jsonl_files(&shell.root().join("examples/lab/scenarios"))?;
    let played = |call: Call, traces: u32, files: &[PathBuf]| -> Result<Vec<String>> {
        let call = call.args("--").arg(traces.to_string());
        let printed = shell.run(&files.iter().fold(call, Call::arg))?;
        Ok(printed.lines().filter(|line| line.contains("digest ")).map(String::from).collect())
    };

    let host = || run("cargo run", "target/verdicts");
    let expected = played(host().env("ALL_TRIALS", "1"), TRACES, &files)?;
    ensure!(expected.len() == 1 + 2 * files.len(), "the host told of {} lines", expected.len());
    let others = [
        ("this host with two halves", host().env("RUSTFLAGS", HALVES)),
        ("i686", host().args("--target").args(I686)),
        ("i686 with two halves", host().args("--target").args(I686).env("RUSTFLAGS", HALVES)),
    ];
    for (name, call) in others {
        same(name, &expected, &played(call.env("ALL_TRIALS", "1"), TRACES, &files)?)?;
    }

    let miri = run("rustup run nightly cargo miri run", "target/miri").args("--target").args(S390X);
    let miri = miri.env("MIRIFLAGS", "-Zmiri-disable-isolation");
    let sets: Vec<_> = files.iter().filter(|file| file.ends_with(SETS)).cloned().collect();
    ensure!(sets.len() == 1, "there is no {SETS} in examples/lab/scenarios");
    same("s390x", &played(host(), UNDER_MIRI, &sets)?, &played(miri, UNDER_MIRI, &sets)?)?;

    let on_boards = played(host(), ON_BOARDS, &[])?;
    let random = on_boards.first().context("the host played no random traces")?;
    for row in firmware::run(shell, &["scenario".into()], &[], |_| ())? {
        let line = row.line();
        let note = row.outcome?;
        ensure!(note.ends_with(random.as_str()), "{line}\nand the host: {random}");
    }
    Ok(format!(
        "{TRACES} random traces and {} scenario files on x86-64 and i686 with both carriers, {UNDER_MIRI} on s390x, \
         {ON_BOARDS} on {} cores",
        files.len(),
        boards::BOARDS.len(),
    ))
}

fn run(cargo: &str, target: &str) -> Call {
    let call = Call::new(cargo).args("-p fusebox-scenario --features std --example verdicts --target-dir").args(target);
    if cargo.contains("miri") { call } else { call.args("--release") }
}

fn same(name: &str, expected: &[String], seen: &[String]) -> Result<()> {
    ensure!(
        expected == seen,
        "{name} saw something else:\n{}\nand this host:\n{}",
        seen.join("\n"),
        expected.join("\n")
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::same;

    #[test]
    fn what_differs_is_told_with_both_sides() {
        let line = |digest: &str| vec![format!("random from 1: digest {digest}")];
        assert!(same("a", &line("7"), &line("7")).is_ok());
        let error = same("i686", &line("7"), &line("8")).unwrap_err().to_string();
        assert!(error.contains("i686 saw") && error.contains("digest 7") && error.contains("digest 8"), "{error}");
        assert!(same("a", &line("7"), &[]).is_err());
    }
}
