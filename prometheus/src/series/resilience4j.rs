//! The names that resilience4j has.

use fusebox::State;

use super::counts::CALLS;
use super::{Buffered, Family, Kind, Of, Read, Series, Vocabulary, series};

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
