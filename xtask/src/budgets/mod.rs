//! What a breaker costs, measured exactly and compared with what is written down.

mod boards;
mod callgrind;
mod compare;
mod figures;
mod file;
mod images;
mod page;
mod panics;
mod size;

use anyhow::{Result, ensure};

use crate::select;
use crate::shell::Shell;
use figures::Figure;
use file::BudgetFile;

pub(crate) use boards::Core;

/// What is measured together, and compared with one committed file.
#[derive(Clone, Copy)]
struct Suite {
    name: &'static str,
    file: &'static str,
    /// Why nothing is measured on this machine, if so.
    obstacle: Option<&'static str>,
    /// Measures with this compiler, and brings up to date what else shows the figures, if that is wanted.
    measure: fn(&Shell, &str, bool) -> Result<Measured>,
}

/// What a suite found.
struct Measured {
    figures: Vec<Figure>,
    /// What is wrong besides the figures, a line each.
    problems: Vec<String>,
    /// What else is worth noting.
    note: String,
}

const SUITES: [Suite; 2] = [boards::SUITE, callgrind::SUITE];

/// What was found.
pub(crate) struct Outcome {
    /// All figures, a line each.
    pub(crate) table: String,
    /// What is wrong, a line each.
    pub(crate) problems: Vec<String>,
    /// What else is worth noting.
    pub(crate) note: String,
}

/// Runs the suites that are named, or all.
pub(crate) fn run(shell: &Shell, only: &[String], update: bool) -> Result<Vec<Outcome>> {
    let chosen = select::choose("suite", &SUITES.map(|suite| suite.name), only)?;
    let chosen = SUITES.iter().zip(chosen).filter(|(_, chosen)| *chosen);
    chosen.map(|(suite, _)| suite.run(shell, update)).collect()
}

impl Suite {
    /// Measures everything and compares it. An update writes the figures down first, and ceilings hold all the same.
    fn run(self, shell: &Shell, update: bool) -> Result<Outcome> {
        if let Some(obstacle) = self.obstacle {
            return Ok(Outcome { table: String::new(), problems: vec![], note: obstacle.into() });
        }
        let mut file = BudgetFile::read(&shell.root().join(self.file))?;
        let compiler = file.compiler().to_string();
        let Measured { figures, problems: others, note } = (self.measure)(shell, &compiler, update)?;
        // The table shows what was written down before.
        let table = compare::table(&compare::rows(&figures, &file));
        shell.note(&table)?;
        if update {
            file.update(&figures)?;
        }
        let mut problems = compare::problems(&compare::rows(&figures, &file));
        problems.extend(file.not_among(&figures).into_iter().map(|name| format!("{name} is not measured")));
        problems.extend(others);
        let count = format!("{} figures", figures.len());
        let note = if note.is_empty() { count } else { format!("{count}; {note}") };
        Ok(Outcome { table, problems, note })
    }

    /// The step of `cargo xtask test`.
    fn step(self, shell: &Shell) -> Result<String> {
        let outcome = self.run(shell, false)?;
        ensure!(outcome.problems.is_empty(), "{}\n{ADVICE}", outcome.problems.join("\n"));
        Ok(outcome.note)
    }
}

/// What writes figures down.
const UPDATE: &str = "cargo xtask budgets --update";

/// What to do about problems.
pub(crate) const ADVICE: &str = "`cargo xtask budgets --update` writes the measured figures down, the better ones too; a ceiling is met or changed by hand";

/// The step `budgets` of `cargo xtask test`.
pub(crate) fn on_boards(shell: &Shell) -> Result<String> {
    boards::SUITE.step(shell)
}

/// The step `callgrind` of `cargo xtask test`.
pub(crate) fn on_host(shell: &Shell) -> Result<String> {
    callgrind::SUITE.step(shell)
}
