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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::event::TripReason;
    use crate::policy::{Consecutive, CountWindow, MaxFailures};

    type Khz = ManualClock<1_000>;
    type Pair = (CountWindow, Consecutive);

    const RATES: Rates = Rates::failures(50).min_calls(4);
    const PAIR: Pair = (CountWindow { calls: 10, rates: RATES }, Consecutive { failures: 3 });

    fn record<P: TripPolicy>(policy: P, history: &P::History, failed: bool) -> Option<TripReason> {
        policy.record(history, Call { failed, slow: false }, &Khz::new()).map(|trip| trip.reason)
    }

    fn tally<P: TripPolicy>(policy: P, history: &P::History) -> Tally {
        policy.tally::<Khz>(history, Instant::from_ticks(0))
    }

    #[test]
    fn either_opens_and_the_first_is_named_if_both_do() {
        let history = Pair::EMPTY;
        let results = [true, true, true, true].map(|failed| record(PAIR, &history, failed));
        assert_eq!(results, [None, None, Some(TripReason::Consecutive), Some(TripReason::FailureRate)]);
        PAIR.clear(&history);
        assert_eq!(tally(PAIR, &history), Tally::default());
        let results = [false, true, false, true].map(|failed| record(PAIR, &history, failed));
        assert_eq!(results, [None, None, None, Some(TripReason::FailureRate)]);
    }

    #[test]
    fn a_success_is_ignored_if_neither_wants_it() {
        type Quiet = (Consecutive, MaxFailures<3>);
        let quiet = (Consecutive { failures: 3 }, MaxFailures::<3> { max: 3, window: 60_000 });
        let history = Quiet::EMPTY;
        assert!(quiet.ignores_success(&history));
        record(quiet, &history, true);
        assert!(!quiet.ignores_success(&history), "one of them wants it");
        let empty = Pair::EMPTY;
        assert!(!PAIR.ignores_success(&empty));
        let counts = [
            Quiet::COUNTS_SUCCESSES,
            <(MaxFailures<3>, Consecutive)>::COUNTS_SUCCESSES,
            <(MaxFailures<3>, MaxFailures<1>)>::COUNTS_SUCCESSES,
        ];
        assert_eq!(counts, [true, true, false]);
    }

    #[test]
    fn the_tally_is_the_larger_of_both_and_the_window_that_of_the_rates() {
        let now = Instant::from_ticks(0);
        for (pair, swapped) in [(Pair::EMPTY, false), (Pair::EMPTY, true)] {
            for failed in [true, false, true] {
                record(PAIR, &pair, failed);
            }
            assert_eq!(tally(PAIR, &pair), Tally { calls: 3, failures: 2, slow: 0 });
            assert_eq!(PAIR.window::<Khz>(&pair, now), None, "four are not known yet");
            record(PAIR, &pair, false);
            let window = Tally { calls: 4, failures: 2, slow: 0 };
            if swapped {
                let other = ((PAIR.1, PAIR.0), (pair.1, pair.0));
                assert_eq!(other.0.window::<Khz>(&other.1, now), Some(window));
                assert_eq!(other.0.rates(), Some(RATES));
            } else {
                assert_eq!(PAIR.window::<Khz>(&pair, now), Some(window));
                assert_eq!(PAIR.rates(), Some(RATES));
            }
        }
        let none = (Consecutive { failures: 3 }, Consecutive { failures: 4 });
        assert_eq!(none.rates(), None);
    }

    #[test]
    fn the_first_is_saved_and_the_second_starts_anew() {
        let (history, restored, now) = (Pair::EMPTY, Pair::EMPTY, Instant::from_ticks(0));
        for history in [&history, &restored] {
            (0..2).for_each(|_| _ = record(PAIR, history, true));
        }
        record(PAIR, &history, true);
        let saved = PAIR.save::<Khz>(&history, now);
        assert_eq!(saved, PAIR.0.save::<Khz>(&history.0, now));
        PAIR.load::<Khz>(&restored, saved, now, 0);
        assert_eq!(tally(PAIR.0, &restored.0), Tally { calls: 3, failures: 3, slow: 0 });
        assert_eq!(tally(PAIR.1, &restored.1), Tally::default());
    }
}
