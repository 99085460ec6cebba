//! What Prometheus has seen, held against what was really going on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::http::{Prometheus, Series};
use super::server::until;
use super::stage::{SET, Stage, TRIAL};
use super::trace::{BRIEF, BRIEF_TRIPS, PEERS, SPEED};

/// At each scrape, each circuit was in exactly one of the six states.
pub(crate) fn one_state_at_a_time(stage: &Stage) -> Result<String> {
    // A range selector gives what was scraped, as it was.
    let all = stage.prometheus().now("circuit_breaker_state[5m]")?;
    let mut scrapes: BTreeMap<(&str, &str, u64), Vec<f64>> = BTreeMap::new();
    for series in &all {
        for (time, value) in &series.samples {
            scrapes.entry((series.label("set"), series.label("circuit"), time.to_bits())).or_default().push(*value);
        }
    }
    for ((set, circuit, time), values) in &scrapes {
        let is_one_of_six = values.len() == 6 && values.iter().all(|value| [0.0, 1.0].contains(value));
        let sum: f64 = values.iter().sum();
        let at = f64::from_bits(*time);
        ensure!(is_one_of_six && (sum - 1.0).abs() < 1e-9, "the states of {circuit} in {set} were {values:?} at {at}");
    }
    let circuits: BTreeSet<(&str, &str)> = scrapes.keys().map(|(set, circuit, _)| (*set, *circuit)).collect();
    // The last one came to be on trial when another had made room.
    let expected = [SET, TRIAL].into_iter().flat_map(|set| PEERS.map(|peer| (set, peer)));
    ensure!(circuits == expected.collect::<BTreeSet<_>>(), "Prometheus knows {circuits:?}");
    Ok(format!("{} states of {} circuits", scrapes.len(), circuits.len()))
}

/// The field of `/totals` for each circuit, and the query that has to give the same.
const SAME: [(&str, &str); 5] = [
    ("success", "sum by (circuit) (circuit_breaker_calls_total{set=\"peers\",outcome=\"success\"})"),
    ("failure", "sum by (circuit) (circuit_breaker_calls_total{set=\"peers\",outcome!=\"success\"})"),
    ("rejected", "sum by (circuit) (circuit_breaker_rejections_total{set=\"peers\",reason!=\"would_reject\"})"),
    ("trips", "sum by (circuit) (circuit_breaker_transitions_total{set=\"peers\",from=\"closed\",to=\"open\"})"),
    (
        "recoveries",
        "sum by (circuit) (circuit_breaker_transitions_total{set=\"peers\",from=\"half_open\",to=\"closed\"})",
    ),
];

/// Once nobody is called any more, Prometheus has the same counts as the client, which counts for itself.
pub(crate) fn counts_agree(stage: &Stage) -> Result<String> {
    let prometheus = stage.prometheus();
    until("the same counts in Prometheus and in /totals", Duration::from_secs(20), || {
        let before = stage.of_peers("/totals")?;
        let wrong = disagreements(&prometheus, &before)?;
        ensure!(stage.of_peers("/totals")? == before, "calls are still being made");
        ensure!(wrong.is_empty(), "{}", wrong.join("; "));
        Ok(())
    })?;
    Ok(format!("{} counts of {} circuits", SAME.len(), PEERS.len()))
}

fn disagreements(prometheus: &Prometheus<'_>, totals: &Value) -> Result<Vec<String>> {
    let mut wrong = vec![];
    for (field, query) in SAME {
        let counted = prometheus.now(query)?;
        for peer in PEERS {
            let own = total(totals, peer, field)?;
            let seen = of_circuit(&counted, peer)?.last();
            if (own - seen).abs() > 0.1 {
                wrong.push(format!("{field} of {peer} are {own} in /totals and {seen} in Prometheus"));
            }
        }
        let sum = PEERS.iter().map(|peer| total(totals, peer, field)).sum::<Result<f64>>()?;
        ensure!(sum > 0.0, "no {field} at all, so nothing was compared");
    }
    Ok(wrong)
}

fn total(totals: &Value, peer: &str, field: &str) -> Result<f64> {
    let peers = totals["peers"].as_array().context("/totals has no peers")?;
    let one = peers.iter().find(|one| one["peer"] == peer).with_context(|| format!("/totals has no {peer}"))?;
    one[field].as_f64().with_context(|| format!("/totals says nothing of {field} of {peer}"))
}

fn of_circuit<'a>(all: &'a [Series], circuit: &str) -> Result<&'a Series> {
    all.iter().find(|series| series.label("circuit") == circuit).with_context(|| format!("no series of {circuit}"))
}

/// Openings that no scrape saw show in the seconds that the circuit was open.
pub(crate) fn brief_openings_show(stage: &Stage) -> Result<String> {
    let prometheus = stage.prometheus();
    let one = |query: &str| -> Result<f64> {
        let all = prometheus.now(query)?;
        ensure!(all.len() == 1, "{} series instead of one: {query}", all.len());
        Ok(of_circuit(&all, BRIEF)?.last())
    };
    let of = |what: &str| format!("{{set=\"{SET}\",circuit=\"{BRIEF}\",{what}}}");
    let trips = one(&format!("circuit_breaker_transitions_total{}", of("from=\"closed\",to=\"open\"")))?;
    let seconds = one(&format!("circuit_breaker_state_seconds_total{}", of("state=\"open\"")))?;
    let seen = one(&format!("sum_over_time(circuit_breaker_state{}[5m])", of("state=\"open\"")))?;
    ensure!(trips >= f64::from(BRIEF_TRIPS), "{BRIEF} tripped only {trips} times");
    ensure!(seen < trips, "each of the {trips} openings was scraped, so none was short");
    // Each lasts for the wait of 10 s of the trace at the least. Prometheus may have missed the end of the last scrape.
    let least = 10.0 * trips;
    ensure!(seconds >= least, "{BRIEF} was open for {seconds} s of the trace, and tripped {trips} times for 10 s each");
    let wall = seconds / f64::from(SPEED);
    Ok(format!("{trips} openings, {wall:.2} s in all, {seen} of them scraped"))
}
