//! Steps: what runs one after the other and ends in a table.

use std::fmt::Write as _;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::report::{self, Row, Verdict};
use crate::select;
use crate::shell::Shell;

/// One line of the table. It gives back what is worth noting there.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) run: fn(&Shell) -> Result<String>,
}

/// Their names and what they are about, a line each.
pub(crate) fn list(steps: &[Step]) -> String {
    let mut list = String::new();
    for step in steps {
        // Writing to a string cannot fail.
        let _ = writeln!(list, "{:<10} {}", step.name, step.about);
    }
    list
}

/// Runs those that are named, or all, and tells whether all of them passed.
pub(crate) fn run(steps: &[Step], only: &[String], verbose: bool) -> Result<bool> {
    let names: Vec<&str> = steps.iter().map(|step| step.name).collect();
    let chosen = select::choose("step", &names, only)?;
    let start = Instant::now();
    let mut rows = Vec::new();
    for (step, chosen) in steps.iter().zip(chosen) {
        rows.push(if chosen {
            step.take(verbose)?
        } else {
            Row::new(step.name, Verdict::Skipped("not named by --only".into()))
        });
    }
    println!("\n{}", report::table(&rows, start.elapsed()));
    // The last line of all, so that whoever reads only the end of a log sees what ran.
    println!("{}", report::closing_line(&rows));
    Ok(rows.iter().all(|row| !row.verdict.is_failure()))
}

impl Step {
    fn take(&self, verbose: bool) -> Result<Row> {
        let shell =
            Shell::open(self.name, verbose).with_context(|| format!("cannot write the log of step {}", self.name))?;
        report::start(self.name, verbose);
        let start = Instant::now();
        let verdict = match (self.run)(&shell) {
            Ok(note) => Verdict::Passed(note),
            Err(error) => Verdict::Failed(format!("{error:#}")),
        };
        let row = Row { took: start.elapsed(), ..Row::new(self.name, verdict) };
        report::finish(&row, verbose);
        if row.verdict.is_failure() && !verbose {
            shell.show_log();
        }
        Ok(row)
    }
}

#[cfg(test)]
mod tests {
    use crate::{prove, steps};

    #[test]
    fn step_names_are_short_and_differ() {
        // Of both tables at once, since a step's log goes by its name.
        let names: Vec<_> = steps::STEPS.iter().chain(prove::STEPS).map(|step| step.name).collect();
        for (index, name) in names.iter().enumerate() {
            assert!(name.len() < 10, "{name}");
            assert!(!names[index + 1..].contains(name), "{name}");
        }
    }
}
