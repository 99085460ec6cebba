//! What a circuit remembers of itself: its last transitions, and the time that it was in each state.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use fusebox::{State, Transition};

/// A transition and its moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// What changed, and why.
    pub transition: Transition,
    /// When, by the wall clock.
    pub at: SystemTime,
}

/// How long a circuit was in each state, the present one so far included. Observe mode is a state of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateTimes([Duration; StateTimes::STATES.len()]);

impl StateTimes {
    /// All states, in the order of [`iter`](Self::iter).
    pub const STATES: [State; 6] =
        [State::Closed, State::Open, State::HalfOpen, State::ForcedOpen, State::Disabled, State::Observe];

    /// The time in one state.
    pub fn get(&self, state: State) -> Duration {
        self.iter().find(|(known, _)| *known == state).map_or(Duration::ZERO, |(_, time)| time)
    }

    /// The time in each state.
    pub fn iter(&self) -> impl Iterator<Item = (State, Duration)> + '_ {
        Self::STATES.into_iter().zip(self.0)
    }

    fn add(&mut self, state: State, time: Duration) {
        for (known, sum) in Self::STATES.into_iter().zip(&mut self.0) {
            if known == state {
                *sum = sum.saturating_add(time);
            }
        }
    }
}

/// The last transitions and the times, as of `now`, a time since a moment that stays the same.
#[derive(Debug)]
pub(crate) struct Log {
    last: VecDeque<Record>,
    state: State,
    entered: Duration,
    times: StateTimes,
}

impl Log {
    pub(crate) fn new(now: Duration) -> Self {
        Self { last: VecDeque::new(), state: State::Closed, entered: now, times: StateTimes::default() }
    }

    /// Notes a transition; the last `room` of them are kept.
    pub(crate) fn note(&mut self, transition: Transition, room: usize, at: SystemTime, now: Duration) {
        let state = if transition.observed() { State::Observe } else { transition.to() };
        self.times.add(self.state, now.saturating_sub(self.entered));
        (self.state, self.entered) = (state, now);
        if room > 0 {
            if self.last.len() == room {
                self.last.pop_front();
            }
            self.last.push_back(Record { transition, at });
        }
    }

    pub(crate) fn records(&self) -> Vec<Record> {
        self.last.iter().copied().collect()
    }

    pub(crate) fn latest(&self) -> Option<Record> {
        self.last.back().copied()
    }

    pub(crate) fn times(&self, now: Duration) -> StateTimes {
        let mut times = self.times;
        times.add(self.state, now.saturating_sub(self.entered));
        times
    }
}
