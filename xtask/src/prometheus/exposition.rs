//! What is scraped, as others read it.

use anyhow::{Result, ensure};

use super::stage::Stage;
use super::trace::PEERS;
use crate::python::Python;
use crate::shell::{Call, Shell};

/// The program for Python that reads the page.
const PARSE: &str = "xtask/src/prometheus/openmetrics.py";

/// promtool finds nothing to say, and the strict parser of Prometheus' client takes the page in and sees all peers.
pub(crate) fn check(shell: &Shell, stage: &Stage, python: &Python) -> Result<String> {
    let url = format!("{}/metrics", stage.peers_url);
    let (page, kind) = stage.http.page(&url, &[], "text/plain;version=0.0.4")?;
    ensure!(kind.starts_with("text/plain"), "{url} answered with {kind}, not with text");
    let said = shell.run(&Call::new("timeout 60 promtool check metrics").input(&page))?;
    ensure!(said.trim().is_empty(), "promtool says of {url}: {said}");

    let (page, kind) = stage.http.page(&url, &[], "application/openmetrics-text;version=1.0.0")?;
    ensure!(kind.starts_with("application/openmetrics-text"), "{url} answered with {kind}, not with OpenMetrics");
    let parsed = shell.run(&python.call().arg(PARSE).env("PYTHONIOENCODING", "utf-8").input(&page))?;
    let mut lines = parsed.lines();
    let families = lines.next().unwrap_or_default().to_string();
    let mut expected = PEERS;
    expected.sort_unstable();
    let circuits: Vec<&str> = lines.collect();
    ensure!(circuits == expected, "the OpenMetrics page is about {circuits:?}, not {expected:?}");
    Ok(families)
}
