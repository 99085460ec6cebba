//! The queries of the dashboard and of the console, asked of a Prometheus that has been through trips and recoveries.

use std::fs;
use std::time::SystemTime;

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::Value;

use super::http::{Prometheus, Series};
use super::stage::Stage;
use super::trace::{DOWN, PEERS};
use crate::shell::Shell;

const DASHBOARD: &str = "prometheus/assets/grafana.json";
const CONSOLE: &str = "prometheus/assets/fusebox.html";
const CONSOLE_PATH: &str = "/consoles/fusebox.html";

/// A query and where it stands.
#[derive(Debug, PartialEq)]
struct Query {
    of: String,
    text: String,
}

/// Every query of the dashboard, those of its variables too, gives data.
pub(crate) fn dashboard(shell: &Shell, prometheus: &Prometheus<'_>, start: SystemTime) -> Result<String> {
    let dashboard: Value = serde_json::from_str(&read(shell, DASHBOARD)?).context(DASHBOARD)?;
    let (panels, queries) = panels(&dashboard)?;
    for (name, label, selector) in variables(&dashboard)? {
        let values = prometheus.values_of(&label, &filled_in(&selector));
        let values = values.with_context(|| format!("variable {name}: {selector}"))?;
        ensure!(!values.is_empty(), "variable {name} has no values: {selector}");
    }
    ask(prometheus, start, &queries)?;
    Ok(format!("{} queries of {panels} panels", queries.len()))
}

/// The console shows circuits that are open while they are, and all circuits of a set that is asked for.
pub(crate) fn console_shows_open_circuits(stage: &Stage) -> Result<String> {
    let prometheus = stage.prometheus();
    let overview = prometheus.page(CONSOLE_PATH, &[])?;
    let sets = prometheus.values_of("set", "circuit_breaker_circuits")?;
    let set = sets.first().context("Prometheus knows no set")?;
    let whole = prometheus.page(CONSOLE_PATH, &[("set", set)])?;
    for (page, what, circuits) in [(&overview, "the overview", &[DOWN][..]), (&whole, "a set's page", &PEERS[..])] {
        for circuit in circuits {
            let name = format!("<td class=\"name\">{}<", in_html(circuit));
            ensure!(page.contains(&name), "{what} does not show {circuit}");
        }
        let states = ["open", "half_open"].map(|state| format!("<td class=\"{state}\">{}\n", state.replace('_', "-")));
        ensure!(states.iter().any(|state| page.contains(state)), "{what} shows no state of {DOWN}");
    }
    Ok(format!("{} circuits of set {set}", PEERS.len()))
}

