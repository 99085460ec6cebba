//! Every figure, for who reads them all.

use std::fmt::Write as _;

use super::figures::{Bytes, Figures, Kind, Time};

/// A row: its name, what it says, and what its figures are compared with.
const ROWS: &[(&str, &str, Floor)] = &[
    ("floors", "steps of which breakers are made", Floor::None),
    ("closed_success", "closed, success", Floor::Same("bare call")),
    ("closed_failure", "closed, failure", Floor::Same("bare call")),
    ("open_rejected", "open, rejected", Floor::Of("floors", "Instant::now()")),
    ("half_open", "half-open, admitted", Floor::Same("bare call")),
    ("two_threads", "closed, success, two threads on one breaker, ns each", Floor::OneThread),
    ("keyed_1", "1 peer, looked up by its name and called", Floor::Same(super::budget::LOOKUP)),
    ("keyed_1000", "1,000 peers", Floor::Same(super::budget::LOOKUP)),
    ("keyed_100000", "100,000 peers", Floor::Same(super::budget::LOOKUP)),
    ("keyed_1000_two_threads", "1,000 peers, two threads, ns each", Floor::Same(super::budget::LOOKUP)),
    ("export_13", "1,000 circuits exported with 13 series each, ns a series", Floor::Of("export_13", COPIED)),
    ("export_26", "1,000 circuits exported with 26 series each, ns a series", Floor::Of("export_26", COPIED)),
    ("callers_100000", "one thread calls 100,000 circuits while another exports them", Floor::None),
];

/// The least that it takes to write a page.
const COPIED: &str = "the lines of the page, copied";

/// What a figure is compared with.
#[derive(Clone, Copy)]
enum Floor {
    None,
    /// That of the same row.
    Same(&'static str),
    Of(&'static str, &'static str),
    /// The same subject with one thread.
    OneThread,
}

impl Floor {
    fn title(self) -> String {
        match self {
            Self::None => String::new(),
            Self::Same(name) | Self::Of(_, name) => name.into(),
            Self::OneThread => "one thread".into(),
        }
    }

    fn time(self, figures: &Figures, time: &Time) -> Option<f64> {
        match self {
            Self::None => None,
            Self::Same(name) => figures.median(&time.row, name),
            Self::Of(row, name) => figures.median(row, name),
            Self::OneThread => {
                figures.median("closed_success", &time.name).or_else(|| figures.median("floors", &time.name))
            }
        }
    }
}

/// All figures.
pub(super) fn table(figures: &Figures) -> String {
    let mut table = String::from(
        "nanoseconds a call: median and quartiles; how often the floor; how often the fastest peer takes as long\n",
    );
    for (row, title, floor) in ROWS {
        let times: Vec<&Time> = figures.times.iter().filter(|time| time.row == *row).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(table, "\n{title:<58} / {}", floor.title());
        let peer = figures.fastest_peer(row, |_| true).map(|(_, time)| time);
        for time in times {
            table.push_str(&line(time, floor.time(figures, time), peer));
        }
    }
    let _ = writeln!(table, "\n{:<40}{:>8}{:>8}{:>14}", "bytes", "size", "heap", "allocations");
    for Bytes { name, size, heap, allocations, .. } in &figures.bytes {
        let _ = writeln!(table, "  {name:<38}{size:>8}{heap:>8}{allocations:>14}");
    }
    table
}

fn line(time: &Time, floor: Option<f64>, peer: Option<f64>) -> String {
    let Time { name, kind, quartiles, kept, of, .. } = time;
    let Some([median, lower, upper]) = quartiles else {
        return format!("  {name:<38}   too noisy: {kept} of {of} samples were undisturbed\n");
    };
    let spread = format!("{lower:.2}-{upper:.2}");
    let ratio = |number: Option<f64>| number.map_or(String::new(), |number| format!("{number:.2}"));
    let floor = ratio(floor.map(|floor| median / floor));
    let peer = ratio(peer.filter(|_| *kind == Kind::Ours).map(|peer| peer / median));
    let kept = if kept == of { String::new() } else { format!("  {kept} of {of}") };
    let line = format!("  {name:<38}{median:>9.2} {spread:>17}{floor:>8}{peer:>8}{kept}");
    format!("{}\n", line.trim_end())
}

#[cfg(test)]
mod tests {
    use super::super::figures::tests::figures;
    use super::*;

    #[test]
    fn a_line_has_the_spread_and_the_ratios() {
        let table = table(&figures());
        let wanted = [
            "closed, success                                            / bare call",
            "  breaker, settings held                     2.00         1.90-2.25    2.00    5.00",
            "  fast                                      10.00       10.00-10.00   10.00",
            "  breaker, settings held                     5.00         5.00-5.00    2.50          8 of 9",
            "  fast                                     too noisy: 3 of 9 samples were undisturbed",
            "  breaker, settings held                      80       0             0",
        ];
        for line in wanted {
            assert!(table.lines().any(|one| one == line), "{line}\n{table}");
        }
    }
}
