//! Peers, Prometheus and Alertmanager, all really there for as long as the stage is.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use std::{env, fs};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

use super::http::{Http, Prometheus};
use super::server::{Server, free_ports};
use super::{live, rules, trace};
use crate::shell::{Call, Shell};

pub(crate) const PROGRAMS: &[&str] = &["prometheus", "promtool", "prometheus-alertmanager", live::BROWSER];
pub(crate) const PACKAGES: &[&str] = &["prometheus", "prometheus-alertmanager", "chromium"];

/// The set that guards the peers, and the one that only watches.
pub(crate) const SET: &str = "peers";
pub(crate) const TRIAL: &str = "trial";

/// What Prometheus is told to do, as often as it can be on a machine that is busy.
const SCRAPE: &str = "500ms";

/// All that runs. It is killed when this goes out of scope, however that comes about.
pub(crate) struct Stage {
    pub(crate) http: Http,
    pub(crate) started: SystemTime,
    pub(crate) peers: Server,
    /// Where `fusebox serve` listens, such as `http://127.0.0.1:9464`.
    pub(crate) peers_url: String,
    pub(crate) prometheus: Server,
    prometheus_url: String,
    pub(crate) alertmanager: Server,
    alertmanager_url: String,
    _folder: TempDir,
}

impl Stage {
    /// Starts all programs and waits until Prometheus has scraped the peers.
    pub(crate) fn set(shell: &Shell, program: &Path) -> Result<Self> {
        let folder = tempfile::tempdir().context("no temporary folder")?;
        let http = Http::new();

        let ports = free_ports::<3>()?;
        let [alertmanager_url, prometheus_url, peers_url] = ports.map(|port| format!("http://127.0.0.1:{port}"));
        let alertmanager = alertmanager(shell, folder.path(), &alertmanager_url)?;
        alertmanager.wait_for("Alertmanager", || http.text(&format!("{alertmanager_url}/-/ready")))?;

        // All else is there before the first call is made.
        let prometheus = prometheus(shell, folder.path(), &prometheus_url, [&peers_url, &alertmanager_url])?;
        prometheus.wait_for("Prometheus", || http.text(&format!("{prometheus_url}/-/ready")))?;
        let target = || {
            let targets = Prometheus::new(&http, prometheus_url.clone()).data("targets", &[])?;
            Ok::<_, anyhow::Error>(targets["activeTargets"][0].clone())
        };
        // It takes a few seconds to begin, and a trip before the first scrape would be no increase of anything.
        prometheus.wait_for("the first attempt to scrape", || {
            ensure!(target()?["health"] == "down", "Prometheus has not tried yet");
            Ok(())
        })?;
        let started = SystemTime::now();
        let peers = peers(shell, program, folder.path(), &peers_url)?;
        peers.wait_for("fusebox serve", || http.text(&format!("{peers_url}/metrics")))?;
        let up = || {
            let target = target()?;
            ensure!(target["health"] == "up", "Prometheus scrapes {peers_url}: {}", target["lastError"]);
            Ok(())
        };
        prometheus.wait_for("the first scrape", up)?;
        Ok(Self {
            started,
            peers,
            peers_url,
            prometheus,
            prometheus_url,
            alertmanager,
            alertmanager_url,
            _folder: folder,
            http,
        })
    }

