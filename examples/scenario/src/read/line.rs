//! A line of a scenario file as JSON. `SCENARIOS.md` describes it.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::times::Time;
use crate::config::{Backoff, Jitter, WhenFull};

/// A line as it stands; the steps are read on their own so that an error can name the step.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    pub(super) id: String,
    #[serde(default, rename = "source")]
    _source: String,
    pub(super) config: Config,
    pub(super) steps: Vec<Value>,
    #[serde(default, rename = "note")]
    _note: String,
}

/// The settings of the breaker.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    pub(super) trip: Trip,
    pub(super) open: Open,
    pub(super) half_open: HalfOpen,
    pub(super) abandoned: Option<Abandoned>,
    /// When a call is slow, for the probes of a trip policy that does not care.
    pub(super) slow_ms: Option<Time>,
    /// The steps are for the peers of a set, which does this when it is full.
    pub(super) set: Option<WhenFull>,
}

/// The trip policy.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Trip {
    Consecutive {
        failures: u32,
    },
    MaxFailures {
        max: u32,
        window_ms: Time,
        #[serde(default)]
        keep_history: bool,
    },
    CountWindow {
        calls: u32,
        min_calls: u32,
        failure_rate: u8,
        slow_ms: Option<Time>,
        slow_rate: Option<u8>,
    },
    TimeWindow {
        buckets: u32,
        bucket_ms: Time,
        min_calls: u32,
        failure_rate: u8,
        slow_ms: Option<Time>,
        slow_rate: Option<u8>,
    },
    Either {
        of: Box<(Trip, Trip)>,
    },
}

/// How long the circuit stays open.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Open {
    pub(super) wait_ms: Time,
    #[serde(default, deserialize_with = "backoff_cap")]
    pub(super) backoff_cap_ms: Backoff,
    pub(super) jitter: Option<Jitter>,
    pub(super) seed: Option<u32>,
}

/// How it closes again.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HalfOpen {
    pub(super) probes: u8,
    pub(super) close_after: Option<u8>,
    pub(super) verdict: Option<Verdict>,
    pub(super) lease_ms: Option<Time>,
    pub(super) damping_ms: Option<Time>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    Rate,
}

/// What a permit counts as that is dropped without being settled.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Abandoned {
    Failure,
    Ignored,
    /// A failure if it ran for at least so long.
    #[serde(untagged)]
    After(AbandonedAfter),
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AbandonedAfter {
    pub(super) after_ms: Time,
}

fn backoff_cap<'de, D: Deserializer<'de>>(value: D) -> Result<Backoff, D::Error> {
    let cap: Option<Time> = Option::deserialize(value)?;
    Ok(cap.map_or(Backoff::Uncapped, |Time(cap)| Backoff::UpTo(cap)))
}
