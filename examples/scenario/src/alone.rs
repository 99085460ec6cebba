//! A breaker of its own.

use core::time::Duration;

use fusebox::clock::ManualClock;
use fusebox::policy::TripPolicy;
use fusebox::{CircuitBreaker, Instant, Permit, Rejected, Snapshot};

use crate::circuit::{by_hand, look};
use crate::shelf::{NoPlace, Room, Shelf};
use crate::step::{Ending, Key, Label, Manual};
use crate::subject::{Look, NotDone, Subject};

/// A breaker and its permits.
pub(crate) struct Alone<'a, const HZ: u32, P: TripPolicy> {
    breaker: &'a CircuitBreaker<&'a ManualClock<HZ>, P>,
    permits: Shelf<Permit<'a, &'a ManualClock<HZ>, P>>,
}

impl<'a, const HZ: u32, P: TripPolicy> Alone<'a, HZ, P> {
    pub(crate) const fn new(breaker: &'a CircuitBreaker<&'a ManualClock<HZ>, P>, room: Room) -> Self {
        Self { breaker, permits: Shelf::new(room) }
    }
}

impl<const HZ: u32, P: TripPolicy> Subject for Alone<'_, HZ, P> {
    fn set_time(&self, now: Instant) {
        self.breaker.clock().set(now);
    }

    fn has_place(&self, label: Option<Label>) -> Result<(), NoPlace> {
        self.permits.has_place(label)
    }

    fn acquire(&mut self, _: Key, label: Option<Label>) -> Result<bool, Rejected> {
        let permit = self.breaker.try_acquire()?;
        let would_reject = permit.would_reject();
        self.permits.put(label, permit);
        Ok(would_reject)
    }

    fn settle(&mut self, label: Option<Label>, ending: Ending) -> Option<()> {
        let permit = self.permits.take(label)?;
        match ending.took {
            Some(took) => permit.settle_timed(ending.outcome, took.as_duration()),
            None => permit.settle(ending.outcome),
        }
        Some(())
    }

    fn abandon(&mut self, label: Option<Label>) -> Option<()> {
        self.permits.take(label).map(drop)
    }

    fn by_hand(&mut self, _: Key, manual: Manual) -> Result<Option<bool>, NotDone> {
        Ok(by_hand(self.breaker.peer(), manual)?)
    }

    fn look(&self, _: Key) -> Look {
        look(self.breaker.peer())
    }

    fn peers(&self) -> u32 {
        1
    }

    fn knows(&self, _: Key) -> bool {
        true
    }

    fn save(&self, _: Key) -> Option<Snapshot> {
        Some(self.breaker.snapshot())
    }

    fn restore(&mut self, _: Key, saved: &Snapshot, asleep: Duration) -> Result<(), Rejected> {
        self.breaker.restore(saved, asleep);
        Ok(())
    }
}
