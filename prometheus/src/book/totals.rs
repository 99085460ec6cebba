//! What only rises.

use std::time::Duration;

use fusebox_std::{CallCounts, StateTimes};

#[cfg(feature = "metrics")]
use super::row::Value;
use crate::durations::DurationTotals;
use crate::sample::Sample;
#[cfg(feature = "metrics")]
use crate::series::Read;
use crate::series::{self, COUNTS};

/// All that only rises, of one circuit.
#[derive(Clone, Debug)]
pub(crate) struct Totals {
    pub(crate) counts: [u64; COUNTS],
    pub(crate) seconds: [Duration; StateTimes::STATES.len()],
    pub(crate) durations: Option<Box<DurationTotals>>,
}

impl Default for Totals {
    fn default() -> Self {
        Self { counts: [0; COUNTS], seconds: [Duration::ZERO; StateTimes::STATES.len()], durations: None }
    }
}

impl Totals {
    pub(super) fn of(sample: &Sample) -> Self {
        let mut totals = Self::default();
        let mut set = |index: usize, count: u64| {
            if let Some(place) = totals.counts.get_mut(index) {
                *place = count;
            }
        };
        if let Some((counts, _)) = &sample.counts {
            let from = |start: usize| (start..).zip(kinds(counts, start));
            for start in [series::CALLS, series::REJECTIONS, series::SLOW] {
                from(start).for_each(|(index, count)| set(index, count));
            }
        }
        if let Some(transitions) = &sample.transitions {
            transitions.iter().for_each(|(from, to, count)| set(series::transition(from, to), count));
            for (from, to, count) in transitions.observed() {
                if let Some(index) = series::observed(from, to) {
                    set(index, count);
                }
            }
        }
        if let Some(times) = &sample.state_times {
            for (place, (_, time)) in totals.seconds.iter_mut().zip(times.iter()) {
                *place = time;
            }
        }
        totals.durations = sample.durations.as_ref().map(|durations| Box::new(durations.read()));
        totals
    }

    /// What a series of counts told; of others nothing.
    #[cfg(feature = "metrics")]
    pub(crate) fn read(&self, what: Read) -> Value {
        match what {
            Read::Count(index) => Value::Count(self.counts.get(index).copied().unwrap_or(0)),
            Read::Rejected => Value::Count(self.rejected()),
            Read::StateSeconds(state) => {
                Value::Seconds(self.seconds.get(series::position(state)).copied().unwrap_or_default())
            }
            _ => Value::Count(0),
        }
    }

    /// All rejected calls.
    pub(crate) fn rejected(&self) -> u64 {
        let reasons = self.counts.iter().skip(series::REJECTIONS).take(3);
        reasons.fold(0, |sum: u64, count| sum.saturating_add(*count))
    }

    /// Adds what came to `now` after `before`.
    pub(crate) fn add_since(&mut self, now: &Self, before: &Self) {
        for ((sum, now), before) in self.counts.iter_mut().zip(&now.counts).zip(&before.counts) {
            *sum = sum.saturating_add(now.saturating_sub(*before));
        }
        for ((sum, now), before) in self.seconds.iter_mut().zip(&now.seconds).zip(&before.seconds) {
            *sum = sum.saturating_add(now.saturating_sub(*before));
        }
        if let Some(now) = &now.durations {
            let sum = self.durations.get_or_insert_with(|| Box::new(DurationTotals::none_like(now)));
            sum.add_since(now, before.durations.as_deref());
        }
    }
}

/// The counts of calls that begin at `start`.
fn kinds(counts: &CallCounts, start: usize) -> impl Iterator<Item = u64> + use<> {
    let CallCounts { successes, failures, ignored, abandoned, .. } = *counts;
    let CallCounts { rejected_open, rejected_half_open, rejected_forced_open, would_reject, .. } = *counts;
    let CallCounts { slow_successes, slow_failures, slow_abandoned, .. } = *counts;
    let (kinds, len) = match start {
        series::CALLS => ([successes, failures, ignored, abandoned], 4),
        series::REJECTIONS => ([rejected_open, rejected_half_open, rejected_forced_open, would_reject], 4),
        _ => ([slow_successes, slow_failures, slow_abandoned, 0], 3),
    };
    kinds.into_iter().take(len)
}
