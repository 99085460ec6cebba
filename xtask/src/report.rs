//! What a run tells: a line per step, the table at the end and the closing line.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

/// How one step went.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) step: &'static str,
    pub(crate) verdict: Verdict,
    pub(crate) took: Duration,
}

/// The text says what passed, what went wrong, or why nothing ran.
#[derive(Debug)]
pub(crate) enum Verdict {
    Passed(String),
    Failed(String),
    Skipped(String),
}

impl Row {
    pub(crate) fn new(step: &'static str, verdict: Verdict) -> Self {
        Self { step, verdict, took: Duration::ZERO }
    }

    fn line(&self) -> String {
        let line = format!("{:<10} {}", self.step, self.outcome());
        line.trim_end().to_string()
    }

    fn outcome(&self) -> String {
        let (word, text) = match &self.verdict {
            Verdict::Passed(note) => ("ok", note),
            Verdict::Failed(reason) => ("FAILED", reason),
            Verdict::Skipped(reason) => ("skipped", reason),
        };
        let text = text.lines().collect::<Vec<_>>().join(" | ");
        format!("{word:<7} {:>7.1} s  {text}", self.took.as_secs_f64())
    }
}

impl Verdict {
    pub(crate) fn is_failure(&self) -> bool {
        matches!(self, Self::Failed(_))
    }
}

/// Begins a step's line, so that a person sees what is running.
pub(crate) fn start(step: &str, verbose: bool) {
    print!("{step:<10} {}", if verbose { "\n" } else { "" });
    // A closed standard output fails the next `println!` with its own message.
    let _ = std::io::stdout().flush();
}

/// Ends the line that [`start`] began.
pub(crate) fn finish(row: &Row, verbose: bool) {
    if verbose {
        println!("{}", row.line());
    } else {
        println!("{}", row.outcome().trim_end());
    }
}

/// All steps, one a line, and the time of the whole run.
pub(crate) fn table(rows: &[Row], whole: Duration) -> String {
    let mut table = String::from("step       result     time\n");
    for row in rows {
        // Writing to a string cannot fail.
        let _ = writeln!(table, "{}", row.line());
    }
    let _ = write!(table, "{:<10} {:<7} {:>7.1} s", "total", "", whole.as_secs_f64());
    table
}

/// `N passed, N failed`, and how many were skipped if any were.
pub(crate) fn closing_line(rows: &[Row]) -> String {
    let count = |is: fn(&Verdict) -> bool| rows.iter().filter(|row| is(&row.verdict)).count();
    let passed = count(|verdict| matches!(verdict, Verdict::Passed(_)));
    let failed = count(Verdict::is_failure);
    let skipped = count(|verdict| matches!(verdict, Verdict::Skipped(_)));
    let mut line = format!("{passed} passed, {failed} failed");
    if skipped > 0 {
        let _ = write!(line, ", {skipped} skipped");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Row> {
        let seconds = Duration::from_millis;
        vec![
            Row { took: seconds(1_240), ..Row::new("fmt", Verdict::Passed(String::new())) },
            Row { took: seconds(61_000), ..Row::new("test", Verdict::Passed("41 tests".into())) },
            Row { took: seconds(90), ..Row::new("miri", Verdict::Failed("no\nnetwork".into())) },
            Row::new("loom", Verdict::Skipped("not named by --only".into())),
        ]
    }

    #[test]
    fn the_table_has_one_line_a_step_with_its_time_and_reason() {
        let expected = "\
step       result     time
fmt        ok          1.2 s
test       ok         61.0 s  41 tests
miri       FAILED      0.1 s  no | network
loom       skipped     0.0 s  not named by --only
total                 62.3 s";
        assert_eq!(table(&rows(), Duration::from_millis(62_330)), expected);
    }

    #[test]
    fn the_closing_line_counts_steps_and_names_skipped_ones_only_when_there_are_any() {
        assert_eq!(closing_line(&rows()), "2 passed, 1 failed, 1 skipped");
        assert_eq!(closing_line(&rows()[..2]), "2 passed, 0 failed");
    }
}
