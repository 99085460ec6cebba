//! Our own names.

use fusebox::State;

use super::counts::{CALLS, OBSERVED, REJECTIONS, SLOW, position, transition};
use super::{Family, Kind, Of, OfSet, Read, Series, Vocabulary, series};

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
