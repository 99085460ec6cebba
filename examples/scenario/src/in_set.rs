//! The peers of a set.

use core::time::Duration;

use fusebox::clock::ManualClock;
use fusebox::policy::{Tally, TripPolicy};
use fusebox::{CircuitBreakerSet, Instant, Peer, Rejected, Settings, Snapshot, State, Ticket};

use crate::circuit::{by_hand, look};
use crate::config;
use crate::shelf::{NoPlace, Room, Shelf};
use crate::step::{Ending, Key, Label, Manual};
use crate::subject::{Look, NotDone, Subject};

/// How many peers a set has room for.
pub(crate) const PEERS: usize = 3;

/// A set and its tickets.
pub(crate) struct InSet<'a, const HZ: u32, P: TripPolicy> {
    set: CircuitBreakerSet<Key, &'a ManualClock<HZ>, PEERS, P>,
    tickets: Shelf<Ticket>,
}

impl<'a, const HZ: u32, P: TripPolicy> InSet<'a, HZ, P> {
    pub(crate) fn new(
        clock: &'a ManualClock<HZ>,
        settings: Settings<&'a ManualClock<HZ>, P>,
        when_full: config::WhenFull,
        room: Room,
    ) -> Self {
        let mut set = CircuitBreakerSet::with_settings(clock, settings);
        set.set_when_full(match when_full {
            config::WhenFull::Refuse => fusebox::WhenFull::Refuse,
            config::WhenFull::Admit => fusebox::WhenFull::AdmitUntracked,
        });
        Self { set, tickets: Shelf::new(room) }
    }
}

impl<const HZ: u32, P: TripPolicy> Subject for InSet<'_, HZ, P> {
    fn set_time(&self, now: Instant) {
        self.set.clock().set(now);
    }

    fn has_place(&self, label: Option<Label>) -> Result<(), NoPlace> {
        self.tickets.has_place(label)
    }

    fn acquire(&mut self, key: Key, label: Option<Label>) -> Result<bool, Rejected> {
        let ticket = self.set.try_acquire(&key)?;
        let would_reject = ticket.would_reject();
        self.tickets.put(label, ticket);
        Ok(would_reject)
    }

    fn settle(&mut self, label: Option<Label>, ending: Ending) -> Option<()> {
        let ticket = self.tickets.take(label)?;
        match ending.took {
            Some(took) => self.set.settle_timed(ticket, ending.outcome, took.as_duration()),
            None => self.set.settle(ticket, ending.outcome),
        }
        Some(())
    }

    fn abandon(&mut self, label: Option<Label>) -> Option<()> {
        let ticket = self.tickets.take(label);
        ticket.map(|ticket| self.set.abandon(ticket))
    }

    fn by_hand(&mut self, key: Key, manual: Manual) -> Result<Option<bool>, NotDone> {
        Ok(by_hand(self.set.peer(&key)?, manual)?)
    }

    fn look(&self, key: Key) -> Look {
        // A peer nothing is known of is as good as a closed one.
        let nothing = Look { state: State::Closed, retry_after: None, tally: Tally::default() };
        self.set.get(&key).map_or(nothing, look)
    }

    fn peers(&self) -> u32 {
        self.set.len() as u32
    }

    fn knows(&self, key: Key) -> bool {
        self.set.get(&key).is_some()
    }

    fn save(&self, key: Key) -> Option<Snapshot> {
        self.set.get(&key).map(Peer::snapshot)
    }

    fn restore(&mut self, key: Key, saved: &Snapshot, asleep: Duration) -> Result<(), Rejected> {
        self.set.peer(&key)?.restore(saved, asleep);
        Ok(())
    }
}
