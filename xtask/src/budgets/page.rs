//! The table of `docs/firmware.md`, made of the measured figures.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::CORES;
use super::figures::Figure;
use crate::shell::Shell;

const PAGE: &str = "docs/firmware.md";
const BEGIN: &str = "<!-- begin: written by `cargo xtask budgets --update` -->\n";
const END: &str = "<!-- end -->\n";

/// The rows: what they say, and the group and name of their figure.
const ROWS: &[(&str, &str, &str)] = &[
    ("a call through a closed circuit, successful", "instructions", "closed_success"),
    ("the same, settings held by the breaker", "instructions", "closed_success_settings_held"),
    ("a failure, recorded", "instructions", "failure"),
    ("the failure that opens", "instructions", "failure_that_trips"),
    ("a call rejected", "instructions", "reject"),
    ("a probe that closes", "instructions", "probe_that_closes"),
    ("finding the last of 32 six-byte addresses", "instructions", "lookup_6_bytes_last"),
    ("interrupts masked: by a call through a closed circuit", "masked_longest", "closed_success"),
    ("interrupts masked: by the failure that opens", "masked_longest", "failure_that_trips"),
    ("interrupts masked: by a restored snapshot", "masked_longest", "restore"),
    ("stack, a failure that opens: bytes", "stack", "failure_that_trips"),
    ("flash, a whole breaker: bytes of code", "text_bytes", "breaker"),
    ("flash, settings held by the breaker: bytes of code", "text_bytes", "breaker_settings_held"),
    ("flash, a set of 8 peers, settings held: bytes of code", "text_bytes", "set_of_8"),
    ("RAM, a whole breaker: bytes", "ram_bytes", "breaker"),
    ("RAM, a peer of a set besides its key, `MaxFailures<3>`: bytes", "ram", "peer_of_set_max_failures_3"),
    ("RAM, a peer of a set besides its key, `Consecutive`: bytes", "ram", "peer_of_set_consecutive"),
];

/// The page with its table.
pub(crate) struct Page {
    path: PathBuf,
    text: String,
}

impl Page {
    pub(crate) fn read(shell: &Shell) -> Result<Self> {
        let path = shell.root().join(PAGE);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {PAGE}"))?;
        Ok(Self { path, text })
    }

    /// What is wrong with the page's table, if anything.
    pub(crate) fn problem(&self, figures: &[Figure]) -> Option<String> {
        match parts(&self.text) {
            None => Some(format!("{PAGE} has no place for the figures: {BEGIN}")),
            Some((_, shown, _)) if shown != table(figures) => {
                Some(format!("the table of {PAGE} does not show what was measured"))
            }
            Some(_) => None,
        }
    }

    /// Writes the table down.
    pub(crate) fn update(&mut self, figures: &[Figure]) -> Result<()> {
        if let Some((before, _, after)) = parts(&self.text) {
            self.text = format!("{before}{BEGIN}{}{END}{after}", table(figures));
            fs::write(&self.path, &self.text).with_context(|| format!("cannot write {PAGE}"))?;
        }
        Ok(())
    }
}

/// What stands before, in and after the place for the figures.
fn parts(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (shown, after) = rest.split_once(END)?;
    Some((before, shown, after))
}

fn table(figures: &[Figure]) -> String {
    let mut table = String::from("\n| |");
    // Writing to a string cannot fail.
    for core in CORES {
        let _ = write!(table, " {} |", core.title);
    }
    let _ = writeln!(table, "\n|---|{}", "---:|".repeat(CORES.len()));
    for (what, group, name) in ROWS {
        let _ = write!(table, "| {what} |");
        for core in CORES {
            let of = |figure: &&Figure| figure.core == core.name && figure.group == *group && figure.name == *name;
            match figures.iter().find(of) {
                Some(figure) => {
                    let _ = write!(table, " {} |", figure.value);
                }
                None => table.push_str(" ? |"),
            }
        }
        table.push('\n');
    }
    table.push('\n');
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_replaced_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("page.md");
        let mut page = Page { path: path.clone(), text: format!("before\n{BEGIN}old\n{END}after\n") };
        let figures = [Figure::new("cortex-m3", "instructions", "closed_success", 14)];
        assert!(page.problem(&figures).is_some());
        page.update(&figures).unwrap();
        assert_eq!(page.problem(&figures), None);
        let text = fs::read_to_string(path).unwrap();
        assert!(text.starts_with("before\n") && text.ends_with("after\n") && !text.contains("old"), "{text}");
        assert!(text.contains("successful | ? | 14 | ? | ? |"), "{text}");
        assert!(Page { text: "no marks".into(), ..page }.problem(&figures).is_some());
    }
}
