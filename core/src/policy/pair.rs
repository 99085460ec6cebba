//! Two policies at once.

use super::{Call, RatePolicy, Rates, Tally, TripPolicy};
use crate::event::Trip;
use crate::time::{Clock, Instant};

/// Opens when either policy would; the event says which. Both take in every result.
impl<A: TripPolicy, B: TripPolicy> TripPolicy for (A, B) {
    type History = (A::History, B::History);
    const EMPTY: Self::History = (A::EMPTY, B::EMPTY);
    const COUNTS_SUCCESSES: bool = A::COUNTS_SUCCESSES || B::COUNTS_SUCCESSES;

    #[inline]
    fn record<C: Clock>(&self, history: &Self::History, call: Call, clock: &C) -> Option<Trip> {
        let first = self.0.record(&history.0, call, clock);
        let second = self.1.record(&history.1, call, clock);
        first.or(second)
    }

    #[inline]
    fn ignores_success(&self, history: &Self::History) -> bool {
        self.0.ignores_success(&history.0) && self.1.ignores_success(&history.1)
    }

    fn clear(&self, history: &Self::History) {
        self.0.clear(&history.0);
        self.1.clear(&history.1);
    }

    /// The larger of both.
    fn tally<C: Clock>(&self, history: &Self::History, now: Instant) -> Tally {
        let first = self.0.tally::<C>(&history.0, now);
        let second = self.1.tally::<C>(&history.1, now);
        Tally {
            calls: first.calls.max(second.calls),
            failures: first.failures.max(second.failures),
            slow: first.slow.max(second.slow),
        }
    }

    /// That of the first policy which has rates.
    fn window<C: Clock>(&self, history: &Self::History, now: Instant) -> Option<Tally> {
        match self.0.rates() {
            Some(_) => self.0.window::<C>(&history.0, now),
            None => self.1.window::<C>(&history.1, now),
        }
    }

    #[inline]
    fn rates(&self) -> Option<Rates> {
        self.0.rates().or(self.1.rates())
    }

    /// The first one's: there is room for one.
    fn save<C: Clock>(&self, history: &Self::History, now: Instant) -> u32 {
        self.0.save::<C>(&history.0, now)
    }

    fn load<C: Clock>(&self, history: &Self::History, saved: u32, now: Instant, asleep: u32) {
        self.0.load::<C>(&history.0, saved, now, asleep);
        self.1.clear(&history.1);
    }
}

impl<A: RatePolicy, B: TripPolicy> RatePolicy for (A, B) {}
