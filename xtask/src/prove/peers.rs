//! The rows of what went wrong in other crates, on them and on fusebox.

use std::collections::BTreeSet;
use std::fmt;

use anyhow::{Result, ensure};

use crate::counts;
use crate::shell::{Call, Shell};

/// How many rows there are.
const ROWS: usize = 23;

pub(super) fn step(shell: &Shell) -> Result<String> {
    let test = "cargo test -p fusebox-peer-tests --all-features --test defects -- --show-output";
    let log = shell.run(&Call::new(test))?;
    let seen = Seen::of(&log);
    ensure!(seen.held.len() == ROWS, "of {ROWS} rows fusebox was tried in these: {:?}", seen.held);
    let without = match counts::tests_skipped(&log) {
        0 => String::new(),
        some => format!("; {some} not seen, the log says which"),
    };
    Ok(format!("{} tests: {seen}{without}", counts::tests_passed(&log)))
}

/// What the tests printed.
#[derive(Default)]
struct Seen<'a> {
    /// The rows in which fusebox held.
    held: BTreeSet<&'a str>,
    /// The row and the crate of each defect.
    shown: BTreeSet<(&'a str, &'a str)>,
}

impl<'a> Seen<'a> {
    fn of(log: &'a str) -> Self {
        let mut seen = Self::default();
        for line in log.lines().filter_map(|line| line.strip_prefix("seen: ")) {
            let mut parts = line.split(" | ");
            let (Some(row), Some(package)) = (parts.next(), parts.next()) else { continue };
            if package.starts_with("fusebox") {
                seen.held.insert(row);
            } else {
                seen.shown.insert((row, package));
            }
        }
        seen
    }
}

impl fmt::Display for Seen<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: BTreeSet<_> = self.shown.iter().map(|(row, _)| row).collect();
        let peers: BTreeSet<_> = self.shown.iter().map(|(_, package)| package).collect();
        let (held, shown) = (self.held.len(), self.shown.len());
        write!(f, "{held} rows hold, {} of them shown by {} crates, {shown} times", rows.len(), peers.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_crates_count_once() {
        let log = "\
---- windows::y01 stdout ----
seen: Y01 | fusebox 0.1.0 | opened after 50 failures
seen: Y06 | fusebox 0.1.0 | 1 of 10000 calls
seen: Y06 | fusebox 0.1.0 | 3 of 10000 calls
seen: Y06 | nobreak 0.1.0 | 10000 of 10000 calls
seen: Y06 | failsafe 1.3.0 | 10000 of 10000 calls
seen: Y17 | failsafe 1.3.0 | a window of 999 ms
seen: Y17 | failsafe 1.3.0 | a window of 4 ms
";
        assert_eq!(Seen::of(log).to_string(), "2 rows hold, 2 of them shown by 2 crates, 3 times");
        assert!(Seen::of("not seen: Y01 | failsafe 1.3.0 | x").shown.is_empty());
    }
}
