//! Traces: who was sent to, when, and whether it arrived.

use anyhow::Result;
use indexmap::IndexSet;

/// One packet of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// When it was to be sent, in milliseconds.
    pub(crate) time_ms: u64,
    /// To whom: an index into [`Trace::peers`].
    pub(crate) peer: u32,
    /// Whether it arrives if it is sent.
    pub(crate) ok: bool,
}

/// The names of a trace's peers, numbered in the order in which they first appear.
pub(crate) type Peers = IndexSet<Box<str>>;

/// Rows in time order, one at a time, so that a trace need not fit into memory.
pub(crate) trait Trace {
    /// The next row, or `None` at the end.
    fn next_row(&mut self) -> Result<Option<Row>>;

    /// The peers of all rows so far.
    fn peers(&self) -> &Peers;
}

/// A peer's name as people see it: control characters would confuse a terminal and are not XML.
pub(crate) fn printable(name: &str) -> String {
    name.replace(char::is_control, "\u{fffd}")
}
