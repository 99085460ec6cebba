//! The real Prometheus and Alertmanager, on circuits of peers that are really there: they trip, recover, and all that is
//! in `prometheus/assets` has to show it.

mod alerts;
mod exposition;
mod figures;
mod http;
mod queries;
mod rules;
mod server;
mod stage;
mod trace;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::shell::Shell;
use crate::tools;
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

/// What is looked at while the trace is played, in this order: what is asked for early comes early in the trace.
type Check = fn(&Shell, &Stage) -> Result<String>;
const CHECKS: [(&str, Check); 10] = [
    ("metrics", exposition::check),
    ("alerts", |_, stage| alerts::are_raised(stage)),
    ("console", |_, stage| queries::console_shows_open_circuits(stage)),
    ("later alerts", |_, stage| alerts::are_raised_later(stage)),
    ("alerts' end", |_, stage| alerts::are_resolved(stage)),
    ("counts", |_, stage| figures::counts_agree(stage)),
    ("states", |_, stage| figures::one_state_at_a_time(stage)),
    ("brief openings", |_, stage| figures::brief_openings_show(stage)),
    ("dashboard", |shell, stage| queries::dashboard(shell, &stage.prometheus(), stage.started)),
    ("console queries", |shell, stage| queries::console(shell, &stage.prometheus(), stage.started)),
];

/// Installs what is missing and makes all checks. Each result is told at once.
pub(crate) fn run(shell: &Shell, mut tell: impl FnMut(&Row)) -> Result<Vec<Row>> {
    tools::debian_packages(shell, stage::PROGRAMS, stage::PACKAGES)?;
    let mut rows = vec![];
    let mut take = |row: Row| -> Result<()> {
        shell.note(&row.line())?;
        tell(&row);
        rows.push(row);
        Ok(())
    };
    take(Row::of("rules", || rules::check(shell)))?;
    let stage = Stage::set(shell)?;
    for (name, check) in CHECKS {
        take(Row::of(name, || check(shell, &stage)))?;
    }
    // Whatever failed may have failed because of this.
    for loss in stage.losses() {
        shell.note(&loss)?;
    }
    Ok(rows)
}
