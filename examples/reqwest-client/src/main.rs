//! A reqwest client whose requests a circuit breaker guards, before a service that breaks and is repaired.

mod client;
mod service;
mod story;

use std::io::stdout;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    story::tell(&mut stdout().lock()).await
}
