//! Asking servers on this machine, and what Prometheus answers.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use ureq::Agent;

/// Asks for pages; no question takes longer than ten seconds.
pub(crate) struct Http(Agent);

impl Http {
    pub(crate) fn new() -> Self {
        // No proxy between this machine and itself, whatever the environment says.
        let config = Agent::config_builder().timeout_global(Some(Duration::from_secs(10))).proxy(None);
        Self(config.http_status_as_error(false).build().into())
    }

    /// The text of a page, and its content type.
    pub(crate) fn page(&self, url: &str, query: &[(&str, &str)], accept: &str) -> Result<(String, String)> {
        let request = self.0.get(url).query_pairs(query.iter().copied()).header("accept", accept);
        let mut answer = request.call().with_context(|| format!("no answer from {url}"))?;
        let text = answer.body_mut().read_to_string().with_context(|| format!("{url} broke off"))?;
        let status = answer.status();
        // Prometheus says in the body what is wrong with a query.
        ensure!(status.is_success(), "{url} answered {status}: {}", text.trim());
        let kind = answer.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        Ok((text, kind.into()))
    }

    pub(crate) fn text(&self, url: &str) -> Result<String> {
        Ok(self.page(url, &[], "*/*")?.0)
    }

    /// Asks for a change.
    pub(crate) fn post(&self, url: &str) -> Result<()> {
        let request = self.0.post(url).header("content-type", "application/json");
        let mut answer = request.send_empty().with_context(|| format!("no answer from {url}"))?;
        let text = answer.body_mut().read_to_string().with_context(|| format!("{url} broke off"))?;
        ensure!(answer.status().is_success(), "{url} answered {}: {}", answer.status(), text.trim());
        Ok(())
    }

    pub(crate) fn json(&self, url: &str, query: &[(&str, &str)]) -> Result<Value> {
        let (text, _) = self.page(url, query, "application/json")?;
        serde_json::from_str(&text).with_context(|| format!("{url} did not answer with JSON: {text}"))
    }
}

/// Samples with the same labels.
#[derive(Debug, PartialEq)]
pub(crate) struct Series {
    pub(crate) labels: BTreeMap<String, String>,
    /// Each with its time, in seconds since 1970.
    pub(crate) samples: Vec<(f64, f64)>,
}

impl Series {
    pub(crate) fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }

    pub(crate) fn last(&self) -> f64 {
        self.samples.last().map_or(f64::NAN, |(_, value)| *value)
    }
}

/// A running Prometheus.
pub(crate) struct Prometheus<'a> {
    http: &'a Http,
    pub(crate) url: String,
}

impl<'a> Prometheus<'a> {
    pub(crate) fn new(http: &'a Http, url: String) -> Self {
        Self { http, url }
    }

    /// What a query gives now.
    pub(crate) fn now(&self, query: &str) -> Result<Vec<Series>> {
        series(&self.data("query", &[("query", query)])?["result"])
    }

    /// What a query gave from a moment until now, each second.
    pub(crate) fn since(&self, start: SystemTime, query: &str) -> Result<Vec<Series>> {
        let [start, end] = [start, SystemTime::now()]
            .map(|time| time.duration_since(UNIX_EPOCH).map(|time| time.as_secs_f64().to_string()));
        let data = self.data("query_range", &[("query", query), ("start", &start?), ("end", &end?), ("step", "1")])?;
        series(&data["result"])
    }

    /// The values that a label has in the series that a selector picks.
    pub(crate) fn values_of(&self, label: &str, selector: &str) -> Result<Vec<String>> {
        let data = self.data(&format!("label/{label}/values"), &[("match[]", selector)])?;
        let values = data.as_array().context("Prometheus gave no list of values")?;
        Ok(values.iter().filter_map(Value::as_str).map(String::from).collect())
    }

    /// The data of an answer.
    pub(crate) fn data(&self, what: &str, query: &[(&str, &str)]) -> Result<Value> {
        let mut answer = self.http.json(&format!("{}/api/v1/{what}", self.url), query)?;
        if answer["status"] != "success" {
            bail!("Prometheus refused: {answer}");
        }
        Ok(answer["data"].take())
    }

    pub(crate) fn page(&self, path: &str, query: &[(&str, &str)]) -> Result<String> {
        Ok(self.http.page(&format!("{}{path}", self.url), query, "text/html")?.0)
    }
}

/// Reads a vector or a matrix.
fn series(result: &Value) -> Result<Vec<Series>> {
    let unreadable = || format!("Prometheus answered with neither a vector nor a matrix: {result}");
    let sample = |pair: &Value| Some((pair[0].as_f64()?, pair[1].as_str()?.parse().ok()?));
    let one = |entry: &Value| {
        let labels = entry["metric"].as_object()?.iter();
        let labels = labels.map(|(name, value)| Some((name.clone(), value.as_str()?.into()))).collect::<Option<_>>()?;
        let samples = match entry["values"].as_array() {
            Some(values) => values.iter().map(sample).collect::<Option<_>>()?,
            None => vec![sample(&entry["value"])?],
        };
        Some(Series { labels, samples })
    };
    result.as_array().with_context(unreadable)?.iter().map(one).collect::<Option<_>>().with_context(unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_and_matrices_are_read() {
        let labels: BTreeMap<_, _> = [("a".to_string(), "b".to_string())].into();
        let vector = serde_json::json!([{ "metric": { "a": "b" }, "value": [1.5, "2"] }]);
        assert_eq!(series(&vector).unwrap(), [Series { labels: labels.clone(), samples: vec![(1.5, 2.0)] }]);
        let matrix = serde_json::json!([{ "metric": { "a": "b" }, "values": [[1, "0"], [2, "NaN"]] }]);
        let read = series(&matrix).unwrap();
        assert_eq!(read[0].label("a"), "b");
        assert!(read[0].samples[0] == (1.0, 0.0) && read[0].last().is_nan());
        assert!(series(&serde_json::json!([1.5, "2"])).is_err(), "a scalar");
    }
}
