//! What the client counts by itself, apart from the circuits.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};

use fusebox::{State, Transition};
use indexmap::IndexMap;
use serde::Serialize;

use super::peer::Mode;
use crate::trace::Peers;

/// All peers and what came of the calls to them, in the order of the trace.
#[derive(Debug)]
pub(crate) struct Totals(IndexMap<String, PeerTotals>);

/// One peer.
#[derive(Debug, Default)]
pub(crate) struct PeerTotals {
    mode: AtomicU8,
    answered: AtomicU64,
    refused: AtomicU64,
    timed_out: AtomicU64,
    broken_off: AtomicU64,
    rejected: AtomicU64,
    trips: AtomicU64,
    recoveries: AtomicU64,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Answered,
    /// The connection was refused.
    Refused,
    /// There was no answer in time.
    TimedOut,
    /// It failed in another way, as when a peer goes away within a call.
    BrokenOff,
    /// Its circuit did not let it through.
    Rejected,
}

/// Totals as they were at some moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counted {
    pub(crate) calls: u64,
    pub(crate) success: u64,
    /// The sum of the following three.
    pub(crate) failure: u64,
    pub(crate) refused: u64,
    pub(crate) timed_out: u64,
    pub(crate) broken_off: u64,
    pub(crate) rejected: u64,
    /// From closed to open.
    pub(crate) trips: u64,
    /// From half-open to closed.
    pub(crate) recoveries: u64,
}

/// `GET /totals`.
#[derive(Debug, Serialize)]
pub(crate) struct TotalsReport<'a> {
    pub(crate) all: Counted,
    pub(crate) peers: Vec<PeerReport<'a>>,
}

/// One peer of it.
#[derive(Debug, Serialize)]
pub(crate) struct PeerReport<'a> {
    pub(crate) peer: &'a str,
    #[serde(flatten)]
    pub(crate) counted: Counted,
}

impl Totals {
    pub(crate) fn new(peers: &Peers) -> Self {
        Self(peers.iter().map(|peer| (peer.to_string(), PeerTotals::default())).collect())
    }

    pub(crate) fn of(&self, peer: &str) -> Option<&PeerTotals> {
        self.0.get(peer)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &PeerTotals)> {
        self.0.iter().map(|(peer, totals)| (peer.as_str(), totals))
    }

    pub(crate) fn report(&self) -> TotalsReport<'_> {
        let peers: Vec<_> = self.iter().map(|(peer, totals)| PeerReport { peer, counted: totals.counted() }).collect();
        TotalsReport { all: peers.iter().fold(Counted::default(), |sum, report| sum.plus(&report.counted)), peers }
    }
}

impl PeerTotals {
    pub(crate) fn count(&self, end: End) {
        let counter = match end {
            End::Answered => &self.answered,
            End::Refused => &self.refused,
            End::TimedOut => &self.timed_out,
            End::BrokenOff => &self.broken_off,
            End::Rejected => &self.rejected,
        };
        counter.fetch_add(1, Relaxed);
    }

    pub(crate) fn note(&self, transition: &Transition) {
        if transition.is_trip() {
            self.trips.fetch_add(1, Relaxed);
        } else if (transition.from(), transition.to()) == (State::HalfOpen, State::Closed) {
            self.recoveries.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn set_mode(&self, mode: Mode) {
        self.mode.store(mode as u8, Relaxed);
    }

    /// What the peer does with calls, if any gets through.
    pub(crate) fn mode(&self) -> Mode {
        let known = [Mode::Accept, Mode::Refuse, Mode::Hang];
        known.into_iter().find(|mode| *mode as u8 == self.mode.load(Relaxed)).unwrap_or_default()
    }

    pub(crate) fn counted(&self) -> Counted {
        let [success, refused, timed_out, broken_off, rejected, trips, recoveries] = [
            &self.answered,
            &self.refused,
            &self.timed_out,
            &self.broken_off,
            &self.rejected,
            &self.trips,
            &self.recoveries,
        ]
        .map(|counter| counter.load(Relaxed));
        let failure = refused + timed_out + broken_off;
        let calls = success + failure + rejected;
        Counted { calls, success, failure, refused, timed_out, broken_off, rejected, trips, recoveries }
    }
}

impl Counted {
    const fn plus(self, other: &Self) -> Self {
        Self {
            calls: self.calls + other.calls,
            success: self.success + other.success,
            failure: self.failure + other.failure,
            refused: self.refused + other.refused,
            timed_out: self.timed_out + other.timed_out,
            broken_off: self.broken_off + other.broken_off,
            rejected: self.rejected + other.rejected,
            trips: self.trips + other.trips,
            recoveries: self.recoveries + other.recoveries,
        }
    }
}
