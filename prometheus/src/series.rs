//! Which series there are: names, types, labels, and what of a circuit each tells.

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
    /// One of the [counts](COUNTS).
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Buffered {
    Successes,
    Failures,
}

/// What ends calls, in the order of the first counts.
pub(crate) const OUTCOMES: [&str; 4] = ["success", "failure", "ignored", "abandoned"];
pub(crate) const CALLS: usize = 0;
pub(crate) const REJECTIONS: usize = 4;
pub(crate) const SLOW: usize = 8;
pub(crate) const TRANSITIONS: usize = 11;
/// Those that observe mode simulates, among the first three states.
pub(crate) const OBSERVED: usize = TRANSITIONS + 36;
/// How many counts a circuit has.
pub(crate) const COUNTS: usize = OBSERVED + 9;

pub(crate) const fn transition(from: State, to: State) -> usize {
    TRANSITIONS + position(from) * 6 + position(to)
}

/// `None` for states that are not simulated.
pub(crate) const fn observed(from: State, to: State) -> Option<usize> {
    match (position(from), position(to)) {
        (from @ 0..3, to @ 0..3) => Some(OBSERVED + from * 3 + to),
        _ => None,
    }
}

/// Where a state is in [`State::ALL`].
pub(crate) const fn position(state: State) -> usize {
    match state {
        State::Closed => 0,
        State::Open => 1,
        State::HalfOpen => 2,
        State::ForcedOpen => 3,
        State::Disabled => 4,
        State::Observe => 5,
    }
}

/// The transitions that a circuit makes by itself: they are there from the start, others once somebody made them.
pub(crate) const AUTOMATIC: [(State, State); 5] = [
    (State::Closed, State::Open),
    (State::Open, State::HalfOpen),
    (State::HalfOpen, State::Closed),
    (State::HalfOpen, State::Open),
    (State::HalfOpen, State::HalfOpen),
];

const fn counter(name: &'static str, help: &'static str, series: &'static [Series]) -> Family {
    family(name, Kind::Counter, None, help, series)
}

const fn family(
    name: &'static str,
    kind: Kind,
    unit: Option<&'static str>,
    help: &'static str,
    series: &'static [Series],
) -> Family {
    Family { name, kind, unit, help, vocabulary: Vocabulary::Ours, of: Of::Circuits(series) }
}

const fn of_sets(name: &'static str, kind: Kind, help: &'static str, what: OfSet) -> Family {
    Family { name, kind, unit: None, help, vocabulary: Vocabulary::Ours, of: Of::Sets(what) }
}

macro_rules! series {
    ($($($key:ident = $value:expr),+ => $read:expr;)+) => {
        &[$(Series { labels: &[$((stringify!($key), $value)),+], read: $read }),+]
    };
    ($read:expr) => { &[Series { labels: &[], read: $read }] };
}

/// Ours, sorted by name.
pub(crate) static OURS: [Family; 15] = [
    Family {
        name: "call_duration_seconds",
        kind: Kind::Histogram,
        unit: Some("seconds"),
        help: "How long calls took, by what became of them.",
        vocabulary: Vocabulary::Ours,
        of: Of::Durations,
    },
    counter(
        "calls",
        "Calls that were let through, by what became of them.",
        series! {
            outcome = "success" => Read::Count(CALLS);
            outcome = "failure" => Read::Count(CALLS + 1);
            outcome = "ignored" => Read::Count(CALLS + 2);
            outcome = "abandoned" => Read::Count(CALLS + 3);
        },
    ),
    of_sets("capacity", Kind::Gauge, "How many peers can have a circuit at once.", OfSet::Capacity),
    of_sets("circuits", Kind::Gauge, "Peers that have a circuit.", OfSet::Circuits),
    of_sets(
        "circuits_evicted",
        Kind::Counter,
        "Circuits that made room for others, or were idle for too long.",
        OfSet::Evicted,
    ),
    family(
        "last_transition_timestamp_seconds",
        Kind::Gauge,
        Some("seconds"),
        "When the circuit last changed its state, in seconds since 1970; absent before it first did.",
        series!(Read::LastTransition),
    ),
    counter("observed_transitions", "Changes of state that observe mode simulated.", &OBSERVED_TRANSITIONS_SERIES),
    family(
        "open_wait_seconds",
        Kind::Gauge,
        Some("seconds"),
        "The rest of an open circuit's wait, 0 if it is over or the circuit is not open.",
        series!(Read::OpenWait),
    ),
    of_sets("refused_peers", Kind::Counter, "How often there was no room for a peer.", OfSet::Refused),
    counter(
        "rejections",
        "Calls that were not made, by the reason; in observe mode those that would not have been.",
        series! {
            reason = "open" => Read::Count(REJECTIONS);
            reason = "half_open_full" => Read::Count(REJECTIONS + 1);
            reason = "forced_open" => Read::Count(REJECTIONS + 2);
            reason = "would_reject" => Read::Count(REJECTIONS + 3);
        },
    ),
    counter(
        "slow_calls",
        "Calls that were slow, by what became of them; each is among the calls too.",
        series! {
            outcome = "success" => Read::Count(SLOW);
            outcome = "failure" => Read::Count(SLOW + 1);
            outcome = "abandoned" => Read::Count(SLOW + 2);
        },
    ),
    family(
        "state",
        Kind::Gauge,
        None,
        "1 for the state that the circuit is in, 0 for all others.",
        series! {
            state = State::Closed.as_str() => Read::State(State::Closed);
            state = State::Open.as_str() => Read::State(State::Open);
            state = State::HalfOpen.as_str() => Read::State(State::HalfOpen);
            state = State::ForcedOpen.as_str() => Read::State(State::ForcedOpen);
            state = State::Disabled.as_str() => Read::State(State::Disabled);
            state = State::Observe.as_str() => Read::State(State::Observe);
        },
    ),
    family(
        "state_seconds",
        Kind::Counter,
        Some("seconds"),
        "How long the circuit was in each state.",
        series! {
            state = State::Closed.as_str() => Read::StateSeconds(State::Closed);
            state = State::Open.as_str() => Read::StateSeconds(State::Open);
            state = State::HalfOpen.as_str() => Read::StateSeconds(State::HalfOpen);
            state = State::ForcedOpen.as_str() => Read::StateSeconds(State::ForcedOpen);
            state = State::Disabled.as_str() => Read::StateSeconds(State::Disabled);
            state = State::Observe.as_str() => Read::StateSeconds(State::Observe);
        },
    ),
    counter(
        "transitions",
        "Changes of state. A trip is from closed to open, a failed probe from half_open to open.",
        &TRANSITIONS_SERIES,
    ),
    family(
        "window_failure_ratio",
        Kind::Gauge,
        Some("ratio"),
        "The share of failed calls that the trip policy judges; absent while it knows too few calls to judge.",
        series!(Read::FailureRatio),
    ),
];

