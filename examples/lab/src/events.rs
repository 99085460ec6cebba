//! Changes of state as JSON lines.

use std::io::Write;

use anyhow::{Context, Result};
use fusebox::Ticks;
use serde::Serialize;

use crate::links::Change;
use crate::replay::Report;
use crate::trace::{Peers, Row};

/// Writes one line per change.
#[derive(Debug)]
pub(crate) struct EventLog<W> {
    out: W,
}

impl<W: Write> EventLog<W> {
    pub(crate) fn new(out: W) -> Self {
        Self { out }
    }
}

/// One line.
#[derive(Debug, Serialize)]
struct Line<'a> {
    time_ms: u64,
    peer: &'a str,
    from: &'static str,
    to: &'static str,
    cause: &'static str,
    /// How long the circuit will be open.
    #[serde(skip_serializing_if = "Option::is_none")]
    wait_ms: Option<u32>,
    #[serde(flatten)]
    evidence: Option<Evidence>,
}

/// What was judged, where results were the cause.
#[derive(Debug, Serialize)]
struct Evidence {
    rule: &'static str,
    calls: u32,
    failures: u32,
}

impl<W: Write> Report for EventLog<W> {
    fn packet(&mut self, _row: Row, _sent: bool) {}

    fn change(&mut self, change: &Change, peers: &Peers) -> Result<()> {
        let transition = &change.transition;
        let line = Line {
            time_ms: change.time_ms,
            peer: peers.get_index(change.peer as usize).context("an event of an unknown peer")?,
            from: transition.from().as_str(),
            to: transition.to().as_str(),
            cause: transition.cause().as_str(),
            wait_ms: transition.wait().map(Ticks::as_millis),
            evidence: transition.cause().trip().map(|trip| Evidence {
                rule: trip.reason().as_str(),
                calls: trip.calls(),
                failures: trip.failures(),
            }),
        };
        writeln!(self.out, "{}", serde_json::to_string(&line)?)?;
        Ok(())
    }
}
