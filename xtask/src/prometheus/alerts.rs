//! Alerts that Alertmanager gets to know of, and of whose end it gets to know.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use serde_json::Value;

use super::server::until;
use super::stage::Stage;
use super::trace::{AWKWARD, BRIEF, DOWN, INVENTORY, STEADY};

/// When alerts must have been raised and resolved, from the first call of the trace on, with time to spare.
const RAISED: Duration = Duration::from_secs(15);
const RAISED_LATER: Duration = Duration::from_secs(35);
const RESOLVED: Duration = Duration::from_secs(50);

/// An alert and the circuit that it must be about, if it is about one.
struct Expected {
    name: &'static str,
    circuit: Option<&'static str>,
}

const fn of(name: &'static str, circuit: &'static str) -> Expected {
    Expected { name, circuit: Some(circuit) }
}

/// All that the trace gives cause for.
const AT_FIRST: [Expected; 4] = [
    of("CircuitBreakerTripped", INVENTORY),
    of("CircuitBreakerTripped", AWKWARD),
    of("CircuitBreakerTripped", DOWN),
    Expected { name: "CircuitBreakerManyOpen", circuit: None },
];
const LATER: [Expected; 3] =
    [of("CircuitBreakerTripped", BRIEF), of("CircuitBreakerOpenTooLong", DOWN), of("CircuitBreakerFlapping", BRIEF)];

impl Expected {
    fn is(&self, alert: &Value) -> bool {
        let labels = &alert["labels"];
        labels["alertname"] == self.name && labels["circuit"].as_str() == self.circuit
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
        format!("{} {}", self.name, self.circuit.unwrap_or("of the set"))
    }
}

/// A trip raises alerts, and they say what there is to say.
pub(crate) fn are_raised(stage: &Stage) -> Result<String> {
    wait_until_raised(stage, &AT_FIRST, RAISED)
}

/// So do troubles that take longer.
pub(crate) fn are_raised_later(stage: &Stage) -> Result<String> {
    wait_until_raised(stage, &LATER, RAISED_LATER)
}

/// Recovery ends them, and who has no trouble has no alert.
pub(crate) fn are_resolved(stage: &Stage) -> Result<String> {
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
fn wait_until_raised(stage: &Stage, all: &[Expected], limit: Duration) -> Result<String> {
    let mut missing: Vec<&Expected> = all.iter().collect();
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