/// resilience4j's, as Micrometer names them for Prometheus, sorted by name.
pub(crate) static RESILIENCE4J: [Family; 6] = [
    theirs(
        "buffered_calls",
        Kind::Gauge,
        "The calls that the trip policy judges.",
        series! {
            kind = "failed" => Read::Window(Buffered::Failures);
            kind = "successful" => Read::Window(Buffered::Successes);
        },
    ),
    Family {
        unit: Some("seconds"),
        ..theirs(
            "calls_seconds",
            Kind::Summary,
            "Calls that were let through.",
            series! {
                kind = "successful" => Read::Count(CALLS);
                kind = "failed" => Read::Count(CALLS + 1);
                kind = "ignored" => Read::Count(CALLS + 2);
            },
        )
    },
    theirs(
        "failure_rate",
        Kind::Gauge,
        "The failure rate in percent, -1 while too few calls are known.",
        series!(Read::FailurePercent),
    ),
    theirs(
        "not_permitted_calls",
        Kind::Counter,
        "Calls that were rejected.",
        series! { kind = "not_permitted" => Read::Rejected; },
    ),
    theirs(
        "slow_call_rate",
        Kind::Gauge,
        "The rate of slow calls in percent, -1 while too few calls are known.",
        series!(Read::SlowPercent),
    ),
    theirs(
        "state",
        Kind::Gauge,
        "1 for the state that the circuit is in, 0 for all others.",
        series! {
            state = "closed" => Read::State(State::Closed);
            state = "disabled" => Read::State(State::Disabled);
            state = "forced_open" => Read::State(State::ForcedOpen);
            state = "half_open" => Read::State(State::HalfOpen);
            state = "metrics_only" => Read::State(State::Observe);
            state = "open" => Read::State(State::Open);
        },
    ),
];

const fn theirs(name: &'static str, kind: Kind, help: &'static str, series: &'static [Series]) -> Family {
    Family { name, kind, unit: None, help, vocabulary: Vocabulary::Resilience4j, of: Of::Circuits(series) }
}

macro_rules! pairs {
    ($($from:ident: $($to:ident)+;)+ => $index:expr) => {
        [$($(Series {
            labels: &[("from", State::$from.as_str()), ("to", State::$to.as_str())],
            read: Read::Count($index(State::$from, State::$to)),
        }),+),+]
    };
}

static TRANSITIONS_SERIES: [Series; 36] = pairs! {
    Closed: Closed Open HalfOpen ForcedOpen Disabled Observe;
    Open: Closed Open HalfOpen ForcedOpen Disabled Observe;
    HalfOpen: Closed Open HalfOpen ForcedOpen Disabled Observe;
    ForcedOpen: Closed Open HalfOpen ForcedOpen Disabled Observe;
    Disabled: Closed Open HalfOpen ForcedOpen Disabled Observe;
    Observe: Closed Open HalfOpen ForcedOpen Disabled Observe;
    => transition
};

static OBSERVED_TRANSITIONS_SERIES: [Series; 9] = pairs! {
    Closed: Closed Open HalfOpen;
    Open: Closed Open HalfOpen;
    HalfOpen: Closed Open HalfOpen;
    => simulated
};

const fn simulated(from: State, to: State) -> usize {
    OBSERVED + position(from) * 3 + position(to)
}

/// The name in full, without the `_total` of counters.
pub(crate) fn name(prefix: &str, family: &Family) -> String {
    match family.vocabulary {
        Vocabulary::Ours => format!("{prefix}{}", family.name),
        Vocabulary::Resilience4j => format!("resilience4j_circuitbreaker_{}", family.name),
    }
}
