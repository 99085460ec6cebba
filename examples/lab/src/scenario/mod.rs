//! The `scenario` command: files of steps with what each must come to.

mod breaker;
mod format;
mod play;
mod step;
mod time;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};

/// Runs all scenarios of all files, and only then says what came of them: if one of them is no scenario,
/// nobody should think that the others were all there are.
pub(crate) fn run_files(files: &[PathBuf], out: &mut impl Write) -> Result<ExitCode> {
    let mut verdicts = Vec::new();
    for file in files {
        let name = || file.display().to_string();
        let text = std::fs::read_to_string(file).with_context(name)?;
        for scenario in format::parse(&text).with_context(name)? {
            let verdict = breaker::run(&scenario).with_context(|| format!("{}: scenario {}", name(), scenario.id))?;
            verdicts.push((scenario.id, verdict));
        }
    }
    for (id, verdict) in &verdicts {
        match verdict {
            Ok(()) => writeln!(out, "ok {id}")?,
            Err(failure) => writeln!(out, "FAIL {id} {failure}")?,
        }
    }
    let failed = verdicts.iter().filter(|(_, verdict)| verdict.is_err()).count();
    writeln!(out, "{} passed, {failed} failed", verdicts.len() - failed)?;
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
