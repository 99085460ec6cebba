//! What is served over HTTP.

use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Result;
use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use fusebox_prometheus::{Exporter, metrics_route};
use fusebox_std::Uptime;
use fusebox_std::admin::{Admin, CircuitDetails};
use serde::Serialize;

use super::clock::TraceClock;
use super::guards::{Guards, SET, TRIAL};
use super::peer::Mode;
use super::totals::{Counted, Totals};

/// What the page and its data are made of.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) trace: Arc<str>,
    pub(crate) clock: TraceClock,
    pub(crate) guards: Guards,
    pub(crate) totals: Arc<Totals>,
}

/// `GET /live`: all that the page shows.
#[derive(Debug, Serialize)]
struct Live<'a> {
    trace: &'a str,
    speed: u32,
    /// The trace's time. So are all lengths of time below.
    trace_seconds: f64,
    /// The wall clock's, as are all moments below.
    now: String,
    peers: Vec<LivePeer>,
}

#[derive(Debug, Serialize)]
struct LivePeer {
    mode: Mode,
    client: Counted,
    /// How many of its calls the rules on trial would have rejected.
    would_reject: Option<u64>,
    #[serde(flatten)]
    circuit: CircuitDetails,
}

impl Shown {
    pub(crate) fn router(self, allow_changes: bool) -> Result<Router> {
        let exporter = Exporter::new();
        exporter.register_timed(SET, &self.guards.circuits, &self.guards.durations)?;
        exporter.register(TRIAL, &self.guards.trial)?;
        let admin = Admin::new().set(SET, self.guards.circuits.clone()).set(TRIAL, self.guards.trial.clone());
        let admin = if allow_changes { admin.allow_changes() } else { admin };
        let (live, totals) = (self.clone(), Arc::clone(&self.totals));
        Ok(Router::new()
            .route("/", file("text/html; charset=utf-8", include_str!("page/index.html")))
            .route("/page.css", file("text/css; charset=utf-8", include_str!("page/page.css")))
            .route("/page.js", file("text/javascript; charset=utf-8", include_str!("page/page.js")))
            .route("/live", get(move || async move { json(&live.live()) }))
            .route("/totals", get(move || async move { json(&totals.report()) }))
            .route("/metrics", metrics_route(exporter))
            .merge(admin.router())
            .fallback((
                StatusCode::NOT_FOUND,
                "There are /, /metrics, /circuits, /health, /ready, /live and /totals.\n",
            )))
    }

    fn live(&self) -> Live<'_> {
        let peers = self.totals.iter().filter_map(|(peer, totals)| {
            let circuit = CircuitDetails::new(SET, &self.guards.circuits.get(peer)?);
            let would_reject = self.guards.would_reject(peer);
            Some(LivePeer { mode: totals.mode(), client: totals.counted(), would_reject, circuit })
        });
        Live {
            trace: &self.trace,
            speed: self.clock.speed(),
            trace_seconds: self.clock.uptime().as_secs_f64(),
            now: humantime::format_rfc3339_millis(SystemTime::now()).to_string(),
            peers: peers.collect(),
        }
    }
}

/// The page takes nothing from elsewhere, and browsers hold it to that.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

fn file(content_type: &'static str, text: &'static str) -> axum::routing::MethodRouter {
    get(move || async move {
        let headers = [
            (header::CONTENT_TYPE, content_type),
            (header::CACHE_CONTROL, "no-cache"),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        (headers, text)
    })
}

fn json(body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(body) => {
            ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], body).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
