//! What a circuit's series tell.

use std::time::{Duration, SystemTime};

use fusebox::State;
use fusebox::policy::Tally;
use fusebox_std::{Counts, Transitions};

use super::known::Known;
use super::totals::{Rise, Totals};
use crate::durations::Histograms;
use crate::sample::Sample;
use crate::series::{self, AUTOMATIC_BITS, Bits, Buffered, COUNTS, Read, run};

/// What the series of a circuit tell, or of several that are told of in one.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) totals: Totals,
    /// Which counts are told of: those that are from the start, and those that were ever more than 0.
    told: Bits,
    has_times: bool,
    /// Of none if there is no circuit.
    state: Option<State>,
    open_wait: Duration,
    window: Option<Tally>,
    last_transition: Option<SystemTime>,
    pub(crate) made: Option<SystemTime>,
    /// Where callers note how long they took.
    pub(crate) durations: Option<Histograms>,
}

/// Which series there are.
#[cfg(feature = "metrics")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    told: Bits,
    has_times: bool,
    window: bool,
    changed: bool,
}

/// What a series tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value {
    Count(u64),
    /// Also of moments, since 1970.
    Seconds(Duration),
    Number(f64),
}

impl Row {
    /// No circuit.
    pub(crate) fn none() -> Self {
        Self {
            totals: Totals::default(),
            told: 0,
            has_times: false,
            state: None,
            open_wait: Duration::ZERO,
            window: None,
            last_transition: None,
            made: None,
            durations: None,
        }
    }

    /// Notes in `rise` what came since the last time.
    pub(super) fn update(&mut self, sample: &Sample, rise: &mut Rise) {
        self.totals.set(sample, rise);
        self.told |= always(sample) | rise.numbers() & COUNTS;
        self.has_times |= sample.state_times.is_some();
        (self.state, self.open_wait, self.window) = (Some(sample.state), sample.open_wait, sample.window);
        self.last_transition = sample.transitions.as_ref().and_then(Transitions::last_at);
        self.made = sample.made;
        self.durations.clone_from(&sample.durations);
    }

    /// Begins a look at those that are told of in one.
    pub(super) fn none_there(&mut self) {
        (self.state, self.open_wait) = (None, Duration::ZERO);
    }

    /// Takes in one more circuit: what it counted since the last look, and its state if that asks for more attention.
    pub(super) fn fold(&mut self, known: &Known) {
        self.totals.add(&known.rise);
        if let Some(durations) = &known.row.totals.durations {
            self.totals.add_durations(durations, known.durations_told.as_deref());
        }
        self.told |= known.row.told;
        self.has_times |= known.row.has_times;
        if known.row.state.map(urgency) > self.state.map(urgency) {
            self.state = known.row.state;
        }
        self.open_wait = self.open_wait.max(known.row.open_wait);
        self.last_transition = self.last_transition.max(known.row.last_transition);
    }

    /// Which counts are told of.
    pub(crate) const fn told(&self) -> Bits {
        self.told
    }

    /// Two rows of the same shape have the same series.
    #[cfg(feature = "metrics")]
    pub(crate) const fn shape(&self) -> Shape {
        let Self { told, has_times, window, last_transition, .. } = self;
        Shape { told: *told, has_times: *has_times, window: window.is_some(), changed: last_transition.is_some() }
    }

    /// What a series tells; `None` if it is not there.
    #[inline]
    pub(crate) fn read(&self, what: Read) -> Option<Value> {
        Some(match what {
            Read::Count(index) => {
                let there = self.told & 1 << index != 0;
                Value::Count(there.then(|| self.totals.count(index))?)
            }
            Read::Rejected => {
                let sum = self.totals.rejected();
                let there = sum > 0 || self.told & 1 << series::REJECTIONS != 0;
                Value::Count(there.then_some(sum)?)
            }
            Read::StateSeconds(state) => Value::Seconds(self.has_times.then(|| self.totals.time(state))?),
            Read::State(state) => Value::Count(u64::from(self.state == Some(state))),
            Read::LastTransition => Value::Seconds(since_1970(self.last_transition?)),
            Read::OpenWait => Value::Seconds(self.open_wait),
            Read::FailureRatio => Value::Number(share(self.window?.failures, self.window?)),
            Read::FailurePercent => Value::Number(self.window.map_or(-1.0, |it| share(it.failures, it) * 100.0)),
            Read::SlowPercent => Value::Number(self.window.map_or(-1.0, |it| share(it.slow, it) * 100.0)),
            Read::Window(kind) => {
                let Tally { calls, failures, .. } = self.window.unwrap_or_default();
                Value::Count(u64::from(match kind {
                    Buffered::Failures => failures,
                    Buffered::Successes => calls.saturating_sub(failures),
                }))
            }
        })
    }
}

pub(crate) fn since_1970(at: SystemTime) -> Duration {
    at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

fn share(part: u32, tally: Tally) -> f64 {
    f64::from(part) / f64::from(tally.calls.max(1))
}

/// How much attention a state asks for.
const fn urgency(state: State) -> u8 {
    match state {
        State::Open => 5,
        State::HalfOpen => 4,
        State::ForcedOpen => 3,
        State::Observe => 2,
        State::Disabled => 1,
        State::Closed => 0,
    }
}

/// Which counts are told of from the start: what is counted, and the transitions that a circuit makes by itself.
fn always(sample: &Sample) -> Bits {
    let mut bits = match sample.counts {
        None | Some((_, Counts::None)) => 0,
        Some((_, Counts::All)) => run(series::CALLS, 4) | run(series::REJECTIONS, 4),
        Some(_) => run(series::CALLS + 1, 3) | run(series::REJECTIONS, 4),
    };
    if bits != 0 && sample.slow_calls {
        bits |= run(series::SLOW, 3);
    }
    if sample.transitions.is_some() {
        let [made, observed] = AUTOMATIC_BITS;
        bits |= made;
        if sample.state == State::Observe {
            bits |= observed;
        }
    }
    bits
}
