//! Alerts that Alertmanager gets to know of, and of whose end it gets to know.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use serde_json::Value;

use super::server::until;
use super::stage::{SET, Stage, TRIAL};
use super::trace::{AWKWARD, BRIEF, DOWN, HELD, INVENTORY, STEADY};

/// When alerts must have been raised and resolved, from the first call of the trace on, with time to spare.
const RAISED: Duration = Duration::from_secs(15);
const RAISED_LATER: Duration = Duration::from_secs(35);
const RESOLVED: Duration = Duration::from_secs(50);

/// An alert, the set and the circuit that it must be about, if it is about one.
struct Expected {
    name: &'static str,
    set: &'static str,
    circuit: Option<&'static str>,
}

const fn of(name: &'static str, circuit: &'static str) -> Expected {
    Expected { name, set: SET, circuit: Some(circuit) }
}

const fn of_set(name: &'static str, set: &'static str) -> Expected {
    Expected { name, set, circuit: None }
}

/// All that the trace gives cause for, and somebody who holds a circuit open.
const AT_FIRST: [Expected; 5] = [
    of("CircuitBreakerTripped", INVENTORY),
    of("CircuitBreakerTripped", AWKWARD),
    of("CircuitBreakerTripped", DOWN),
    of_set("CircuitBreakerManyOpen", SET),
    of_set("CircuitBreakerTableFull", TRIAL),
];
const LATER: [Expected; 5] = [
    of("CircuitBreakerTripped", BRIEF),
    of("CircuitBreakerOpenTooLong", DOWN),
    of("CircuitBreakerFlapping", BRIEF),
    of("CircuitBreakerHeldByHand", HELD),
    of_set("CircuitBreakerTableNearlyFull", TRIAL),
];

impl Expected {
    fn is(&self, alert: &Value) -> bool {
        let labels = &alert["labels"];
        labels["alertname"] == self.name && labels["set"] == self.set && labels["circuit"].as_str() == self.circuit
    }

    fn check_annotations(&self, alert: &Value) -> Result<()> {
        for annotation in ["summary", "description", "action"] {
            let text = alert["annotations"][annotation].as_str().unwrap_or_default();
            ensure!(!text.is_empty(), "{} has no {annotation}", self.describe());
            ensure!(!text.contains("<error"), "the {annotation} of {} is {text}", self.describe());
        }
        Ok(())
    }

    fn describe(&self) -> String {
        format!("{} {}", self.name, self.circuit.unwrap_or(self.set))
    }
}

/// A trip raises alerts, and they say what there is to say.
pub(crate) fn are_raised(stage: &Stage) -> Result<String> {
    let raised = wait_until_raised(stage, &AT_FIRST.each_ref(), RAISED);
    // Until then its calls found no place on trial, which raised one of them.
    stage.change(SET, HELD, "force_open")?;
    raised
}

/// So do troubles that take longer.
pub(crate) fn are_raised_later(stage: &Stage) -> Result<String> {
    let raised = wait_until_raised(stage, &LATER.each_ref(), RAISED_LATER);
    // Whoever is there by a person's will makes no room. Now it does, for a call of the trace that is still to come.
    stage.change(TRIAL, STEADY, "automatic")?;
    raised
}

/// Recovery ends them, and who has no trouble has no alert.
pub(crate) fn are_resolved(stage: &Stage) -> Result<String> {
    // Half-open then, and nobody calls it any more who could probe it.
    stage.change(SET, HELD, "automatic")?;
    stage.change(SET, HELD, "close")?;
    until("the end of alerts", stage.time_until(RESOLVED), || {
        let alerts = stage.alerts()?;
        let left: Vec<String> = AT_FIRST
            .iter()
            .chain(&LATER)
            .filter(|expected| alerts.iter().any(|alert| expected.is(alert)))
            .map(Expected::describe)
            .collect();
        ensure!(left.is_empty(), "still raised: {}", left.join(", "));
        Ok(())
    })?;
    let ever = stage.prometheus().now(&format!("count_over_time(ALERTS{{circuit=\"{STEADY}\"}}[5m])"))?;
    ensure!(ever.is_empty(), "an alert was raised for {STEADY}, which always answered");
    Ok(format!("{} alerts", AT_FIRST.len() + LATER.len()))
}

/// Each is to be seen once, not all at the same time.
fn wait_until_raised(stage: &Stage, all: &[&Expected], limit: Duration) -> Result<String> {
    let mut missing = all.to_vec();
    until("alerts", stage.time_until(limit), || {
        if let Some(loss) = stage.losses().first() {
            bail!("{loss}");
        }
        for alert in stage.alerts()? {
            if let Some(place) = missing.iter().position(|expected| expected.is(&alert)) {
                missing.swap_remove(place).check_annotations(&alert)?;
            }
        }
        let names: Vec<String> = missing.iter().map(|expected| expected.describe()).collect();
        ensure!(names.is_empty(), "Alertmanager has had no {}", names.join(", no "));
        Ok(())
    })?;
    Ok(format!("{} alerts", all.len()))
}