/// As Go's templates write a text into a page.
fn in_html(text: &str) -> String {
    let known = [('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('"', "&#34;"), ('\'', "&#39;")];
    known.into_iter().fold(text.into(), |text: String, (letter, entity)| text.replace(letter, entity))
}

/// Every query of the console gives data.
pub(crate) fn console(shell: &Shell, prometheus: &Prometheus<'_>, start: SystemTime) -> Result<String> {
    let queries = in_template(&read(shell, CONSOLE)?);
    ensure!(!queries.is_empty(), "no queries in {CONSOLE}");
    ask(prometheus, start, &queries)?;
    Ok(format!("{} queries", queries.len()))
}

fn read(shell: &Shell, name: &str) -> Result<String> {
    fs::read_to_string(shell.root().join(name)).with_context(|| format!("cannot read {name}"))
}

/// All that is wrong with any query, not only the first.
fn ask(prometheus: &Prometheus<'_>, start: SystemTime, queries: &[Query]) -> Result<()> {
    let wrong = queries.iter().filter_map(|Query { of, text }| {
        let problem = match prometheus.since(start, text) {
            Ok(series) if has_data(&series) => return None,
            Ok(_) => "gives no data".into(),
            Err(error) => format!("{error:#}"),
        };
        Some(format!("{of}: {problem}: {text}"))
    });
    let wrong: Vec<String> = wrong.collect();
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

fn has_data(series: &[Series]) -> bool {
    series.iter().flat_map(|one| &one.samples).any(|(_, value)| value.is_finite())
}

/// How many panels there are, and their queries.
fn panels(dashboard: &Value) -> Result<(usize, Vec<Query>)> {
    let panels = dashboard["panels"].as_array().context("the dashboard has no panels")?;
    let mut queries = vec![];
    for panel in panels {
        let title = panel["title"].as_str().unwrap_or_default();
        let has = |place: &str| panel.pointer(place).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        for place in ["/title", "/description", "/fieldConfig/defaults/unit"] {
            ensure!(has(place), "panel `{title}` has no {place}");
        }
        let targets = panel["targets"].as_array().filter(|targets| !targets.is_empty());
        for target in targets.with_context(|| format!("panel `{title}` has no queries"))? {
            let text = target["expr"].as_str().with_context(|| format!("panel `{title}` has a query without text"))?;
            queries.push(Query { of: format!("panel `{title}`"), text: filled_in(text) });
        }
    }
    Ok((panels.len(), queries))
}

/// The name, label and selector of each variable that Prometheus knows the values of.
fn variables(dashboard: &Value) -> Result<Vec<(String, String, String)>> {
    let variables = dashboard["templating"]["list"].as_array().context("the dashboard has no variables")?;
    let of_prometheus = variables.iter().filter(|variable| variable["type"] == "query");
    of_prometheus
        .map(|variable| {
            let text = variable["query"]["query"].as_str().unwrap_or_default();
            let inner = text.strip_prefix("label_values(").and_then(|rest| rest.strip_suffix(')'));
            let (selector, label) = inner
                .and_then(|inner| inner.rsplit_once(", "))
                .ok_or_else(|| anyhow!("`{text}` is no label_values"))?;
            Ok((variable["name"].to_string(), label.into(), selector.into()))
        })
        .collect()
}

/// Grafana's variables, as they are when everything is chosen.
fn filled_in(query: &str) -> String {
    let known = [("$__rate_interval", "4s"), ("$__range", "2m"), ("$job", ".*"), ("$instance", ".*")];
    let known = known.into_iter().chain([("$set", ".*"), ("$circuit", ".*")]);
    known.fold(query.into(), |text, (name, value)| text.replace(name, value))
}

/// The queries of a console template: what stands in backquotes, but for parts that are put into others.
fn in_template(template: &str) -> Vec<Query> {
    let lines = template.lines().enumerate();
    lines
        .flat_map(|(index, line)| {
            let quoted = line.split('`').skip(1).step_by(2).filter(|text| text.contains("circuit_breaker_"));
            let of = format!("{CONSOLE}, line {}", index + 1);
            quoted.map(move |text| Query { of: of.clone(), text: text.replace("=%q", "=~\".*\"").replace("%s", "") })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    #[test]
    fn queries_are_found_where_they_stand() {
        let panel = json!({ "title": "T", "description": "D", "fieldConfig": { "defaults": { "unit": "s" } },
            "targets": [{ "expr": "rate(a{job=~\"$job\"}[$__rate_interval])" }] });
        let query = Query { of: "panel `T`".into(), text: "rate(a{job=~\".*\"}[4s])".into() };
        assert_eq!(panels(&json!({ "panels": [panel] })).unwrap(), (1, vec![query]));
        let error = panels(&json!({ "panels": [{ "title": "T" }] })).unwrap_err().to_string();
        assert_eq!(error, "panel `T` has no /description");

        let template =
            "{{ $o := printf `job=%q` .J }}\n{{ range printf `circuit_breaker_x{set=%q, %s}` $s $o | query }}";
        let query = Query { of: format!("{CONSOLE}, line 2"), text: "circuit_breaker_x{set=~\".*\", }".into() };
        assert_eq!(in_template(template), [query]);
    }

    /// promtool tests rules only, so the tests of the rules have it in full.
    #[test]
    fn what_is_shown_of_states_is_tested_as_it_is() {
        let dashboard = serde_json::from_str(include_str!("../../../prometheus/assets/grafana.json")).unwrap();
        let (_, queries) = panels(&dashboard).unwrap();
        let states = queries.iter().find(|query| query.of == "panel `States`").unwrap();
        let in_one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let tests = include_str!("../../../prometheus/assets/rules.test.yml");
        assert!(in_one_line(tests).contains(&in_one_line(&states.text)), "{}", states.text);
    }

    #[test]
    fn nothing_and_not_a_number_are_no_data() {
        let of = |samples| [Series { labels: BTreeMap::default(), samples }];
        assert!(!has_data(&[]) && !has_data(&of(vec![])) && !has_data(&of(vec![(1.0, f64::NAN)])));
        assert!(has_data(&of(vec![(1.0, f64::NAN), (2.0, 0.0)])));
    }
}
