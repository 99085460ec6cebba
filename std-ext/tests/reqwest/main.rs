//! The middleware for reqwest, before a real server.
#![cfg(feature = "reqwest")]

mod circuits;
mod errors;
mod upstream;

use std::future::Future;
use std::time::Duration;

use fusebox::Settings;
use fusebox::clock::ManualClock;
use fusebox::policy::MaxFailures;
use fusebox_std::CircuitBreakerSet;
use reqwest::Client;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Error, Middleware};

pub(crate) type Clock = &'static ManualClock<1_000>;
pub(crate) type Set = CircuitBreakerSet<String, Clock, MaxFailures<3>>;

/// A test that hangs fails.
pub(crate) async fn in_time<T>(test: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), test).await.expect("it takes too long")
}

pub(crate) fn set() -> (Set, Clock) {
    let clock: Clock = Box::leak(Box::new(ManualClock::new()));
    (CircuitBreakerSet::builder().clock(clock, Settings::DEFAULT).build().unwrap(), clock)
}

pub(crate) fn plain() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

pub(crate) fn guarded(middleware: impl Middleware) -> ClientWithMiddleware {
    ClientBuilder::new(plain()).with(middleware).build()
}

pub(crate) async fn get(client: &ClientWithMiddleware, url: &str) -> Result<u16, Error> {
    client.get(url).send().await.map(|response| response.status().as_u16())
}
