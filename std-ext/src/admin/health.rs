//! Health as `application/health+json`.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use fusebox::State;
use serde::Serialize;

use super::answer::json;
use super::known::{AnyCircuit, AnySet};
use super::smallest::Smallest;

/// How many circuits of a set are listed at most.
const LISTED: usize = 100;

/// Health in the format of draft-inadarei-api-health-check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct HealthReport {
    /// The worst status of all circuits.
    pub status: HealthStatus,
    /// What else is to be said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Per set, how many circuits there are in each state (`SET:circuits`, `SET:open`, …), and those that are not
    /// closed (`SET:state`). A colon in the name of a set is written `%3A`.
    pub checks: BTreeMap<String, Vec<HealthCheck>>,
}

/// How something is, from best to worst.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HealthStatus {
    /// It works.
    #[default]
    Pass,
    /// It works, but something is not as it should be.
    Warn,
    /// It does not work.
    Fail,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct HealthCheck {
    /// The circuit's key as displayed, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component_id: Option<String>,
    /// Always `component`.
    pub component_type: &'static str,
    /// What was seen.
    pub observed_value: Observed,
    /// The unit of a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_unit: Option<&'static str>,
    /// What that means.
    pub status: HealthStatus,
    /// Why, if there is something to explain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
}

/// What a check saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Observed {
    /// So many circuits.
    Circuits(usize),
    /// [`State::as_str`] of a circuit.
    State(&'static str),
}

impl HealthReport {
    /// Looks at sets by name. `vital` says of which circuits the program cannot do without.
    pub(super) fn new<'a>(
        sets: impl IntoIterator<Item = (&'a str, &'a dyn AnySet)>,
        vital: &dyn Fn(&str, &str) -> bool,
    ) -> Self {
        let mut report = Self::default();
        for (name, set) in sets {
            report.add(name, set, &|key| vital(name, key));
        }
        report
    }

    fn add(&mut self, name: &str, set: &dyn AnySet, vital: &dyn Fn(&str) -> bool) {
        let mut counts = BTreeMap::<&str, (usize, HealthStatus)>::new();
        let mut listed = Smallest::new(LISTED);
        set.each(&mut |circuit| {
            let state = circuit.state();
            let mut status = status(state);
            if state != State::Closed {
                if rejects_all(circuit, state) && vital(&circuit.key()) {
                    status = HealthStatus::Fail;
                }
                let worst_first = Reverse(status);
                let beyond =
                    |(other, key): &(_, String)| worst_first.cmp(other).then_with(|| circuit.compare(key)).is_ge();
                listed.offer(beyond, || ((worst_first, circuit.key()), HealthCheck::circuit(circuit, state, status)));
            }
            for about in ["circuits", state.as_str()] {
                let (count, worst) = counts.entry(about).or_default();
                (*count, *worst) = (*count + 1, status.max(*worst));
            }
        });

        let (_, worst) = *counts.entry("circuits").or_default();
        self.status = self.status.max(worst);
        if listed.left_out() > 0 {
            self.notes.push(format!("{name}: {} more circuits are not closed", listed.left_out()));
        }
        let listed = Some(("state", listed.into_values())).filter(|(_, circuits)| !circuits.is_empty());
        let counts = counts.into_iter().map(|(about, (count, worst))| (about, vec![HealthCheck::count(count, worst)]));
        let prefix = name.replace(':', "%3A");
        self.checks.extend(counts.chain(listed).map(|(about, checks)| (format!("{prefix}:{about}"), checks)));
    }
}

impl HealthCheck {
    const fn count(circuits: usize, status: HealthStatus) -> Self {
        Self {
            component_id: None,
            component_type: "component",
            observed_value: Observed::Circuits(circuits),
            observed_unit: Some("circuits"),
            status,
            output: None,
        }
    }

    fn circuit(circuit: &dyn AnyCircuit, state: State, status: HealthStatus) -> Self {
        Self {
            component_id: Some(circuit.key()),
            component_type: "component",
            observed_value: Observed::State(state.as_str()),
            observed_unit: None,
            status,
            output: (status != HealthStatus::Pass).then(|| circuit.explanation()),
        }
    }
}

/// Where a mode set by hand lets calls through, that is as somebody wished.
const fn status(state: State) -> HealthStatus {
    match state {
        State::Closed | State::Disabled | State::Observe => HealthStatus::Pass,
        State::Open | State::HalfOpen | State::ForcedOpen => HealthStatus::Warn,
    }
}

/// An open circuit whose wait is over needs a call for its probe. Were the program not ready then, it would get none
/// and stay as it is forever.
fn rejects_all(circuit: &dyn AnyCircuit, state: State) -> bool {
    match state {
        State::ForcedOpen => true,
        State::Open => circuit.retry_after().is_some(),
        _ => false,
    }
}

impl IntoResponse for HealthReport {
    fn into_response(self) -> Response {
        let failed = self.status == HealthStatus::Fail;
        let status = if failed { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
        json(status, "application/health+json", &self)
    }
}
