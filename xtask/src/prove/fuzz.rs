//! Random input that looks for a way through the code, with the address sanitizer and overflow checks.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result, anyhow, bail, ensure};

use crate::python;
use crate::shell::{Call, Shell};
use crate::tools;

/// Each target, and the longest input that it is given.
const TARGETS: [(&str, u32); 7] = [
    ("machine", 1_200),
    ("set", 1_200),
    ("snapshot", 300),
    ("saved_file", 1_500),
    ("trace", 600),
    ("scenario", 3_000),
    ("metrics_text", 1_200),
];
/// For each target, of which two run at a time.
const SECONDS: &str = "90";
/// Where it is built, and where new inputs are kept.
const FOLDER: &str = "target/fuzz";
/// The program for Python that reads the pages.
const PARSE: &str = "xtask/src/prove/pages.py";

pub(super) fn step(shell: &Shell) -> Result<String> {
    tools::toolchain(shell, "nightly", &[])?;
    tools::cargo_tool(shell, "fuzz")?;
    shell.run(&fuzz("build"))?;
    let mut notes = vec![];
    for pair in TARGETS.chunks(2) {
        let done: Vec<_> = thread::scope(|scope| {
            let started: Vec<_> = pair.iter().map(|target| scope.spawn(|| run(shell, *target))).collect();
            started.into_iter().map(|thread| thread.join().map_err(|_| anyhow!("a thread panicked"))?).collect()
        });
        notes.extend(done.into_iter().collect::<Result<Vec<_>>>()?);
    }
    notes.push(pages(shell)?);
    Ok(notes.join("; "))
}

fn fuzz(command: &str) -> Call {
    Call::new("rustup run nightly cargo fuzz").args(command).args("--target-dir").args(FOLDER)
}

/// Runs a target and notes how often it ran, how much of the code it reached, and how many ways through that code it knows.
fn run(shell: &Shell, (target, longest): (&str, u32)) -> Result<String> {
    let new = shell.root().join(FOLDER).join("corpus").join(target);
    fs::create_dir_all(&new).with_context(|| new.display().to_string())?;
    let artifacts = shell.root().join("fuzz/artifacts").join(target);
    let before = files(&artifacts);
    let call = fuzz("run").args(target).arg(&new).args(&format!("fuzz/corpus/{target} --"));
    let call = call.args("-timeout=20 -rss_limit_mb=4096 -print_final_stats=1");
    let call = call.args(&format!("-max_total_time={SECONDS} -max_len={longest}"));
    let log =
        shell.run(&call).map_err(|error| match files(&artifacts).into_iter().find(|file| !before.contains(file)) {
            Some(found) => anyhow!(
                "{target} failed on {}; replay it with: {}",
                found.display(),
                fuzz("run").args(target).arg(&found)
            ),
            None => error,
        })?;
    let figures = figures(&log).with_context(|| format!("{target} says nothing of what it ran"))?;
    ensure!(figures.runs > 0, "{target} ran nothing");
    Ok(format!("{target} {figures}"))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
}

/// What libFuzzer says at the end.
#[derive(Debug, PartialEq, Eq)]
struct Figures {
    runs: u64,
    /// Edges of the code that were reached.
    edges: u64,
    /// The same, told apart by how often, and values that were compared.
    features: u64,
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} runs, cov {}, ft {}", self.runs, self.edges, self.features)
    }
}

fn figures(log: &str) -> Option<Figures> {
    let last =
        log.lines().rev().find(|line| line.starts_with('#') && line.split_whitespace().nth(1) == Some("DONE"))?;
    let words: Vec<_> = last.split_whitespace().collect();
    let after = |name: &str| words.iter().skip_while(|word| **word != name).nth(1)?.parse().ok();
    Some(Figures {
        runs: words.first()?.trim_start_matches('#').parse().ok()?,
        edges: after("cov:")?,
        features: after("ft:")?,
    })
}

/// Prometheus' own client reads the pages that the inputs for `metrics_text` come to.
fn pages(shell: &Shell) -> Result<String> {
    let python = python::with(shell, &python::PROMETHEUS_CLIENT)?;
    let folder = shell.root().join(FOLDER).join("pages");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
    }
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let write =
        Call::new("cargo run --release -p fusebox-fuzz-checks --bin pages -- fuzz/corpus/metrics_text").arg(&folder);
    shell.run(&write)?;
    let said = shell.run(&python.call().arg(PARSE).arg(&folder).env("PYTHONIOENCODING", "utf-8"))?;
    match said.lines().last().map(str::trim) {
        Some(last) if last.ends_with(" samples") && !last.starts_with("0 ") => {
            Ok(format!("Prometheus' client read {last}"))
        }
        _ => bail!("the pages were not read: {said}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_a_run_has_the_figures() {
        let log = "INFO: Seed: 1\n#2\tINITED cov: 5 ft: 6 corp: 1/1b\n\
                   #59334\tDONE   cov: 729 ft: 2530 corp: 243/34Kb lim: 580 exec/s: 927 rss: 424Mb\n\
                   stat::number_of_executed_units: 59334\n";
        assert_eq!(figures(log), Some(Figures { runs: 59_334, edges: 729, features: 2_530 }));
        assert_eq!(figures("#2\tINITED cov: 5 ft: 6\n"), None);
    }

    #[test]
    fn every_target_is_run() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/fuzz_targets");
        let mut there: Vec<_> = files(&folder).iter().map(|file| file.file_stem().unwrap().to_owned()).collect();
        let mut known = TARGETS.map(|(name, _)| name);
        there.sort();
        known.sort_unstable();
        assert_eq!(there, known);
    }
}
