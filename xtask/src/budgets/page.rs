//! The table of `docs/firmware.md`, made of the measured figures.

use std::fmt::Write as _;

use super::boards::CORES;
use super::figures::Figure;

/// The page.
pub(super) const PAGE: &str = "docs/firmware.md";

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

/// The table.
pub(super) fn table(figures: &[Figure]) -> String {
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
    fn a_row_has_a_figure_for_each_core_or_a_question_mark() {
        let table = table(&[Figure::new("cortex-m3", "instructions", "closed_success", 14)]);
        assert!(table.contains("successful | ? | 14 | ? | ? |"), "{table}");
    }
}
