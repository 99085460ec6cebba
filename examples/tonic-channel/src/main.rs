//! `cargo run -p fusebox-tonic-channel`: a gRPC client whose server breaks down, and what becomes of its calls.

use std::future::pending;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use clap::Parser;
use fusebox::Event;
use fusebox_std::StdClock;
use fusebox_tonic_channel::guarded::{self, Guarded};
use fusebox_tonic_channel::{Mood, Station, client};
use tokio::time::sleep;
use tonic::transport::Endpoint;
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

/// A gRPC client whose server refuses calls for 6 s, then breaks them off for 6 s, and works again.
#[derive(Parser)]
struct Flags {
    /// Ends after so many seconds rather than by Ctrl-C
    #[arg(long = "for", value_name = "SECONDS")]
    seconds: Option<u64>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let flags = Flags::parse();
    let station = Station::start().await.context("no port is free for the server")?;
    let start = Instant::now();
    let say = move |what: &str| println!("{:6.1} s  {what}", start.elapsed().as_secs_f32());
    let listener = move |_: &String, event: &Event| {
        if let Event::Transition(transition) = event {
            let wait = transition.wait().map(|wait| format!(", a probe in {:?}", wait.as_duration()));
            say(&format!("  circuit: {} -> {}{}", transition.from(), transition.to(), wait.unwrap_or_default()));
        }
    };
    let circuit = guarded::circuit(StdClock::<1_000>::new(), listener).map_err(|error| anyhow!(error))?;
    // The channel's timeout is within the breaker, which so sees a server that is slow.
    let channel = Endpoint::from_shared(station.url())?.timeout(Duration::from_secs(1)).connect_lazy();
    let calls = client(channel, circuit.clone());
    println!("server at {}, asked five times a second. It will be in trouble. Ctrl-C ends.\n", station.url());

    tokio::select! {
        () = troubles(&station, say) => {}
        () = ask(calls, say) => {}
        () = end(flags.seconds) => {}
    }
    let (asked, spared) = (station.asked(), circuit.counts().rejected());
    println!("\nThe server was asked {asked} times and spared {spared} calls.");
    Ok(())
}

async fn troubles(station: &Station, say: impl Fn(&str)) {
    loop {
        for (mood, about) in [
            (Mood::Fine, "the server is fine"),
            (Mood::Refusing, "the server refuses calls: UNAVAILABLE in the head of the response"),
            (Mood::BreakingOff, "the server breaks off: UNAVAILABLE in the trailers, behind a message"),
        ] {
            say(about);
            station.set_mood(mood);
            sleep(Duration::from_secs(6)).await;
        }
    }
}

/// Asks again and again, and says so when the answer is another than before.
async fn ask(mut calls: HealthClient<Guarded>, say: impl Fn(&str)) {
    let mut before = None;
    loop {
        let answer = watch(&mut calls).await;
        let code = answer.as_ref().map_or_else(Status::code, |()| Code::Ok);
        let text = answer.map_or_else(|status| format!("{:?}: {}", status.code(), status.message()), |()| "Ok".into());
        // Of the time that is left, only the first is worth a line.
        let kind = (code, text.starts_with("Unavailable: not asked"));
        if before.replace(kind) != Some(kind) {
            say(&text);
        }
        sleep(Duration::from_millis(200)).await;
    }
}

/// A call whose answer is a stream, read to its end.
async fn watch(calls: &mut HealthClient<Guarded>) -> Result<(), Status> {
    let mut messages = calls.watch(HealthCheckRequest { service: String::new() }).await?.into_inner();
    while messages.message().await?.is_some() {}
    Ok(())
}

async fn end(seconds: Option<u64>) {
    let over = async {
        match seconds {
            Some(seconds) => sleep(Duration::from_secs(seconds)).await,
            None => pending().await,
        }
    };
    tokio::select! {
        () = over => {}
        // Where there is no such signal, only the time ends it.
        Ok(()) = tokio::signal::ctrl_c() => {}
    }
}
