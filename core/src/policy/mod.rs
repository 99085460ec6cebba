//! When a closed circuit opens.
//!
//! | policy | words per peer | opens |
//! |---|---|---|
//! | [`MaxFailures<N>`] (default, N = 3) | N | on failure number `max + 1` within a window |
//! | [`Consecutive`] | 1 | on so many failures in a row |
//! | [`CountWindow<WORDS>`](CountWindow) | 1 up to 31 calls, else 1 + 1 per 32 | when the last calls' failure rate is too high |
//! | [`TimeWindow<B>`](TimeWindow) | B + 1 | when the failure rate of the last B buckets of time is too high |
//! | [`SlowCountWindow`], [`SlowTimeWindow`] | about twice as much | also when too many calls are slow |
//! | `(A, B)` | the sum | when either would |
//!
//! Two at once, of which either opens the circuit; the event says which:
//!
//! ```
//! use fusebox::policy::{Consecutive, CountWindow, Rates};
//! use fusebox::{CircuitBreaker, Settings, clock::ManualClock};
//!
//! let settings = Settings::builder().count_window(20, Rates::failures(50)).or_consecutive(5).build()?;
//! let clock = ManualClock::<1_000>::new();
//! let breaker = CircuitBreaker::<_, (CountWindow, Consecutive)>::with_settings(&clock, settings);
//! # let _ = breaker;
//! # Ok::<(), fusebox::SettingsError>(())
//! ```
//!
//! They are chosen with the methods of [`SettingsBuilder`](crate::SettingsBuilder), which check their
//! numbers. A policy of your own implements [`TripPolicy`].

#![allow(clippy::declare_interior_mutable_const, reason = "each circuit starts from a copy of its policy's `EMPTY`")]

mod consecutive;
mod count_window;
mod max_failures;
mod pair;
mod rates;
mod time_window;

pub use crate::cell::Cell;
pub use consecutive::Consecutive;
pub(crate) use count_window::capacity;
pub use count_window::{CountWindow, SlowCountWindow};
pub use max_failures::MaxFailures;
pub use rates::Rates;
pub(crate) use time_window::MAX_BUCKETS;
pub use time_window::{SlowTimeWindow, TimeWindow};

use crate::event::Trip;
use crate::time::{Clock, Instant};

/// Decides when a closed circuit opens.
///
/// The policy itself is a setting, one for all peers; what it remembers of one peer is its
/// [`History`](Self::History). Results of calls that were let through while closed are recorded once
/// each, from any thread or interrupt handler at once, so the history is made of [`Cell`]s and each
/// step on them stands for itself.
///
/// ```
/// use fusebox::policy::{Call, Cell, Tally, TripPolicy};
/// use fusebox::{CircuitBreaker, Clock, Instant, Settings, State, Trip, TripReason, clock::ManualClock};
///
/// /// Opens when failures outnumber successes by `budget`.
/// #[derive(Clone, Copy)]
/// struct Budget {
///     budget: u32,
/// }
///
/// impl TripPolicy for Budget {
///     type History = Cell;
///     const EMPTY: Cell = Cell::new(0);
///
///     fn record<C: Clock>(&self, history: &Cell, call: Call, _clock: &C) -> Option<Trip> {
///         let spent = history.update(|spent| if call.failed { spent + 1 } else { spent.saturating_sub(1) });
///         let tally = Tally { calls: spent, failures: spent, slow: 0 };
///         (spent >= self.budget).then_some(Trip::new(TripReason::Custom, tally))
///     }
///     fn ignores_success(&self, history: &Cell) -> bool {
///         history.load() == 0
///     }
///     fn clear(&self, history: &Cell) {
///         history.store(0);
///     }
///     fn tally<C: Clock>(&self, history: &Cell, _now: Instant) -> Tally {
///         Tally { calls: history.load(), failures: history.load(), slow: 0 }
///     }
/// }
///
/// let clock = ManualClock::<1_000>::new();
/// let settings = Settings::builder().trip(Budget { budget: 2 }).build()?;
/// let breaker = CircuitBreaker::with_settings(&clock, settings);
/// for result in [Err(()), Ok(()), Err(()), Err(())] {
///     let _ = breaker.call(|| result);
/// }
/// assert_eq!(breaker.state(), State::Open);
/// # Ok::<(), fusebox::SettingsError>(())
/// ```
pub trait TripPolicy: Copy {
    /// What is remembered of one peer.
    type History;

    /// A peer nothing is known of.
    const EMPTY: Self::History;

    /// Whether a fast success may ever change something. If not, nobody need remember which circuit it came from.
    const COUNTS_SUCCESSES: bool = true;

    /// Takes in the result of a call and says whether the circuit has to open.
    ///
    /// Runs in a bounded number of steps and must not block. Only a policy that needs the time reads
    /// the clock.
    fn record<C: Clock>(&self, history: &Self::History, call: Call, clock: &C) -> Option<Trip>;

