//! The table for readers: what they get, and what it costs elsewhere.

use std::fmt::Write as _;

use super::figures::Figures;

/// A line: what it says, its row, our breaker, our handle or set, and its floor.
struct Line {
    what: &'static str,
    row: &'static str,
    breaker: Option<&'static str>,
    shared: Option<&'static str>,
    floor: Option<(&'static str, &'static str, &'static str)>,
    /// What peers are comparable.
    peers: fn(&str) -> bool,
}

const HELD: Option<&str> = Some("breaker, settings held");
const HANDLE: Option<&str> = Some("Handle");
const SET: Option<&str> = Some("CircuitBreakerSet");
const BARE: Option<(&str, &str, &str)> = Some(("closed_success", "bare call", "the call alone"));

const LINES: &[Line] = &[
    Line {
        what: "closed, success",
        row: "closed_success",
        breaker: HELD,
        shared: HANDLE,
        floor: BARE,
        peers: |_| true,
    },
    Line {
        what: "the same, two threads at once",
        row: "two_threads",
        breaker: HELD,
        shared: HANDLE,
        floor: Some(("two_threads", "bare call", "the call alone")),
        peers: |_| true,
    },
    Line {
        what: "the same, every call counted",
        row: "closed_success",
        breaker: None,
        shared: Some("Handle, Counts::All"),
        floor: BARE,
        peers: |_| false,
    },
    Line {
        what: "the same, the last 20 calls judged",
        row: "closed_success",
        breaker: Some("breaker, CountWindow"),
        shared: Some("Handle, CountWindow"),
        floor: BARE,
        peers: super::budget::has_window,
    },
    Line {
        what: "closed, failure, with its time",
        row: "closed_failure",
        breaker: HELD,
        shared: HANDLE,
        floor: Some(("floors", "Instant::now()", "`Instant::now()`")),
        peers: |_| true,
    },
    Line {
        what: "closed, failure, counted in a row",
        row: "closed_failure",
        breaker: Some("breaker, Consecutive"),
        shared: None,
        floor: BARE,
        peers: |_| true,
    },
    Line {
        what: "open, rejected",
        row: "open_rejected",
        breaker: HELD,
        shared: HANDLE,
        floor: Some(("floors", "Instant::now()", "`Instant::now()`")),
        peers: |_| true,
    },
    Line {
        what: "1,000 peers: found by name, and called",
        row: "keyed_1000",
        breaker: None,
        shared: SET,
        floor: Some(("keyed_1000", super::budget::LOOKUP, "found in a bare map")),
        peers: |_| true,
    },
    Line {
        what: "100,000 peers",
        row: "keyed_100000",
        breaker: None,
        shared: SET,
        floor: Some(("keyed_100000", super::budget::LOOKUP, "found in a bare map")),
        peers: |_| true,
    },
];

/// The table, in nanoseconds.
pub(super) fn table(figures: &Figures) -> String {
    let mut table = String::from(
        "\n| nanoseconds a call | `CircuitBreaker` | `fusebox-std` | fastest other crate | at the least |\n\
         |---|---:|---:|---:|---:|\n",
    );
    for Line { what, row, breaker, shared, floor, peers } in LINES {
        let ours = |name: Option<&str>| name.and_then(|name| figures.median(row, name)).map_or(String::new(), number);
        let peer = figures
            .fastest_peer(row, peers)
            .map_or(String::new(), |(name, time)| format!("{} ({})", number(time), name.replace("DashMap of ", "")));
        let floor = floor.and_then(|(row, name, title)| Some((figures.median(row, name)?, title)));
        let floor = floor.map_or(String::new(), |(time, title)| format!("{} ({title})", number(time)));
        // Writing to a string cannot fail.
        let _ = writeln!(table, "| {what} | {} | {} | {peer} | {floor} |", ours(*breaker), ours(*shared));
    }
    table.push('\n');
    table
}

/// Two digits say all that can be said on a shared machine.
fn number(time: f64) -> String {
    if time < 9.95 { format!("{time:.1}") } else { format!("{time:.0}") }
}

#[cfg(test)]
mod tests {
    use super::super::figures::tests::figures;
    use super::*;

    #[test]
    fn a_line_says_what_is_known() {
        let table = table(&figures());
        assert!(table.contains("| closed, success | 2.0 |  | 10 (fast) | 1.0 (the call alone) |\n"), "{table}");
        assert!(table.contains("| the same, two threads at once | 5.0 |  |  |  |\n"), "{table}");
        assert!(table.contains("| open, rejected |  |  |  | 20 (`Instant::now()`) |\n"), "{table}");
    }
}
