//! What the program shows when it is started without a command.

use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::Result;
use indicatif::HumanCount;

use crate::flags::Flags;
use crate::generate::{Generator, Recording};
use crate::history::History;
use crate::links::Change;
use crate::replay::Report;
use crate::timeline;
use crate::trace::{Peers, Row, Trace};

/// The seed of the demo's trace, chosen for a picture in which much happens.
pub(crate) const SEED: u64 = 629;

/// The links and the length of the demo's trace: 128 s, two seconds for each column of the picture.
pub(crate) const LINKS: u32 = 8;
pub(crate) const ROWS: usize = LINKS as usize * 512;
const COLUMNS: usize = 64;

const MEASURED_LINKS: u32 = 64;
const MEASURED_ROWS: usize = 1_000_000;

/// Plays the demo. `program` is how the user calls this program.
pub(crate) fn run(program: &str, out: &mut impl Write) -> Result<()> {
    writeln!(out, "{INTRODUCTION}\n")?;

    let mut trace = Recording::of(Generator::new(LINKS, SEED), ROWS);
    let mut history = History::default();
    let summary = Flags::default().replay(&mut trace, &mut history)?;
    writeln!(out, "{}", timeline::render(&history, trace.peers(), COLUMNS))?;
    writeln!(out, "What the breakers saved in these {} seconds\n{summary}\n", (history.end_ms() + 500) / 1000)?;
    out.flush()?;

    let mut long = Recording::of(Generator::new(MEASURED_LINKS, SEED), MEASURED_ROWS);
    let started = Instant::now();
    let rows = Flags::default().replay(&mut long, &mut Silence)?.calls;
    let took = started.elapsed();
    let tenths = per_second(rows, took) / 100_000;
    writeln!(
        out,
        "Speed: {}.{} million rows per second ({} rows, {MEASURED_LINKS} circuits, {} ms)\n",
        tenths / 10,
        tenths % 10,
        HumanCount(rows),
        took.as_millis(),
    )?;
    write_next(program, out)
}

const INTRODUCTION: &str = "\
fusebox: a circuit breaker for every peer a program talks to

A gateway sends a packet to each of 8 sensors, four times a second. Radio links
fail and recover, and every packet sent into dead air costs time and energy. So
each link has a circuit breaker: the fourth failure within 60 s opens it and
the gateway keeps silent on that link. After 10 s one packet may try: if it
arrives the circuit closes, if not it stays open for another 10 s.

The links are generated, the time is virtual, the breakers are real:";

fn write_next(program: &str, out: &mut impl Write) -> Result<()> {
    writeln!(out, "What to try next")?;
    for (command, what) in [
        ("serve", "the same with real peers, live in your browser"),
        ("generate > links.csv", "the packets you just saw, as a file"),
        ("replay links.csv --plot links.svg", "the same on your own trace, with a plot"),
        ("replay links.csv --backoff-cap 60s", "wait longer for links that stay dead"),
        ("replay --help", "other rules that open a circuit"),
        ("scenario examples/lab/scenarios/rules.jsonl", "the rules, step by step"),
    ] {
        writeln!(out, "  # {what}\n  {program} {command}")?;
    }
    Ok(())
}

fn per_second(rows: u64, took: Duration) -> u64 {
    (u128::from(rows) * 1_000_000_000).checked_div(took.as_nanos()).unwrap_or(0) as u64
}

/// Nobody is told.
struct Silence;

impl Report for Silence {
    fn packet(&mut self, _row: Row, _sent: bool) {}

    fn change(&mut self, _change: &Change, _peers: &Peers) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use fusebox::State;

    use super::*;
    use crate::history::Link;

    fn demo() -> String {
        let mut out = Vec::new();
        run("fusebox", &mut out).unwrap();
        anstream::adapter::strip_str(&String::from_utf8(out).unwrap()).to_string()
    }

    #[test]
    fn every_link_and_every_state_is_in_the_picture_within_80_columns() {
        let text = demo();
        for name in Generator::new(LINKS, SEED).peers() {
            assert!(text.contains(&format!("\n  {name}")), "{name} is missing:\n{text}");
        }
        for sign in ["xx", "██", "──", "?"] {
            assert!(text.contains(sign), "no {sign} in:\n{text}");
        }
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(text.contains("rows per second"));
    }

    #[test]
    fn the_links_fail_and_recover() {
        let mut trace = Recording::of(Generator::new(LINKS, SEED), ROWS);
        let mut history = History::default();
        let summary = Flags::default().replay(&mut trace, &mut history).unwrap();
        assert_eq!((summary.calls, summary.peers), (ROWS as u64, u64::from(LINKS)));
        let end_ms = history.end_ms();
        let last = |link: &Link| link.spans(end_ms).last().map(|span| span.state);
        let recovered = |link: &&Link| link.spans(end_ms).count() > 3 && last(link) == Some(State::Closed);
        assert!(history.links().iter().filter(recovered).count() >= 5);
        assert!(history.links().iter().any(|link| last(link) == Some(State::Open)), "one is still dead at the end");
        assert!(summary.failures_avoided > 4 * summary.successes_missed, "{summary}");
        assert!(summary.failures_avoided > 9 * summary.failures, "{summary}");
    }
}
