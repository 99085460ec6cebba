//! Failures in a row.

use super::{Call, Cell, Tally, TripPolicy};
use crate::event::{Trip, TripReason};
use crate::time::{Clock, Instant};

/// Opens on so many failures in a row, however far apart. Reads no clock.
///
/// Set with [`SettingsBuilder::consecutive`](crate::SettingsBuilder::consecutive). One word per peer;
/// a success after a success costs one load.
///
/// ```
/// use fusebox::{CircuitBreaker, Settings, State, clock::ManualClock};
///
/// let clock = ManualClock::<1_000>::new();
/// let settings = Settings::builder().consecutive(3).build()?;
/// let breaker = CircuitBreaker::with_settings(&clock, settings);
/// for result in [Err(()), Err(()), Ok(()), Err(()), Err(()), Err(())] {
///     assert_eq!(breaker.state(), State::Closed);
///     let _ = breaker.call(|| result);
/// }
/// assert_eq!(breaker.state(), State::Open);
/// # Ok::<(), fusebox::SettingsError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Consecutive {
    pub(crate) failures: u32,
}

impl TripPolicy for Consecutive {
    type History = Cell;
    const EMPTY: Cell = Cell::new(0);

    #[inline]
    fn record<C: Clock>(&self, history: &Cell, call: Call, _: &C) -> Option<Trip> {
        if !call.failed {
            self.clear(history);
            return None;
        }
        let failures = history.add(1);
        let tally = Tally { calls: failures, failures, slow: 0 };
        (failures >= self.failures).then_some(Trip::new(TripReason::Consecutive, tally))
    }

    #[inline]
    fn ignores_success(&self, history: &Cell) -> bool {
        history.load() == 0
    }

    fn clear(&self, history: &Cell) {
        history.store(0);
    }

    fn tally<C: Clock>(&self, history: &Cell, _: Instant) -> Tally {
        let failures = history.load();
        Tally { calls: failures, failures, slow: 0 }
    }

    fn save<C: Clock>(&self, history: &Cell, _: Instant) -> u32 {
        history.load()
    }

    fn load<C: Clock>(&self, history: &Cell, saved: u32, _: Instant, _: u32) {
        history.store(saved);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    type Khz = ManualClock<1_000>;

    const POLICY: Consecutive = Consecutive { failures: 3 };

    fn record(history: &Cell, failed: bool) -> Option<Trip> {
        POLICY.record(history, Call { failed, slow: false }, &Khz::new())
    }

    fn failures(history: &Cell) -> Tally {
        POLICY.tally::<Khz>(history, Instant::from_ticks(0))
    }

    #[test]
    fn opens_on_the_last_of_so_many_in_a_row_and_on_each_after_it() {
        let history = Consecutive::EMPTY;
        assert_eq!([true, true, false, true, true].map(|failed| record(&history, failed)), [None; 5]);
        for count in [3, 4] {
            let tally = Tally { calls: count, failures: count, slow: 0 };
            assert_eq!(record(&history, true), Some(Trip::new(TripReason::Consecutive, tally)));
            assert_eq!(failures(&history), tally);
        }
    }

    #[test]
    fn a_success_matters_only_after_a_failure() {
        let history = Consecutive::EMPTY;
        assert!(POLICY.ignores_success(&history));
        record(&history, true);
        assert!(!POLICY.ignores_success(&history));
        record(&history, false);
        assert!(POLICY.ignores_success(&history));
        assert_eq!(failures(&history), Tally::default());
    }

    #[test]
    fn the_count_is_saved_whole_and_forgotten_when_it_is_cleared() {
        let (history, restored, now) = (Consecutive::EMPTY, Consecutive::EMPTY, Instant::from_ticks(7));
        (0..2).for_each(|_| _ = record(&history, true));
        let saved = POLICY.save::<Khz>(&history, now);
        POLICY.load::<Khz>(&restored, saved, now, 1_000);
        assert_eq!((saved, failures(&restored)), (2, failures(&history)));
        POLICY.clear(&restored);
        assert_eq!(failures(&restored), Tally::default());
    }
}
