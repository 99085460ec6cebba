//! Who asks the shop, and tells what came of it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use axum::body::Body;
use axum::http::header;
use fusebox::Event;
use fusebox_axum_server::Warehouses;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::time::{MissedTickBehavior, interval};

/// Customers, with one clock for all that is printed.
#[derive(Clone)]
pub(crate) struct Customers {
    start: Instant,
    /// How often each warehouse was answered for in which way.
    answers: Arc<Mutex<Answers>>,
}

type Answers = BTreeMap<(&'static str, u16), u64>;

impl Customers {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), answers: Arc::default() }
    }

    pub(crate) fn say(&self, warehouse: &str, what: &str) {
        println!("{:6.1} s  {warehouse}  {what}", self.start.elapsed().as_secs_f32());
    }

    /// Listens to the circuits.
    pub(crate) fn tell(&self, warehouse: &str, event: &Event) {
        if let Event::Transition(transition) = event {
            let wait = transition.wait().map(|wait| format!(", a probe in {:?}", wait.as_duration()));
            let what = format!("  circuit: {} -> {}{}", transition.from(), transition.to(), wait.unwrap_or_default());
            self.say(warehouse, &what);
        }
    }

    /// Asks for the stock of all warehouses again and again, and says so when the answer is another than before.
    pub(crate) async fn ask(&self, shop: SocketAddr) -> Result<()> {
        let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
        let mut before = BTreeMap::new();
        let mut ticks = interval(Duration::from_millis(200));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            for warehouse in Warehouses::NAMES {
                let response = client.get(format!("http://{shop}/stock/{warehouse}").parse()?).await;
                let response = response.context("the shop gave no answer")?;
                let status = response.status();
                *self.answers().entry((warehouse, status.as_u16())).or_insert(0) += 1;
                if before.insert(warehouse, status) != Some(status) {
                    let retry = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
                    let retry = retry.map(|seconds| format!(", Retry-After: {seconds}")).unwrap_or_default();
                    self.say(warehouse, &format!("{status}{retry}"));
                }
            }
        }
    }

    /// What there is to say at the end.
    pub(crate) fn summary(&self, asked: u64, spared: u64) {
        println!();
        for ((warehouse, status), count) in &*self.answers() {
            println!("{warehouse}  {status}: {count} answers");
        }
        println!("The southern warehouse was asked {asked} times and spared {spared} requests.");
    }

    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
