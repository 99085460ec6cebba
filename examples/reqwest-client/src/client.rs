//! A client of the inventory service, as a program would have it.

use std::time::Duration;

use anyhow::{Context, Result};
use fusebox::Settings;
use fusebox_std::http::RetryAfter;
use fusebox_std::reqwest::{CircuitBreakerMiddleware, rejected};
use fusebox_std::{CircuitBreakerSet, Handle};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};

/// A client of the inventory service.
#[derive(Debug)]
pub(crate) struct Inventory {
    client: ClientWithMiddleware,
    circuit: Handle<String>,
    url: String,
}

impl Inventory {
    pub(crate) fn new(url: String) -> Result<Self> {
        // Half a second after the fourth failure in a minute it sends a probe. If that fails it waits for twice as long.
        let settings = Settings::builder()
            .max_failures(3, Duration::from_secs(60))
            .wait(Duration::from_millis(500))
            .backoff_cap(Duration::from_secs(30))
            .build()?;
        let hosts = CircuitBreakerSet::<String>::builder().settings(settings).build()?;
        let breaker = CircuitBreakerMiddleware::by_host(hosts.clone())
            // A service that says when to come back is believed, up to a minute.
            .wait_at_least(RetryAfter::up_to(Duration::from_secs(60)));
        // The timeout is inside: what it cuts off is a failure that the circuit hears of.
        let inner = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build()?;
        let client = ClientBuilder::new(inner).with(breaker).build();

        // The circuit that the middleware uses for this host, to look at.
        let host = url.strip_prefix("http://").context("the service speaks plain HTTP")?;
        let circuit = hosts.handle(host)?;
        Ok(Self { client, circuit, url })
    }

    /// Asks for the bolts in stock, and says what came of it.
    pub(crate) async fn ask(&self) -> Result<String> {
        match self.client.get(format!("{}/bolts", self.url)).send().await {
            Ok(response) if response.status().is_success() => Ok(response.text().await?),
            Ok(response) => Ok(response.status().to_string()),
            Err(error) => match rejected(&error) {
                Some(rejected) => Ok(format!("not sent: {rejected}")),
                None => Err(error).context("the service could not be asked"),
            },
        }
    }

    pub(crate) const fn circuit(&self) -> &Handle<String> {
        &self.circuit
    }
}