    /// Whether a fast success would change nothing just now; then it is not even recorded.
    #[inline]
    fn ignores_success(&self, _history: &Self::History) -> bool {
        !Self::COUNTS_SUCCESSES
    }

    /// Forgets everything: the circuit is about to close.
    fn clear(&self, history: &Self::History);

    /// What would be judged at this moment. Changes nothing.
    fn tally<C: Clock>(&self, history: &Self::History, now: Instant) -> Tally;

    /// What its rates judge at this moment: `None` for policies without rates, and while fewer calls are known than
    /// those need. Changes nothing.
    fn window<C: Clock>(&self, history: &Self::History, now: Instant) -> Option<Tally> {
        let rates = self.rates()?;
        let tally = self.tally::<C>(history, now);
        (tally.calls > 0 && tally.calls >= rates.min_calls).then_some(tally)
    }

    /// The rates that judge probes, for policies that have some.
    #[inline]
    fn rates(&self) -> Option<Rates> {
        None
    }

    /// The history in 32 bits, as well as it goes in, for a [`Snapshot`](crate::Snapshot).
    fn save<C: Clock>(&self, _history: &Self::History, _now: Instant) -> u32 {
        0
    }

    /// Takes up what [`save`](Self::save) gave `asleep` ticks before `now`.
    fn load<C: Clock>(&self, history: &Self::History, _saved: u32, _now: Instant, _asleep: u32) {
        self.clear(history);
    }
}

/// Policies whose rates can judge probes too: for
/// [`judge_probes_by_rate`](crate::SettingsBuilder::judge_probes_by_rate).
pub trait RatePolicy: TripPolicy {}

/// The result of a call, as a policy sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Call {
    /// Whether it failed.
    pub failed: bool,
    /// Whether it took longer than [`slow_call`](crate::SettingsBuilder::slow_call).
    pub slow: bool,
}

/// A count of calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Tally {
    /// All that were looked at; for [`MaxFailures`] and [`Consecutive`] the failures.
    pub calls: u32,
    /// The failed ones among them.
    pub failures: u32,
    /// The slow ones among them.
    pub slow: u32,
}

impl Tally {
    /// No failure and nothing slow.
    pub const fn is_clean(&self) -> bool {
        self.failures == 0 && self.slow == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    type Khz = ManualClock<1_000>;

    /// A policy of one's own, with nothing but what it must have.
    #[derive(Clone, Copy)]
    struct Own<const COUNTS: bool>;

    impl<const COUNTS: bool> TripPolicy for Own<COUNTS> {
        type History = Cell;
        const EMPTY: Cell = Cell::new(0);
        const COUNTS_SUCCESSES: bool = COUNTS;

        fn record<C: Clock>(&self, history: &Cell, _: Call, _: &C) -> Option<Trip> {
            history.add(1);
            None
        }

        fn clear(&self, history: &Cell) {
            history.store(0);
        }

        fn tally<C: Clock>(&self, history: &Cell, _: Instant) -> Tally {
            Tally { calls: history.load(), ..Tally::default() }
        }
    }

    #[test]
    fn a_policy_of_ones_own_ignores_successes_if_it_says_so_judges_no_probes_and_starts_anew() {
        let (history, now) = (Own::<true>::EMPTY, Instant::from_ticks(0));
        assert!(!Own::<true>.ignores_success(&history));
        assert!(Own::<false>.ignores_success(&history));
        assert_eq!(Own::<true>.rates(), None);
        Own::<true>.record(&history, Call { failed: true, slow: false }, &Khz::new());
        assert_eq!(Own::<true>.window::<Khz>(&history, now), None);
        assert_eq!(Own::<true>.save::<Khz>(&history, now), 0);
        Own::<true>.load::<Khz>(&history, 0, now, 0);
        assert_eq!(history.load(), 0);
    }

    #[test]
    fn a_window_is_shown_once_enough_calls_are_known_and_never_empty() {
        for needed in 0..4 {
            let policy = CountWindow::<1> { calls: 5, rates: Rates { min_calls: needed, ..Rates::failures(50) } };
            let (history, clock) = (CountWindow::<1>::EMPTY, Khz::new());
            for calls in 0..6 {
                let known = policy.window::<Khz>(&history, clock.now()).map(|tally| tally.calls);
                let expected = (calls > 0 && calls >= needed).then_some(calls);
                assert_eq!(known, expected, "{calls} of {needed}");
                policy.record(&history, Call { failed: false, slow: false }, &clock);
            }
        }
    }

    #[test]
    fn a_tally_is_clean_without_failures_and_slow_calls() {
        for (failures, slow, clean) in [(0, 0, true), (1, 0, false), (0, 1, false), (2, 2, false)] {
            assert_eq!(Tally { calls: 5, failures, slow }.is_clean(), clean, "{failures} {slow}");
        }
    }
}
