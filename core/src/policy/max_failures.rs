//! Failures within a window of time: python-circuit's rule.

use super::{Call, Cell, Tally, TripPolicy};
use crate::event::{Trip, TripReason};
use crate::time::{Clock, Instant, set_back_limit};

/// Opens on failure number `max + 1` within a window, `max` being at most `N`. The default policy:
/// with its default numbers, the fourth failure within 60 seconds.
///
/// Set with [`SettingsBuilder::max_failures`](crate::SettingsBuilder::max_failures). N words per peer;
/// successes cost nothing.
///
/// ```
/// use core::time::Duration;
/// use fusebox::policy::MaxFailures;
/// use fusebox::{CircuitBreaker, Settings, State, clock::ManualClock};
///
/// let clock = ManualClock::<1_000>::new();
/// let settings = Settings::builder().max_failures::<5>(5, Duration::from_secs(1)).build()?;
/// let breaker = CircuitBreaker::<_, MaxFailures<5>>::with_settings(&clock, settings);
/// for _ in 0..6 {
///     assert_eq!(breaker.state(), State::Closed);
///     let _ = breaker.call(|| Err::<(), _>("no answer"));
/// }
/// assert_eq!(breaker.state(), State::Open);
/// # Ok::<(), fusebox::SettingsError>(())
/// ```
///
/// The times of the last `max` failures stand in a row. A new one is pushed in at the front, and those within the
/// window move one place on, up to the first that is free or out of date. If one falls out at the end, it is too
/// many. Racing threads cannot lose one: what goes in takes a place, or falls out.
///
/// A time is kept in 31 bits and a mark that it is one. A failure that is older than 2<sup>31</sup>
/// ticks (24.8 days at 1 kHz) and was not displaced therefore looks recent again, for as long as the window lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct MaxFailures<const N: usize = 3> {
    pub(crate) max: u32,
    pub(crate) window: u32,
}

/// What a cell holds for a moment: its ticks without the first bit, and a 1 behind them.
const fn mark(moment: Instant) -> u32 {
    moment.ticks() << 1 | 1
}

/// The longest age that 31 bits can tell.
const MAX_AGE: u32 = u32::MAX >> 1;

impl<const N: usize> MaxFailures<N> {
    #[inline]
    fn in_use(self, history: &[Cell; N]) -> &[Cell] {
        history.get(..self.max as usize).unwrap_or(history)
    }

    /// Whether a cell holds the time of a failure in the window that ends now: `age < window` in one comparison. What
    /// an empty cell lacks comes to the front and makes it too old.
    #[inline]
    fn is_recent<C: Clock>(self, cell: u32, now: Instant) -> bool {
        let set_back = set_back_limit(C::HZ);
        mark(now.after(set_back)).wrapping_sub(cell).rotate_right(1) < self.window + set_back
    }
}

/// The age of what a cell holds, 0 if the clock was set back since.
#[inline]
fn age<C: Clock>(cell: u32, now: Instant) -> Option<u32> {
    let age = mark(now).wrapping_sub(cell) >> 1;
    if cell & 1 == 0 {
        None
    } else if age > MAX_AGE - set_back_limit(C::HZ) {
        Some(0)
    } else {
        Some(age)
    }
}

impl<const N: usize> TripPolicy for MaxFailures<N> {
    type History = [Cell; N];
    const EMPTY: Self::History = [const { Cell::new(0) }; N];
    const COUNTS_SUCCESSES: bool = false;

    #[inline]
    fn record<C: Clock>(&self, history: &Self::History, call: Call, clock: &C) -> Option<Trip> {
        if !call.failed {
            return None;
        }
        let now = clock.now();
        let too_many = Cell::push(self.in_use(history), mark(now), |cell| self.is_recent::<C>(cell, now));
        let failures = self.max + 1;
        let tally = Tally { calls: failures, failures, slow: 0 };
        too_many.then_some(Trip::new(TripReason::MaxFailures, tally))
    }

    fn clear(&self, history: &Self::History) {
        for cell in history {
            cell.store(0);
        }
    }

    fn tally<C: Clock>(&self, history: &Self::History, now: Instant) -> Tally {
        let recent = self.in_use(history).iter().filter(|cell| self.is_recent::<C>(cell.load(), now));
        let failures = recent.count() as u32;
        Tally { calls: failures, failures, slow: 0 }
    }

