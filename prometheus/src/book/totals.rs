//! What only rises.

use std::time::Duration;

use fusebox_std::{CallCounts, StateTimes};

#[cfg(feature = "metrics")]
use super::row::Value;
use crate::durations::DurationTotals;
use crate::sample::Sample;
#[cfg(feature = "metrics")]
use crate::series::Read;
use crate::series::{self, Bits};

/// All that only rises, of one circuit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Totals {
    /// The counts of calls.
    calls: [u64; series::TRANSITIONS],
    /// The counts that come after those, by number. Few circuits have any, and hardly one has more than five.
    transitions: Vec<(u8, u64)>,
    pub(crate) seconds: [Duration; StateTimes::STATES.len()],
    pub(crate) durations: Option<Box<DurationTotals>>,
}

impl Totals {
    /// Takes over what a sample has.
    pub(super) fn set(&mut self, sample: &Sample) {
        self.calls = sample.counts.as_ref().map(|(counts, _)| in_order(counts)).unwrap_or_default();
        self.transitions.clear();
        if let Some(transitions) = &sample.transitions {
            let made = transitions.iter().map(|(from, to, count)| (Some(series::transition(from, to)), count));
            let observed = transitions.observed().map(|(from, to, count)| (series::observed(from, to), count));
            let counts = made.chain(observed).filter_map(|(number, count)| Some((u8::try_from(number?).ok()?, count)));
            self.transitions.extend(counts);
        }
        let times = sample.state_times.unwrap_or_default();
        for (place, (_, time)) in self.seconds.iter_mut().zip(times.iter()) {
            *place = time;
        }
        match (&sample.durations, &mut self.durations) {
            (Some(durations), Some(known)) => durations.read_again(known),
            (durations, known) => *known = durations.as_ref().map(|durations| Box::new(durations.read())),
        }
    }

    /// One of the counts.
    #[inline]
    pub(crate) fn count(&self, number: usize) -> u64 {
        match self.calls.get(number) {
            Some(count) => *count,
            None => {
                self.transitions.iter().find(|(known, _)| usize::from(*known) == number).map_or(0, |(_, count)| *count)
            }
        }
    }

    /// The counts that are not 0.
    pub(super) fn counted(&self) -> Bits {
        let calls = self.calls.iter().enumerate().map(|(number, count)| Bits::from(*count > 0) << number);
        let transitions = self.transitions.iter().map(|(number, count)| Bits::from(*count > 0) << number);
        calls.chain(transitions).fold(0, |bits, bit| bits | bit)
    }

    /// What a series of counts told; of others nothing.
    #[cfg(feature = "metrics")]
    pub(crate) fn read(&self, what: Read) -> Value {
        match what {
            Read::Count(number) => Value::Count(self.count(number)),
            Read::Rejected => Value::Count(self.rejected()),
            Read::StateSeconds(state) => {
                Value::Seconds(self.seconds.get(series::position(state)).copied().unwrap_or_default())
            }
            _ => Value::Count(0),
        }
    }

    /// All rejected calls.
    pub(crate) fn rejected(&self) -> u64 {
        let reasons = self.calls.iter().skip(series::REJECTIONS).take(3);
        reasons.fold(0, |sum: u64, count| sum.saturating_add(*count))
    }

    /// Adds what came to `now` after `before`.
    pub(crate) fn add_since(&mut self, now: &Self, before: &Self) {
        for ((sum, now), before) in self.calls.iter_mut().zip(&now.calls).zip(&before.calls) {
            *sum = sum.saturating_add(now.saturating_sub(*before));
        }
        for (number, count) in &now.transitions {
            let came = count.saturating_sub(before.count(usize::from(*number)));
            match self.transitions.iter_mut().find(|(known, _)| known == number) {
                Some((_, sum)) => *sum = sum.saturating_add(came),
                None => self.transitions.push((*number, came)),
            }
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

/// The counts of calls in the order of their numbers.
const fn in_order(counts: &CallCounts) -> [u64; series::TRANSITIONS] {
    let CallCounts { successes, failures, ignored, abandoned, .. } = *counts;
    let CallCounts { rejected_open, rejected_half_open, rejected_forced_open, would_reject, .. } = *counts;
    let CallCounts { slow_successes, slow_failures, slow_abandoned, .. } = *counts;
    [
        successes,
        failures,
        ignored,
        abandoned,
        rejected_open,
        rejected_half_open,
        rejected_forced_open,
        would_reject,
        slow_successes,
        slow_failures,
        slow_abandoned,
    ]
}
