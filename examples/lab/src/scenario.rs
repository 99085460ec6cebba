//! The `scenario` command: files of steps with what each must come to.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use fusebox_scenario::{Room, Scenarios, Trial, play_all, read};

/// Run scenario files and say for each whether every step came out as expected
///
/// Exits with 1 if a scenario fails and with 2 if a file is not what SCENARIOS.md describes.
#[derive(Args, Debug)]
pub(crate) struct ScenarioArgs {
    /// Files with one JSON object a line
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Play each scenario from many start ticks, on a breaker and in a set, and print a checksum of all
    /// that was seen, to compare with a chip's
    #[arg(long)]
    digest: bool,
}

impl ScenarioArgs {
    /// Runs all scenarios of all files, and only then says what came of them: if one of them is no
    /// scenario, nobody should think that the others were all there are.
    pub(crate) fn run(&self, out: &mut impl Write) -> Result<ExitCode> {
        let mut lines = Vec::new();
        let (mut passed, mut failed) = (0, 0);
        for file in &self.files {
            let name = || file.display().to_string();
            let text = std::fs::read_to_string(file).with_context(name)?;
            let packed = read::pack(&text).with_context(name)?;
            if self.digest {
                let report = play_all(Scenarios::packed(&packed), &Room::HOST, |scenario, trial, failure| {
                    lines.push(format!("FAIL {} {trial}: {failure}", scenario.id()));
                })
                .with_context(name)?;
                lines.push(format!("{}: {report}", name()));
                passed += report.passed;
                failed += report.total - report.passed;
                continue;
            }
            for scenario in Scenarios::packed(&packed) {
                let scenario = scenario.with_context(name)?;
                match scenario.play(Trial::PLAIN, &Room::HOST).with_context(name)?.verdict {
                    Ok(()) => {
                        passed += 1;
                        lines.push(format!("ok {}", scenario.id()));
                    }
                    Err(failure) => {
                        failed += 1;
                        lines.push(format!("FAIL {} {failure}", scenario.id()));
                    }
                }
            }
        }
        for line in lines {
            writeln!(out, "{line}")?;
        }
        writeln!(out, "{passed} passed, {failed} failed")?;
        Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
