//! What happened on each link, kept for pictures.

use anyhow::Result;
use fusebox::State;

use crate::links::Change;
use crate::replay::Report;
use crate::trace::{Peers, Row};

/// The states and the lost packets of all links. Times are milliseconds since the first row.
#[derive(Debug, Default)]
pub(crate) struct History {
    links: Vec<Link>,
    first_ms: Option<u64>,
    end_ms: u64,
}

/// One link's part.
#[derive(Clone, Debug, Default)]
pub(crate) struct Link {
    changes: Vec<(u64, State)>,
    lost: Vec<u64>,
}

/// A time in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) state: State,
    pub(crate) from_ms: u64,
    pub(crate) to_ms: u64,
}

impl History {
    /// The links, in the order of the trace's peers.
    pub(crate) fn links(&self) -> &[Link] {
        &self.links
    }

    /// When the last packet had its time.
    pub(crate) fn end_ms(&self) -> u64 {
        self.end_ms
    }

    fn since_first(&self, time_ms: u64) -> u64 {
        time_ms - self.first_ms.unwrap_or(time_ms)
    }

    fn link(&mut self, peer: u32) -> &mut Link {
        let index = peer as usize;
        if self.links.len() <= index {
            self.links.resize(index + 1, Link::default());
        }
        &mut self.links[index]
    }
}

impl Report for History {
    fn packet(&mut self, row: Row, _sent: bool) {
        self.first_ms.get_or_insert(row.time_ms);
        let time_ms = self.since_first(row.time_ms);
        self.end_ms = time_ms;
        let link = self.link(row.peer);
        if !row.ok {
            link.lost.push(time_ms);
        }
    }

    fn change(&mut self, change: &Change, _peers: &Peers) -> Result<()> {
        let time_ms = self.since_first(change.time_ms);
        self.link(change.peer).changes.push((time_ms, change.transition.to()));
        Ok(())
    }
}

impl Link {
    /// When a packet was lost, or would have been if it had been sent.
    pub(crate) fn lost(&self) -> &[u64] {
        &self.lost
    }

    /// The link's states one after the other from the start, closed, to `end_ms`. A probe's result
    /// comes at once in a replay, so half-open spans have no length.
    pub(crate) fn spans(&self, end_ms: u64) -> impl Iterator<Item = Span> {
        let starts = std::iter::once((0, State::Closed)).chain(self.changes.iter().copied());
        let ends = self.changes.iter().map(|(time, _)| *time).chain(std::iter::once(end_ms));
        starts.zip(ends).map(|((from_ms, state), to_ms)| Span { state, from_ms, to_ms })
    }

    #[cfg(test)]
    pub(crate) fn made_of(changes: &[(u64, State)], lost: &[u64]) -> Self {
        Self { changes: changes.into(), lost: lost.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_fill_the_time() {
        let link = Link::made_of(&[(10, State::Open), (30, State::HalfOpen), (30, State::Closed)], &[]);
        let span = |state, from_ms, to_ms| Span { state, from_ms, to_ms };
        let expected = [
            span(State::Closed, 0, 10),
            span(State::Open, 10, 30),
            span(State::HalfOpen, 30, 30),
            span(State::Closed, 30, 100),
        ];
        assert_eq!(link.spans(100).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn times_count_from_the_first_row() {
        let mut history = History::default();
        for (time_ms, peer, ok) in [(5_000, 1, true), (5_500, 0, false), (6_000, 1, false)] {
            history.packet(Row { time_ms, peer, ok }, true);
        }
        assert_eq!(history.end_ms(), 1_000);
        assert_eq!(history.links()[0].lost(), [500]);
        assert_eq!(history.links()[1].lost(), [1_000]);
    }
}