    /// The ages of the latest four failures, a byte each.
    fn save<C: Clock>(&self, history: &Self::History, now: Instant) -> u32 {
        let mut saved = [0; 4];
        for (byte, cell) in saved.iter_mut().zip(self.in_use(history)) {
            *byte = age::<C>(cell.load(), now).filter(|age| *age < self.window).map_or(0, rounded_age::to_byte);
        }
        u32::from_le_bytes(saved)
    }

    fn load<C: Clock>(&self, history: &Self::History, saved: u32, now: Instant, asleep: u32) {
        self.clear(history);
        for (byte, cell) in saved.to_le_bytes().into_iter().zip(self.in_use(history)) {
            let age = asleep.saturating_add(rounded_age::from_byte(byte));
            if byte != 0 && age < self.window {
                cell.store(mark(now.before(age)));
            }
        }
    }
}

/// Ages in a byte, as a floating-point number with a 3-bit mantissa: at most an eighth too old, never
/// too young. 0 stands for none.
mod rounded_age {
    pub(super) const fn to_byte(age: u32) -> u8 {
        let mut byte = 1;
        while byte < u8::MAX && from_byte(byte) < age {
            byte += 1;
        }
        byte
    }

    pub(super) const fn from_byte(byte: u8) -> u32 {
        let code = byte.saturating_sub(1) as u32;
        let (exponent, mantissa) = (code >> 3, code & 7);
        match exponent {
            0 => mantissa,
            1..=28 => (8 + mantissa) << (exponent - 1),
            _ => i32::MAX as u32,
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn ages_round_up_by_an_eighth_at_most() {
            for age in (0..100_000).step_by(if cfg!(miri) { 7_919 } else { 1 }).chain([
                1 << 20,
                (1 << 25) + 1,
                (1 << 30) + 1,
                i32::MAX as u32,
            ]) {
                let rounded = from_byte(to_byte(age));
                assert!(to_byte(age) != 0 && rounded >= age && rounded - age <= age / 8, "{age} became {rounded}");
            }
            assert_eq!(to_byte(u32::MAX), u8::MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use core::time::Duration;

    const FAILED: Call = Call { failed: true, slow: false };

    #[test]
    fn opens_on_one_more_than_allowed_within_less_than_the_window() {
        for (span, opens) in [(0, true), (59_999, true), (60_000, false), (90_000, false)] {
            for start in [0, 1, 31_000, (1 << 31) - 30_000, 1 << 31, u32::MAX - 30_000, u32::MAX] {
                let policy = MaxFailures::<3> { max: 3, window: 60_000 };
                let (history, clock) = (MaxFailures::<3>::EMPTY, ManualClock::<1_000>::new());
                clock.set(Instant::from_ticks(start));
                for _ in 0..3 {
                    assert_eq!(policy.record(&history, FAILED, &clock), None);
                }
                clock.advance(Duration::from_millis(span));
                assert_eq!(policy.record(&history, FAILED, &clock).is_some(), opens, "{span} ms from {start}");
            }
        }
    }

    /// One comparison, against the two that it stands for.
    fn agrees_on_recent_failures<C: Clock>(_: &C) {
        let limit = set_back_limit(C::HZ);
        let near = |edge: u32| [edge.wrapping_sub(2), edge.wrapping_sub(1), edge, edge.wrapping_add(1)];
        for window in [1, 2, 60_000, limit, limit + 1, MAX_AGE >> 1] {
            let policy = MaxFailures::<1> { max: 1, window };
            for now in [0, 1, limit, MAX_AGE, MAX_AGE + 1, MAX_AGE + 2, 0u32.wrapping_sub(limit), u32::MAX] {
                let now = Instant::from_ticks(now);
                for age in
                    [0, window, limit, MAX_AGE - limit, MAX_AGE, 0u32.wrapping_sub(limit)].into_iter().flat_map(near)
                {
                    let cell = mark(now.before(age));
                    for cell in [cell, cell - 1, 0] {
                        let expected = super::age::<C>(cell, now).is_some_and(|age| age < window);
                        let got = policy.is_recent::<C>(cell, now);
                        assert_eq!(got, expected, "{cell:#x} at {now:?}, window {window}, {} Hz", C::HZ);
                    }
                }
            }
        }
    }

    #[test]
    fn a_failure_is_recent_if_it_is_younger_than_the_window() {
        agrees_on_recent_failures(&ManualClock::<1>::new());
        agrees_on_recent_failures(&ManualClock::<1_000>::new());
        agrees_on_recent_failures(&ManualClock::<1_000_000>::new());
        agrees_on_recent_failures(&ManualClock::<{ u32::MAX }>::new());
    }

    #[test]
    fn fewer_failures_than_there_is_room_for_may_be_allowed() {
        let policy = MaxFailures::<3> { max: 1, window: 60_000 };
        let (history, clock) = (MaxFailures::<3>::EMPTY, ManualClock::<1_000>::new());
        assert_eq!(policy.record(&history, FAILED, &clock), None);
        assert_eq!(policy.tally::<ManualClock<1_000>>(&history, clock.now()).failures, 1);
        assert!(policy.record(&history, FAILED, &clock).is_some());
        assert_eq!(policy.tally::<ManualClock<1_000>>(&history, clock.now()).failures, 1);
    }

    #[test]
    fn none_allowed_opens_on_the_first() {
        let policy = MaxFailures::<0> { max: 0, window: 1 };
        let history = MaxFailures::<0>::EMPTY;
        assert!(policy.record(&history, FAILED, &ManualClock::<1_000>::new()).is_some());
    }

    #[test]
    fn the_trip_says_how_many_there_were() {
        let policy = MaxFailures::<3> { max: 2, window: 60_000 };
        let (history, clock) = (MaxFailures::<3>::EMPTY, ManualClock::<1_000>::new());
        (0..2).for_each(|_| assert_eq!(policy.record(&history, FAILED, &clock), None));
        assert_eq!(policy.record(&history, Call { failed: false, slow: false }, &clock), None);
        let trip = Trip::new(TripReason::MaxFailures, Tally { calls: 3, failures: 3, slow: 0 });
        assert_eq!(policy.record(&history, FAILED, &clock), Some(trip));
        policy.clear(&history);
        assert_eq!(policy.tally::<ManualClock<1_000>>(&history, clock.now()), Tally::default());
    }

    #[test]
    fn only_failures_in_the_window_are_saved_and_loaded() {
        type Khz = ManualClock<1_000>;
        let policy = MaxFailures::<3> { max: 3, window: 8 };
        let failed_at = Instant::from_ticks(100);
        let save = |age| {
            let history = MaxFailures::<3>::EMPTY;
            history[0].store(mark(failed_at));
            policy.save::<Khz>(&history, failed_at.after(age))
        };
        assert_eq!([0, 1, 6, 7, 8, 9].map(save), [1, 2, 7, 8, 0, 0], "ages below 8 are exact");
        let load = |byte, asleep| {
            let history = [5, 6, 7].map(Cell::new);
            policy.load::<Khz>(&history, byte, failed_at, asleep);
            history.map(|cell| cell.load())
        };
        assert_eq!(load(0, 0), [0; 3]);
        assert_eq!(load(3 << 8, 1), [0, mark(failed_at.before(3)), 0]);
        assert_eq!(load(8, 0), [mark(failed_at.before(7)), 0, 0]);
        assert_eq!(load(8, 1), [0; 3], "as old as the window");
        assert_eq!(load(1, u32::MAX), [0; 3]);
    }

    #[test]
    fn a_history_is_saved_with_rounded_ages() {
        let policy = MaxFailures::<3> { max: 3, window: 60_000 };
        let (history, clock) = (MaxFailures::<3>::EMPTY, ManualClock::<1_000>::new());
        for _ in 0..2 {
            policy.record(&history, FAILED, &clock);
            clock.advance(Duration::from_secs(8));
        }
        let saved = policy.save::<ManualClock<1_000>>(&history, clock.now());
        let (restored, later) = (MaxFailures::<3>::EMPTY, Instant::from_ticks(5));
        policy.load::<ManualClock<1_000>>(&restored, saved, later, 0);
        assert_eq!(policy.tally::<ManualClock<1_000>>(&restored, later).failures, 2);
        assert_eq!(policy.tally::<ManualClock<1_000>>(&restored, later.after(41_000)).failures, 2);
        assert_eq!(policy.tally::<ManualClock<1_000>>(&restored, later.after(52_000)).failures, 0);
    }
}