    pub(crate) fn prometheus(&self) -> Prometheus<'_> {
        Prometheus::new(&self.http, self.prometheus_url.clone())
    }

    /// What is left until so long after the first call, or a moment in which to look once.
    pub(crate) fn time_until(&self, limit: Duration) -> Duration {
        limit.saturating_sub(self.started.elapsed().unwrap_or_default())
    }

    /// The alerts that Alertmanager holds to be going on.
    pub(crate) fn alerts(&self) -> Result<Vec<Value>> {
        let answer = self.http.json(&format!("{}/api/v2/alerts", self.alertmanager_url), &[])?;
        answer.as_array().cloned().context("Alertmanager gave no list of alerts")
    }

    /// What `fusebox serve` answers, such as `/totals`.
    pub(crate) fn of_peers(&self, path: &str) -> Result<Value> {
        self.http.json(&format!("{}{path}", self.peers_url), &[])
    }

    /// Changes a circuit of a set by hand, such as by `force_open`.
    pub(crate) fn change(&self, set: &str, circuit: &str, change: &str) -> Result<()> {
        let url = format!("{}/circuits/{set}/{circuit}/{change}", self.peers_url);
        self.http.post(&url).with_context(|| format!("{change} of {circuit} in {set}"))
    }

    /// The log of each program that ended although nobody wanted that.
    pub(crate) fn losses(&self) -> Vec<String> {
        [&self.peers, &self.prometheus, &self.alertmanager].into_iter().filter_map(Server::ended).collect()
    }
}

/// Builds the program, which comes to lie beside this one.
pub(crate) fn program(shell: &Shell) -> Result<PathBuf> {
    let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
    shell.run(&Call::new("cargo build --package fusebox-lab --bin fusebox --profile").arg(profile))?;
    let own = env::current_exe().context("this program does not know where it is")?;
    let program = own.with_file_name(format!("fusebox{}", env::consts::EXE_SUFFIX));
    ensure!(program.is_file(), "{} was not built; run this as `cargo xtask prometheus`", program.display());
    Ok(program)
}

fn peers(shell: &Shell, program: &Path, folder: &Path, url: &str) -> Result<Server> {
    let file = folder.join("trace.csv");
    fs::write(&file, trace::csv())?;
    let serve = Call::program(program).args("serve --listen").arg(address(url)).args("--trace").arg(&file);
    let on_trial = trace::ON_TRIAL;
    let serve = serve.args(&format!("--speed {} --trial {on_trial} --allow-changes", trace::SPEED));
    Server::start(shell, "serve", &serve)
}

/// The part of an address behind its scheme.
fn address(url: &str) -> &str {
    url.trim_start_matches("http://")
}

fn prometheus(shell: &Shell, folder: &Path, url: &str, [peers, alerts]: [&str; 2]) -> Result<Server> {
    let rules = rules::write_faster(shell, folder)?;
    let config = format!(
        "global: {{ scrape_interval: {SCRAPE}, scrape_timeout: {SCRAPE}, evaluation_interval: {SCRAPE} }}\n\
         rule_files: [ '{}' ]\n\
         scrape_configs:\n  - job_name: fusebox\n    static_configs: [ {{ targets: [ '{}' ] }} ]\n\
         alerting:\n  alertmanagers:\n    - static_configs: [ {{ targets: [ '{}' ] }} ]\n",
        rules.display(),
        address(peers),
        address(alerts)
    );
    let file = folder.join("prometheus.yml");
    fs::write(&file, config)?;
    shell.run(&Call::new("timeout 60 promtool check config").arg(&file))?;
    let call = Call::new("prometheus")
        .arg(format!("--config.file={}", file.display()))
        .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
        .arg(format!("--web.listen-address={}", address(url)))
        .arg(format!("--web.console.templates={}", shell.root().join("prometheus/assets").display()));
    Server::start(shell, "prometheus", &call)
}

fn alertmanager(shell: &Shell, folder: &Path, url: &str) -> Result<Server> {
    let file = folder.join("alertmanager.yml");
    fs::write(&file, "route: { receiver: nobody, group_wait: 0s }\nreceivers: [ { name: nobody } ]\n")?;
    let call = Call::new("prometheus-alertmanager")
        .arg(format!("--config.file={}", file.display()))
        .arg(format!("--storage.path={}", folder.join("alerts").display()))
        .arg(format!("--web.listen-address={}", address(url)))
        // It has no others to talk to.
        .arg("--cluster.listen-address=");
    Server::start(shell, "alertmanager", &call)
}
