//! Which series there are: names, types, labels, and what of a circuit each tells.

mod counts;
mod ours;
mod resilience4j;

pub(crate) use counts::{
    AUTOMATIC_BITS, Bits, CALLS, COUNTS, OUTCOMES, REJECTIONS, SLOW, TIMES, TRANSITIONS, observed, position, run,
    transition,
};
pub(crate) use ours::OURS;
pub(crate) use resilience4j::RESILIENCE4J;

use fusebox::State;

/// A family of series with one name.
#[derive(Debug)]
pub(crate) struct Family {
    /// Without the prefix, and without the `_total` of counters.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// What the name ends in, if that is a unit.
    pub(crate) unit: Option<&'static str>,
    pub(crate) help: &'static str,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) of: Of,
}

impl Family {
    /// Those of each circuit, as far as they tell of one value each.
    pub(crate) const fn series(&self) -> &'static [Series] {
        match self.of {
            Of::Circuits(series) => series,
            Of::Durations | Of::Sets(_) => &[],
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Counter,
    Gauge,
    Histogram,
    /// Of which nothing but the count is known.
    Summary,
}

/// Whose names and labels these are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vocabulary {
    Ours,
    Resilience4j,
}

/// What a family tells of.
#[derive(Debug)]
pub(crate) enum Of {
    Circuits(&'static [Series]),
    /// The histograms of circuits.
    Durations,
    Sets(OfSet),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OfSet {
    Capacity,
    Circuits,
    Evicted,
    Refused,
}

/// A series of each circuit.
#[derive(Debug)]
pub(crate) struct Series {
    pub(crate) labels: &'static [(&'static str, &'static str)],
    pub(crate) read: Read,
}

/// What a series tells of a circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// One of the [counts], by its number.
    Count(usize),
    /// All rejected calls.
    Rejected,
    StateSeconds(State),
    State(State),
    LastTransition,
    OpenWait,
    FailureRatio,
    /// In percent, and -1 where it is not known.
    FailurePercent,
    SlowPercent,
    /// Of the window.
    Window(Buffered),
}

impl Read {
    /// What is added up for it, if it only rises.
    pub(crate) const fn sums(self) -> Bits {
        match self {
            Self::Count(number) => 1 << number,
            Self::Rejected => run(REJECTIONS, 3),
            Self::StateSeconds(state) => 1 << (TIMES + position(state)),
            _ => 0,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Buffered {
    Successes,
    Failures,
}

macro_rules! series {
    ($($($key:ident = $value:expr),+ => $read:expr;)+) => {
        &[$(Series { labels: &[$((stringify!($key), $value)),+], read: $read }),+]
    };
    ($read:expr) => { &[Series { labels: &[], read: $read }] };
}
use series;

/// The name in full, without the `_total` of counters.
pub(crate) fn name(prefix: &str, family: &Family) -> String {
    match family.vocabulary {
        Vocabulary::Ours => format!("{prefix}{}", family.name),
        Vocabulary::Resilience4j => format!("resilience4j_circuitbreaker_{}", family.name),
    }
}
