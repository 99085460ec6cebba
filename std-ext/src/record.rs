//! What a circuit remembers of itself: its last transitions, how many of each kind there were, and the time that it
//! was in each state.

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

impl Record {
    /// Whether another record, which is there already, is of the transition that led from this one to the present state.
    fn is_followed_by(&self, other: &Self, state: State) -> bool {
        let (this, other) = (self.transition, other.transition);
        this.to() != state && other.to() == state && other.from() == this.to() && !this.observed() && !other.observed()
    }
}

/// How often a circuit went from one state to another, since it was made.
///
/// ```
/// use fusebox::State;
/// use fusebox_std::CircuitBreakerSet;
///
/// let upstreams = CircuitBreakerSet::<String>::new();
/// let inventory = upstreams.handle("inventory")?;
/// for _ in 0..4 {
///     let _ = inventory.call(|| Err::<(), _>("no answer"));
/// }
/// assert_eq!(inventory.transitions().get(State::Closed, State::Open), 1);
/// # Ok::<(), fusebox::Rejected>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transitions {
    counts: Vec<(State, State, bool, u64)>,
    last_at: Option<SystemTime>,
}

impl Transitions {
    /// How often from one state to another, simulated transitions of observe mode not among them.
    pub fn get(&self, from: State, to: State) -> u64 {
        self.iter().find(|count| (count.0, count.1) == (from, to)).map_or(0, |count| count.2)
    }

    /// From which state, to which, how often. Pairs of states that never were are not among them.
    pub fn iter(&self) -> impl Iterator<Item = (State, State, u64)> + '_ {
        self.kind(false)
    }

    /// The same of what observe mode simulated: from which state, to which, how often.
    pub fn observed(&self) -> impl Iterator<Item = (State, State, u64)> + '_ {
        self.kind(true)
    }

    /// When the last one was, by the wall clock; simulated ones count here too.
    pub fn last_at(&self) -> Option<SystemTime> {
        self.last_at
    }

    fn kind(&self, observed: bool) -> impl Iterator<Item = (State, State, u64)> + '_ {
        self.counts.iter().filter(move |count| count.2 == observed).map(|&(from, to, _, times)| (from, to, times))
    }

    fn add(&mut self, transition: &Transition, at: SystemTime) {
        self.last_at = Some(at);
        let (from, to, observed) = (transition.from(), transition.to(), transition.observed());
        match self.counts.iter_mut().find(|count| (count.0, count.1, count.2) == (from, to, observed)) {
            Some(count) => count.3 += 1,
            None => self.counts.push((from, to, observed, 1)),
        }
    }
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
    transitions: Transitions,
}

impl Log {
    pub(crate) fn new(now: Duration) -> Self {
        let (times, transitions) = (StateTimes::default(), Transitions::default());
        Self { last: VecDeque::new(), state: State::Closed, entered: now, times, transitions }
    }

    /// Notes a transition of a circuit that has this `state` now; the last `room` of them are kept. Of threads that note
    /// at about the same time the last one sees the last state, so that is what remains.
    pub(crate) fn note(&mut self, record: Record, state: State, now: Duration, room: usize) {
        self.times.add(self.state, now.saturating_sub(self.entered));
        (self.state, self.entered) = (state, now);
        self.transitions.add(&record.transition, record.at);
        let overtaken = self.last.back().is_some_and(|last| record.is_followed_by(last, state));
        let place = self.last.len().saturating_sub(usize::from(overtaken));
        self.last.insert(place, record);
        if self.last.len() > room {
            self.last.pop_front();
        }
    }

    pub(crate) fn records(&self) -> Vec<Record> {
        self.last.iter().copied().collect()
    }

    pub(crate) fn latest(&self) -> Option<Record> {
        self.last.back().copied()
    }

    pub(crate) fn transitions(&self) -> Transitions {
        self.transitions.clone()
    }

    pub(crate) fn times(&self, now: Duration) -> StateTimes {
        let mut times = self.times;
        times.add(self.state, now.saturating_sub(self.entered));
        times
    }
}

#[cfg(test)]
mod tests {
    use fusebox::clock::ManualClock;
    use fusebox::{Event, Settings};

    use super::*;

    /// Closed to open, and open to forced open.
    fn two_transitions() -> [Record; 2] {
        let told = std::cell::RefCell::new(Vec::new());
        let listener = |(): &(), event: &Event| {
            if let Event::Transition(transition) = event {
                told.borrow_mut().push(Record { transition: *transition, at: SystemTime::UNIX_EPOCH });
            }
        };
        let clock = ManualClock::<1_000>::new();
        let breaker = fusebox::CircuitBreaker::with_listener(&clock, Settings::DEFAULT, listener);
        breaker.open();
        breaker.force_open();
        let told = told.borrow();
        [told[0], told[1]]
    }

    #[test]
    fn the_last_records_are_kept_in_their_order_whoever_comes_first() {
        let [opened, forced] = two_transitions();
        for (room, kept) in
            [(0, vec![]), (1, vec![forced]), (2, vec![opened, forced]), (usize::MAX, vec![opened, forced])]
        {
            for order in [[opened, forced], [forced, opened]] {
                let mut log = Log::new(Duration::ZERO);
                for (second, record) in (1..).zip(order) {
                    log.note(record, State::ForcedOpen, Duration::from_secs(second), room);
                }
                assert_eq!((log.records(), log.latest()), (kept.clone(), kept.last().copied()), "room for {room}");
                assert_eq!(log.times(Duration::from_secs(9)).get(State::ForcedOpen), Duration::from_secs(8));
            }
        }
    }
}
