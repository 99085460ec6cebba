//! A picture of links over time for the terminal.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use fusebox::State;

use crate::history::{History, Link};
use crate::trace::{Peers, printable};

const NAME_WIDTH: usize = 11;

const LOST: (char, Style) = ('x', AnsiColor::Red.on_default());
const ARRIVED: (char, Style) = ('·', Style::new().dimmed());
const CLOSED: (char, Style) = ('─', AnsiColor::Green.on_default());
const OPEN: (char, Style) = ('█', AnsiColor::Red.on_default());
const HALF_OPEN: (char, Style) = ('?', AnsiColor::Yellow.on_default().bold());

/// Two lines a link, packets over circuit, on a scale of `columns` characters.
pub(crate) fn render(history: &History, peers: &Peers, columns: usize) -> String {
    let mut text = legend();
    text.push('\n');
    text.push_str(&axis(history.end_ms(), columns));
    for (link, name) in history.links().iter().zip(peers) {
        let cells = cells(link, history.end_ms(), columns);
        let name: String = printable(name).chars().take(NAME_WIDTH - 1).collect();
        let _ = write!(text, "\n  {name:<NAME_WIDTH$}");
        push_styled(&mut text, cells.iter().map(|cell| if cell.lost { LOST } else { ARRIVED }));
        let _ = write!(text, "\n  {:NAME_WIDTH$}", "");
        push_styled(&mut text, cells.iter().map(|cell| look(cell.state)));
        text.push('\n');
    }
    text
}

fn legend() -> String {
    let rows: [(&str, &[(_, &str)]); 2] = [
        ("upper line", &[(ARRIVED, "all packets arrive"), (LOST, "some are lost, or would be if sent")]),
        ("lower line", &[(CLOSED, "circuit closed: sends"), (OPEN, "open: silent"), (HALF_OPEN, "half-open: one try")]),
    ];
    let mut text = String::new();
    for (name, signs) in rows {
        let _ = write!(text, "  {name:<NAME_WIDTH$}");
        for ((sign, style), meaning) in signs {
            let _ = write!(text, "{style}{sign}{style:#} {meaning}   ");
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}

/// A scale of seconds with a mark every sixteen columns.
fn axis(end_ms: u64, columns: usize) -> String {
    const EVERY: usize = 16;
    let mut text = format!("  {:NAME_WIDTH$}", "seconds");
    for column in (0..columns).step_by(EVERY) {
        let _ = write!(text, "{:<EVERY$}", (edge(column, end_ms, columns) + 500) / 1000);
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cell {
    state: State,
    lost: bool,
}

/// The time at which a column begins.
fn edge(column: usize, end_ms: u64, columns: usize) -> u64 {
    (u128::from(end_ms + 1) * column as u128).div_ceil(columns as u128) as u64
}

/// A column shows half-open if the circuit was half-open in it at all, since that is short, and
/// otherwise the state that lasted longest.
fn cells(link: &Link, end_ms: u64, columns: usize) -> Vec<Cell> {
    let overlap = |from: u64, to: u64, start: u64, end: u64| to.min(end).saturating_sub(from.max(start));
    let mut cells = Vec::with_capacity(columns);
    for column in 0..columns {
        let (start, end) = (edge(column, end_ms, columns), edge(column + 1, end_ms, columns));
        let mut lasted = [(State::Closed, 0), (State::Open, 0)];
        let mut probed = false;
        for span in link.spans(end_ms + 1) {
            probed |= span.state == State::HalfOpen && span.from_ms < end && span.to_ms >= start;
            for (state, time) in &mut lasted {
                if *state == span.state {
                    *time += overlap(span.from_ms, span.to_ms, start, end);
                }
            }
        }
        let [closed, open] = lasted;
        let state = match probed {
            true => State::HalfOpen,
            false if open.1 > closed.1 => State::Open,
            false => State::Closed,
        };
        cells.push(Cell { state, lost: link.lost().iter().any(|time| (start..end).contains(time)) });
    }
    cells
}

fn look(state: State) -> (char, Style) {
    match state {
        State::Open => OPEN,
        State::HalfOpen => HALF_OPEN,
        _ => CLOSED,
    }
}

/// Signs of one style share one escape sequence.
fn push_styled(text: &mut String, signs: impl Iterator<Item = (char, Style)>) {
    let mut current = Style::new();
    for (sign, style) in signs {
        if style != current {
            let _ = write!(text, "{current:#}{style}");
            current = style;
        }
        text.push(sign);
    }
    let _ = write!(text, "{current:#}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::Report;
    use crate::trace::Row;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn a_column_shows_what_lasted_longest_and_every_probe() {
        let changes =
            [(40, State::Open), (66, State::HalfOpen), (66, State::Open), (94, State::HalfOpen), (94, State::Closed)];
        let link = Link::made_of(&changes, &[35, 36, 50, 90]);
        let cells = cells(&link, 99, 10);
        let circuit: String = cells.iter().map(|cell| look(cell.state).0).collect();
        let packets: String = cells.iter().map(|cell| if cell.lost { 'x' } else { '.' }).collect();
        assert_eq!(circuit, "────██?██?");
        assert_eq!(packets, "...x.x...x");
    }

    #[test]
    fn every_moment_is_in_one_column() {
        for (end_ms, columns) in [(0, 64), (10, 64), (63, 64), (127_999, 64), (u64::MAX - 1, 7)] {
            assert_eq!(edge(0, end_ms, columns), 0);
            assert_eq!(edge(columns, end_ms, columns), end_ms + 1);
            assert!((0..columns).all(|column| edge(column, end_ms, columns) <= edge(column + 1, end_ms, columns)));
        }
    }

    #[test]
    fn a_picture_has_two_lines_a_link_within_its_width() {
        let mut history = History::default();
        for tick in 0..100 {
            for peer in 0..2 {
                history.packet(Row { time_ms: tick * 100, peer, ok: peer == 0 || tick < 50 }, true);
            }
        }
        let peers: Peers = ["steady", "a name that is too\u{7} long"].map(Into::into).into_iter().collect();
        let picture = render(&history, &peers, 64);
        assert!(picture.contains("\u{1b}[31mxxx"));
        let picture = plain(&picture);
        assert!(picture.lines().all(|line| line.chars().count() <= 2 + NAME_WIDTH + 64), "{picture}");
        assert!(picture.contains(&format!("  steady     {}", "·".repeat(64))), "{picture}");
        assert!(picture.contains(&format!("  a name tha {}{}", "·".repeat(32), "x".repeat(32))), "{picture}");
        assert_eq!(picture.matches(&"─".repeat(64)).count(), 2);
        assert!(picture.contains("seconds    0               2               5               7"), "{picture}");
    }
}
