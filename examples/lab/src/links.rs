//! One circuit per link, for any number of links, on the time of a trace.

use std::cell::{Cell, RefCell};

use anyhow::{Result, bail};
use fusebox::clock::ManualClock;
use fusebox::policy::TripPolicy;
use fusebox::{CircuitBreakerSet, Event, Instant, Listener, Outcome, Peer, RejectReason, Settings, Transition};

use crate::trace::Row;

/// Milliseconds, as traces count.
pub(crate) type LinkClock = ManualClock<1000>;

type Set<'a, P, const N: usize> = CircuitBreakerSet<u32, &'a LinkClock, N, P, &'a Watch>;

/// The circuits of all links.
///
/// A set never grows, so the links beyond the first `N` get sets of their own, and no circuit is ever
/// evicted.
#[derive(Debug)]
pub(crate) struct Links<'a, P: TripPolicy, const N: usize> {
    clock: &'a LinkClock,
    watch: &'a Watch,
    settings: Settings<&'a LinkClock, P>,
    sets: Vec<Box<Set<'a, P, N>>>,
    /// The time at which the clock shows 0: the midnight before the first row. So a trace of real times
    /// does not wrap within its first weeks, and buckets begin at full seconds, minutes and hours.
    origin_ms: Option<u64>,
}

const DAY_MS: u64 = 86_400_000;

impl<'a, P: TripPolicy, const N: usize> Links<'a, P, N> {
    pub(crate) fn new(clock: &'a LinkClock, watch: &'a Watch, settings: Settings<&'a LinkClock, P>) -> Self {
        Self { clock, watch, settings, sets: Vec::new(), origin_ms: None }
    }

    /// Sends a packet if the link's circuit lets it through, settles it at once, and says whether it
    /// was sent.
    pub(crate) fn send(&mut self, row: Row) -> Result<bool> {
        let origin_ms = *self.origin_ms.get_or_insert(row.time_ms - row.time_ms % DAY_MS);
        // The counter of a clock wraps, and circuits are made for that.
        self.clock.set(Instant::from_ticks(row.time_ms.saturating_sub(origin_ms) as u32));
        self.watch.time_ms.set(row.time_ms);
        let number = row.peer as usize / N;
        while self.sets.len() <= number {
            self.sets.push(Box::new(CircuitBreakerSet::with_listener(self.clock, self.settings, self.watch)));
        }
        match self.sets[number].peer(&row.peer).and_then(Peer::try_acquire) {
            Ok(permit) => {
                permit.settle(if row.ok { Outcome::Success } else { Outcome::Failure });
                Ok(true)
            }
            Err(rejected) if rejected.reason() == RejectReason::TableFull => bail!("link {}: {rejected}", row.peer),
            Err(_) => Ok(false),
        }
    }
}

/// A change of a link's state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    pub(crate) time_ms: u64,
    pub(crate) peer: u32,
    pub(crate) transition: Transition,
}

/// Listens to all circuits and keeps what changed until it is asked.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    time_ms: Cell<u64>,
    changes: RefCell<Vec<Change>>,
}

impl Watch {
    /// Moves what changed since the last time into a list that was used before.
    pub(crate) fn take(&self, into: &mut Vec<Change>) {
        into.clear();
        std::mem::swap(into, &mut *self.changes.borrow_mut());
    }
}

impl Listener<u32> for &Watch {
    fn on_event(&self, peer: &u32, event: &Event) {
        if let Event::Transition(transition) = event {
            let change = Change { time_ms: self.time_ms.get(), peer: *peer, transition: *transition };
            self.changes.borrow_mut().push(change);
        }
    }
}
