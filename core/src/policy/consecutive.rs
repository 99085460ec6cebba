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
