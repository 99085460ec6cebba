//! A guarded client and a server, on sockets.

use std::future::Future;
use std::time::Duration;

use fusebox::State;
use fusebox::clock::ManualClock;
use fusebox_std::tower::CircuitBreakerLayer;
use fusebox_tonic_channel::guarded::{self, Guarded};
use fusebox_tonic_channel::{Mood, Station, client};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tonic::transport::Endpoint;
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tower::Layer;

const PATIENCE: Duration = Duration::from_secs(20);

type Clock = &'static ManualClock<1_000>;
type Circuit = fusebox_std::Handle<String, Clock>;

async fn start() -> (Clock, Station, Circuit, HealthClient<Guarded>) {
    let clock: Clock = Box::leak(Box::new(ManualClock::new()));
    let station = Station::start().await.unwrap();
    let circuit = guarded::circuit(clock, ()).unwrap();
    let channel = Endpoint::from_shared(station.url()).unwrap().connect_lazy();
    (clock, station, circuit.clone(), client(channel, circuit))
}

async fn patiently<T>(call: impl Future<Output = T>) -> T {
    timeout(PATIENCE, call).await.expect("no answer within 20 s")
}

/// A call with one answer.
async fn check(calls: &mut HealthClient<Guarded>) -> Result<(), Status> {
    patiently(calls.check(HealthCheckRequest::default())).await.map(|_| ())
}

/// A call whose answer is a stream. Gives back how many messages came before it ended.
async fn watch(calls: &mut HealthClient<Guarded>) -> (usize, Result<(), Status>) {
    let mut messages = match patiently(calls.watch(HealthCheckRequest::default())).await {
        Ok(response) => response.into_inner(),
        Err(status) => return (0, Err(status)),
    };
    let mut count = 0;
    loop {
        match patiently(messages.message()).await {
            Ok(Some(_)) => count += 1,
            Ok(None) => return (count, Ok(())),
            Err(status) => return (count, Err(status)),
        }
    }
}

#[tokio::test]
async fn a_server_that_refuses_is_left_alone_until_it_recovers() {
    let (clock, station, circuit, mut calls) = start().await;
    assert!(check(&mut calls).await.is_ok());
    station.set_mood(Mood::Refusing);
    for _ in 0..4 {
        let status = check(&mut calls).await.unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::Unavailable, "the station is being serviced"));
    }
    assert_eq!((circuit.state(), station.asked()), (State::Open, 5));

    clock.advance(Duration::from_millis(500));
    let status = check(&mut calls).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::Unavailable, "not asked: circuit open, retry in 2500 ms"));
    assert_eq!(status.metadata().get("grpc-retry-pushback-ms").unwrap(), "2500");
    assert_eq!((station.asked(), circuit.counts().rejected_open), (5, 1));

    clock.advance(Duration::from_millis(2_500));
    assert!(check(&mut calls).await.is_err(), "the probe reached the server, which still refuses");
    assert_eq!((station.asked(), circuit.retry_after()), (6, Some(Duration::from_secs(6))));
    station.set_mood(Mood::Fine);
    clock.advance(Duration::from_secs(6));
    assert!(check(&mut calls).await.is_ok());
    assert_eq!((circuit.state(), station.asked()), (State::Closed, 7));
}

#[tokio::test]
async fn a_stream_that_breaks_off_counts_by_its_trailers() {
    let (clock, station, circuit, mut calls) = start().await;
    assert!(matches!(watch(&mut calls).await, (1, Ok(()))));
    station.set_mood(Mood::BreakingOff);
    for _ in 0..4 {
        let (messages, ended) = watch(&mut calls).await;
        assert_eq!((messages, ended.unwrap_err().message()), (1, "the station lost its power"));
    }
    assert_eq!((circuit.state(), circuit.counts().failures), (State::Open, 4));
    let (messages, ended) = watch(&mut calls).await;
    assert_eq!((messages, ended.unwrap_err().message()), (0, "not asked: circuit open, retry in 3000 ms"));
    assert_eq!(station.asked(), 5);

    // The probe is under way until its stream has ended.
    station.set_mood(Mood::Fine);
    clock.advance(Duration::from_secs(3));
    let probe = patiently(calls.watch(HealthCheckRequest::default())).await.unwrap();
    assert_eq!(circuit.state(), State::HalfOpen);
    let mut messages = probe.into_inner();
    assert!(patiently(messages.message()).await.unwrap().is_some());
    assert!(patiently(messages.message()).await.unwrap().is_none());
    assert_eq!(circuit.state(), State::Closed);
}

#[tokio::test]
async fn a_server_that_is_gone_counts_too() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let circuit = guarded::circuit(Box::leak(Box::new(ManualClock::<1_000>::new())) as Clock, ()).unwrap();
    let channel = Endpoint::from_shared(format!("http://{gone}")).unwrap().connect_lazy();
    let mut calls = client(channel, circuit.clone());
    for _ in 0..4 {
        assert!(check(&mut calls).await.is_err());
    }
    let status = check(&mut calls).await.unwrap_err();
    assert!(status.message().starts_with("not asked: circuit open"), "{status}");
}

#[test]
fn the_program_runs_for_a_time_and_says_what_happens() {
    let program = env!("CARGO_BIN_EXE_fusebox-tonic-channel");
    let run = duct::cmd!(program, "--for", "1").stdout_capture().stderr_capture().unchecked().start().unwrap();
    let output = run.wait_timeout(PATIENCE).unwrap().expect("it did not end within 20 s");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("the server is fine") && text.contains("s  Ok"), "{text}");
    assert!(text.contains("times and spared 0 calls"), "{text}");
}

#[tokio::test]
async fn without_a_response_of_its_own_a_rejection_is_an_unknown_error() {
    let circuit = guarded::circuit(Box::leak(Box::new(ManualClock::<1_000>::new())) as Clock, ()).unwrap();
    circuit.open();
    let channel = Endpoint::from_static("http://127.0.0.1:1").connect_lazy();
    let mut calls = HealthClient::new(CircuitBreakerLayer::new(circuit).layer(channel));
    let status = patiently(calls.check(HealthCheckRequest::default())).await.unwrap_err();
    assert_eq!(status.code(), Code::Unknown, "as docs/tonic.md says");
}
