//! What only rises.

use std::time::Duration;

use fusebox::State;
use fusebox_std::{CallCounts, StateTimes, Transitions};

use crate::durations::DurationTotals;
use crate::sample::Sample;
use crate::series::{self, Bits, TIMES, TRANSITIONS};

/// All that only rises, of one circuit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Totals {
    /// The counts of calls.
    calls: [u64; TRANSITIONS],
    /// The counts of transitions, by number. Few circuits have any, and hardly one has more than five.
    transitions: Vec<(u8, u64)>,
    /// The times in each state, in nanoseconds, of which a `u64` holds five centuries.
    times: [u64; StateTimes::STATES.len()],
    pub(crate) durations: Option<Box<DurationTotals>>,
}

/// What was added to some of the totals, by number. Most often there is next to nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rise(Vec<(u8, u64)>);

impl Totals {
    /// Takes over what a sample has, and notes by how much that is more.
    pub(super) fn set(&mut self, sample: &Sample, rise: &mut Rise) {
        let calls = sample.counts.as_ref().map(|(counts, _)| in_order(counts)).unwrap_or_default();
        if calls != self.calls {
            for (number, (before, now)) in self.calls.iter().zip(&calls).enumerate() {
                rise.add(number, now.saturating_sub(*before));
            }
            self.calls = calls;
        }
        if let Some(transitions) = &sample.transitions {
            self.set_transitions(transitions, rise);
        }
        if let Some(times) = &sample.state_times {
            for (number, (known, (_, time))) in (TIMES..).zip(self.times.iter_mut().zip(times.iter())) {
                let time = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
                // Clocks may be set back.
                rise.add(number, time.saturating_sub(*known));
                *known = time.max(*known);
            }
        }
        match (&sample.durations, &mut self.durations) {
            (Some(durations), Some(known)) => durations.read_again(known),
            (durations, known) => *known = durations.as_ref().map(|durations| Box::new(durations.read())),
        }
    }

    fn set_transitions(&mut self, transitions: &Transitions, rise: &mut Rise) {
        let made = transitions.iter().map(|(from, to, count)| (Some(series::transition(from, to)), count));
        let observed = transitions.observed().map(|(from, to, count)| (series::observed(from, to), count));
        for (number, count) in made.chain(observed) {
            let Some(number) = number else { continue };
            let by = count.saturating_sub(self.count(number));
            if by > 0 {
                add_to(&mut self.transitions, number, by);
                rise.add(number, by);
            }
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

    /// The time in one state.
    #[inline]
    pub(crate) fn time(&self, state: State) -> Duration {
        Duration::from_nanos(self.times.get(series::position(state)).copied().unwrap_or_default())
    }

    /// Whether anything was counted.
    pub(super) fn is_any(&self) -> bool {
        self.calls.iter().chain(self.transitions.iter().map(|(_, count)| count)).any(|count| *count > 0)
    }

    /// All rejected calls.
    pub(crate) fn rejected(&self) -> u64 {
        let reasons = self.calls.iter().skip(series::REJECTIONS).take(3);
        reasons.fold(0, |sum: u64, count| sum.saturating_add(*count))
    }

    /// Adds what came to another's.
    pub(super) fn add(&mut self, rise: &Rise) {
        for &(number, by) in &rise.0 {
            let number = usize::from(number);
            let time = number.checked_sub(TIMES).and_then(|state| self.times.get_mut(state));
            match time.or_else(|| self.calls.get_mut(number)) {
                Some(sum) => *sum = sum.saturating_add(by),
                None => add_to(&mut self.transitions, number, by),
            }
        }
    }

    /// Adds what came to another's `now` after `before`.
    pub(super) fn add_durations(&mut self, now: &DurationTotals, before: Option<&DurationTotals>) {
        self.durations.get_or_insert_with(|| Box::new(DurationTotals::none_like(now))).add_since(now, before);
    }
}

impl Rise {
    /// Which of the totals rose.
    pub(crate) fn numbers(&self) -> Bits {
        self.0.iter().fold(0, |bits, (number, _)| bits | 1 << number)
    }

    /// One of them and by how much, which is forgotten.
    #[cfg(feature = "metrics")]
    pub(crate) fn take(&mut self) -> Option<(usize, u64)> {
        self.0.pop().map(|(number, by)| (usize::from(number), by))
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn add_all(&mut self, other: &Self) {
        other.0.iter().for_each(|&(number, by)| self.add(usize::from(number), by));
    }

    fn add(&mut self, number: usize, by: u64) {
        if by > 0 {
            add_to(&mut self.0, number, by);
        }
    }
}

fn add_to(sums: &mut Vec<(u8, u64)>, number: usize, by: u64) {
    match sums.iter_mut().find(|(known, _)| usize::from(*known) == number) {
        Some((_, sum)) => *sum = sum.saturating_add(by),
        None => sums.push((number as u8, by)),
    }
}

/// The counts of calls in the order of their numbers.
const fn in_order(counts: &CallCounts) -> [u64; TRANSITIONS] {
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
