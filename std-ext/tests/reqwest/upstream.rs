//! A server on the loopback interface.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering::SeqCst};

use axum::Router;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// A server that answers with a status, or with 0 not at all.
pub(crate) struct Upstream {
    status: AtomicU16,
    asked: AtomicU32,
    pub(crate) arrived: Notify,
    pub(crate) url: String,
}

impl Upstream {
    pub(crate) async fn start() -> Arc<Self> {
        async fn answer(Shared(upstream): Shared<Arc<Upstream>>) -> (StatusCode, [(&'static str, &'static str); 1]) {
            upstream.asked.fetch_add(1, SeqCst);
            upstream.arrived.notify_one();
            match upstream.status.load(SeqCst) {
                0 => std::future::pending().await,
                status => (StatusCode::from_u16(status).unwrap(), [("retry-after", "40")]),
            }
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let upstream = Arc::new(Self { status: 200.into(), asked: 0.into(), arrived: Notify::new(), url });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&upstream));
        tokio::spawn(async move { axum::serve(listener, router).await });
        upstream
    }

    pub(crate) fn says(&self, status: u16) {
        self.status.store(status, SeqCst);
    }

    pub(crate) fn asked(&self) -> u32 {
        self.asked.load(SeqCst)
    }

    pub(crate) fn key(&self) -> &str {
        self.url.trim_start_matches("http://").trim_end_matches('/')
    }
}
