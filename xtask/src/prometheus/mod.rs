//! The real Prometheus and Alertmanager, on circuits of peers that are really there: they trip, recover, and all that is
//! in `prometheus/assets` has to show it.

mod alerts;
mod exposition;
mod figures;
mod http;
mod live;
mod queries;
mod rules;
mod server;
mod stage;
mod trace;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::shell::Shell;
use crate::{python, tools};
use stage::Stage;

/// How one check went.
pub(crate) struct Row {
    check: &'static str,
    /// What is worth noting, or what went wrong.
    pub(crate) outcome: Result<String>,
    took: Duration,
}

impl Row {
    pub(crate) const HEAD: &str = "check            result     time";

    fn of(check: &'static str, look: impl FnOnce() -> Result<String>) -> Self {
        let start = Instant::now();
        let outcome = look();
        Self { check, outcome, took: start.elapsed() }
    }

    /// A line of the table.
    pub(crate) fn line(&self) -> String {
        let (word, text) = match &self.outcome {
            Ok(note) => ("ok", note.clone()),
            Err(error) => ("FAILED", format!("{error:#}")),
        };
        let line = format!("{:<16} {word:<7} {:>5.1} s  {text}", self.check, self.took.as_secs_f64());
        line.trim_end().to_string()
    }
}

/// The step of `cargo xtask test`.
pub(crate) fn step(shell: &Shell) -> Result<String> {
    let rows = run(shell, |_| ())?;
    let mut failed = String::new();
    for row in rows.iter().filter(|row| row.outcome.is_err()) {
        // Writing to a string cannot fail.
        let _ = writeln!(failed, "{}", row.line());
    }
    ensure!(failed.is_empty(), "{failed}");
    Ok(format!("{} checks", rows.len()))
}

/// Installs what is missing and makes all checks. Each result is told at once.
pub(crate) fn run(shell: &Shell, mut tell: impl FnMut(&Row)) -> Result<Vec<Row>> {
    tools::debian_packages(shell, stage::PROGRAMS, stage::PACKAGES)?;
    let python = python::with(shell, &python::PROMETHEUS_CLIENT)?;
    let program = stage::program(shell)?;
    let mut rows = vec![];
    let mut take = |check: &'static str, look: &mut dyn FnMut() -> Result<String>| -> Result<()> {
        let row = Row::of(check, look);
        shell.note(&row.line())?;
        tell(&row);
        rows.push(row);
        Ok(())
    };
    take("rules", &mut || rules::check(shell))?;
    // In the order in which the trace gives cause for them.
    let mut stage = None;
    take("start", &mut || {
        stage = Some(Stage::set(shell, &program)?);
        Ok(String::new())
    })?;
    let Some(stage) = stage else { return Ok(rows) };
    take("alerts", &mut || alerts::are_raised(&stage))?;
    take("console", &mut || queries::console_shows_open_circuits(&stage))?;
    take("live page", &mut || live::shows_a_trip(shell, &stage))?;
    take("metrics", &mut || exposition::check(shell, &stage, &python))?;
    take("later alerts", &mut || alerts::are_raised_later(&stage))?;
    take("alerts' end", &mut || alerts::are_resolved(&stage))?;
    take("counts", &mut || figures::counts_agree(&stage))?;
    take("recovered page", &mut || live::shows_recoveries(shell, &stage))?;
    take("states", &mut || figures::one_state_at_a_time(&stage))?;
    take("brief openings", &mut || figures::brief_openings_show(&stage))?;
    take("dashboard", &mut || queries::dashboard(shell, &stage.prometheus(), stage.started))?;
    take("console queries", &mut || queries::console(shell, &stage.prometheus(), stage.started))?;
    // Whatever failed may have failed because of this.
    for loss in stage.losses() {
        shell.note(&loss)?;
    }
    Ok(rows)
}
