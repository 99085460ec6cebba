//! The inventory service, on the loopback interface.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;

/// The inventory service: it tells how many bolts there are, unless it is broken.
#[derive(Clone, Debug, Default)]
pub(crate) struct Service(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    broken: AtomicBool,
    requests: AtomicU32,
}

impl Service {
    /// Starts it, and returns its URL.
    pub(crate) async fn start(&self) -> Result<String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no port is free on the loopback interface")?;
        let url = format!("http://{}", listener.local_addr()?);
        let router = Router::new().fallback(answer).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(url)
    }

    pub(crate) fn breaks(&self) {
        self.0.broken.store(true, Relaxed);
    }

    pub(crate) fn is_repaired(&self) {
        self.0.broken.store(false, Relaxed);
    }

    /// How many requests reached it.
    pub(crate) fn requests(&self) -> u32 {
        self.0.requests.load(Relaxed)
    }
}

async fn answer(State(Service(inner)): State<Service>) -> Response {
    inner.requests.fetch_add(1, Relaxed);
    if inner.broken.load(Relaxed) {
        (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "2")], "out of order").into_response()
    } else {
        "7 in stock".into_response()
    }
}
