//! Failure and slow-call rates.

use super::Tally;
use crate::event::TripReason;

/// The rates that open a circuit, in whole percents, reached or exceeded, and the number of calls it
/// takes to judge.
///
/// ```
/// use fusebox::policy::Rates;
///
/// // Half the calls fail, or nine in ten are slow, once 10 calls are known.
/// let rates = Rates::failures(50).slow_calls(90).min_calls(10);
/// ```
///
/// Compared by cross-multiplication, so exactly `p` failures in 100 reach `p` percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Rates {
    pub(crate) failure: u8,
    /// 0 where slow calls do not matter.
    pub(crate) slow: u8,
    /// 0 until the window is known, which then is the default.
    pub(crate) min_calls: u32,
}

impl Rates {
    /// Opens at this failure rate, 1 to 100 percent.
    pub const fn failures(percent: u8) -> Self {
        Self { failure: percent, slow: 0, min_calls: 0 }
    }

    /// Opens also at this rate of slow calls, 1 to 100 percent. Needs a window with room for them,
    /// [`SlowCountWindow`](super::SlowCountWindow) or [`SlowTimeWindow`](super::SlowTimeWindow), and
    /// [`slow_call`](crate::SettingsBuilder::slow_call).
    pub const fn slow_calls(self, percent: u8) -> Self {
        // Zero would read as "not at all" and is refused like every other impossible percentage.
        Self { slow: if percent == 0 { u8::MAX } else { percent }, ..self }
    }

    /// Judges only when so many calls are known, 1 or more. By default a full count window, and 10
    /// calls in a time window.
    pub const fn min_calls(self, calls: u32) -> Self {
        Self { min_calls: if calls == 0 { u32::MAX } else { calls }, ..self }
    }

    /// The rule that this tally breaks.
    #[inline]
    pub(crate) const fn exceeded_by(self, tally: Tally) -> Option<TripReason> {
        if tally.calls < self.min_calls {
            None
        } else if tally.failures * 100 >= tally.calls * self.failure as u32 && tally.calls > 0 {
            Some(TripReason::FailureRate)
        } else if self.slow != 0 && tally.slow * 100 >= tally.calls * self.slow as u32 && tally.calls > 0 {
            Some(TripReason::SlowRate)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_percentage_is_met_exactly() {
        for percent in 1..=100u8 {
            let rates = Rates::failures(percent).min_calls(100);
            let of = |failures| Tally { calls: 100, failures, slow: 0 };
            assert_eq!(rates.exceeded_by(of(u32::from(percent) - 1)), None);
            assert_eq!(rates.exceeded_by(of(u32::from(percent))), Some(TripReason::FailureRate));
        }
    }

    #[test]
    fn every_percentage_of_slow_calls_is_met_exactly() {
        for percent in 1..=100u8 {
            let rates = Rates::failures(100).slow_calls(percent).min_calls(100);
            let of = |slow| Tally { calls: 100, failures: 0, slow };
            assert_eq!(rates.exceeded_by(of(u32::from(percent) - 1)), None);
            assert_eq!(rates.exceeded_by(of(u32::from(percent))), Some(TripReason::SlowRate));
        }
        // Where slow calls do not matter, not even if all are.
        assert_eq!(Rates::failures(100).exceeded_by(Tally { calls: 5, failures: 0, slow: 5 }), None);
    }

    #[test]
    fn fewer_calls_than_asked_for_are_not_judged_and_none_never() {
        let rates = Rates::failures(50).slow_calls(50).min_calls(3);
        let all_wrong = |calls| Tally { calls, failures: calls, slow: calls };
        assert_eq!([0, 1, 2].map(|calls| rates.exceeded_by(all_wrong(calls))), [None; 3]);
        assert_eq!([3, 4].map(|calls| rates.exceeded_by(all_wrong(calls))), [Some(TripReason::FailureRate); 2]);
        assert_eq!(Rates::failures(50).slow_calls(50).exceeded_by(Tally::default()), None);
    }

    #[test]
    fn impossible_numbers_are_kept_for_the_settings_to_refuse() {
        let rates = Rates::failures(50).slow_calls(40).min_calls(30);
        assert_eq!((rates.failure, rates.slow, rates.min_calls), (50, 40, 30));
        let rates = rates.slow_calls(0).min_calls(0);
        assert_eq!((rates.failure, rates.slow, rates.min_calls), (50, u8::MAX, u32::MAX));
    }

    #[test]
    fn failures_are_named_before_slow_calls() {
        let rates = Rates::failures(50).slow_calls(50).min_calls(2);
        let tally = |failures, slow| Tally { calls: 2, failures, slow };
        assert_eq!(rates.exceeded_by(tally(1, 1)), Some(TripReason::FailureRate));
        assert_eq!(rates.exceeded_by(tally(0, 1)), Some(TripReason::SlowRate));
        assert_eq!(rates.exceeded_by(Tally { calls: 1, failures: 1, slow: 1 }), None);
    }
}
