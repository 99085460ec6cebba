//! Upstreams that say how long to stay away, and those that are too busy.
#![cfg(all(feature = "tower", feature = "http", feature = "tokio"))]

use std::convert::Infallible;
use std::time::Duration;

use fusebox::policy::{CountWindow, Rates, TripPolicy};
use fusebox::{Cause, Outcome, Settings, State, TripReason};
use fusebox_std::http::{GrpcStatus, HttpStatus, RetryAfter};
use fusebox_std::tower::CircuitBreakerLayer;
use fusebox_std::{CircuitBreakerSet, Handle, TokioClock};
use http::{HeaderMap, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Empty, Full};
use tokio::time::advance;
use tower::{Layer, Service, ServiceExt, service_fn};

type Clock = TokioClock<1_000>;
type Circuit<P = fusebox::policy::MaxFailures<3>> = Handle<&'static str, Clock, P>;
type Bytes = &'static [u8];

fn circuit<P: TripPolicy>(settings: Settings<Clock, P>) -> Circuit<P> {
    let set = CircuitBreakerSet::<&'static str>::builder().clock(Clock::new(), settings).build().unwrap();
    set.handle(&"upstream").unwrap()
}

const UP_TO_A_MINUTE: RetryAfter = RetryAfter::up_to(Duration::from_secs(60));

fn left(circuit: &Circuit) -> u64 {
    circuit.retry_after().map_or(0, |left| left.as_secs())
}

fn busy(status: u16, header: &'static str, value: &'static str) -> Response<Empty<Bytes>> {
    Response::builder().status(status).header(header, value).body(Empty::new()).unwrap()
}

/// A service that answers with the response it is asked for.
async fn call<S: Service<R, Response = O, Error: std::fmt::Debug>, R, O>(service: &mut S, request: R) -> O {
    service.ready().await.unwrap().call(request).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_open_circuit_waits_as_long_as_a_failure_asked_for() {
    let circuit = circuit(Settings::DEFAULT);
    let echo = service_fn(|response: Response<Empty<Bytes>>| async { Ok::<_, Infallible>(response) });
    let layer = CircuitBreakerLayer::new(circuit.clone()).classify(HttpStatus).wait_at_least(UP_TO_A_MINUTE);
    let mut service = layer.layer(echo);
    for _ in 0..3 {
        call(&mut service, busy(503, "retry-after", "40")).await;
    }
    // It says how long to wait, not whether to.
    assert_eq!((circuit.state(), left(&circuit)), (State::Closed, 0));
    call(&mut service, busy(503, "retry-after", "40")).await;
    assert_eq!(circuit.state(), State::Open);
    assert!((40..42).contains(&left(&circuit)), "{}", left(&circuit));
    advance(Duration::from_secs(39)).await;
    assert!(service.ready().await.unwrap().call(busy(200, "x", "y")).await.is_err());

    advance(Duration::from_secs(5)).await;
    call(&mut service, busy(429, "retry-after", "1000000")).await;
    assert!((60..63).contains(&left(&circuit)), "{}", left(&circuit));
    advance(Duration::from_secs(65)).await;
    // The usual wait is longer than what is asked for.
    call(&mut service, busy(503, "retry-after", "1")).await;
    assert_eq!(left(&circuit), 10);
}

#[tokio::test(start_paused = true)]
async fn who_did_not_fail_does_not_say_how_long_to_stay_away() {
    let circuit = circuit(Settings::DEFAULT);
    let echo = service_fn(|response: Response<Empty<Bytes>>| async {
        tokio::time::sleep(Duration::from_millis(1)).await;
        Ok::<_, Infallible>(response)
    });
    let layer = CircuitBreakerLayer::new(circuit.clone()).classify(HttpStatus).wait_at_least(UP_TO_A_MINUTE);
    let mut service = layer.layer(echo);
    let straggler = service.ready().await.unwrap().call(busy(301, "retry-after", "40"));
    let failed = service.ready().await.unwrap().call(busy(500, "retry-after", "40"));
    circuit.open();
    straggler.await.unwrap();
    assert_eq!(left(&circuit), 9);
    // A straggler that failed changes no state, and yet knows better.
    failed.await.unwrap();
    assert!((40..42).contains(&left(&circuit)), "{}", left(&circuit));
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_what_the_clock_can_measure_is_as_long_as_it_can() {
    let circuit = circuit(Settings::DEFAULT);
    let forever = |_: &Result<(), &str>| Some(Duration::MAX);
    let layer = CircuitBreakerLayer::new(circuit.clone()).wait_at_least(forever);
    let mut service = layer.layer(service_fn(|()| async { Err::<(), _>("busy") }));
    for _ in 0..4 {
        assert!(service.ready().await.unwrap().call(()).await.is_err());
    }
    assert!(left(&circuit) > 24 * 86_400, "{}", left(&circuit));
}

#[tokio::test(start_paused = true)]
async fn the_trailers_of_grpc_say_how_long_to_stay_away() {
    let circuit = circuit(Settings::DEFAULT);
    let layer = CircuitBreakerLayer::new(circuit.clone())
        .classify(GrpcStatus)
        .until_end(GrpcStatus)
        .wait_at_least(UP_TO_A_MINUTE);
    let mut service = layer.layer(service_fn(|trailers: HeaderMap| async {
        let body = Full::new(&b"data"[..]).with_trailers(async { Some(Ok(trailers)) });
        Ok::<_, Infallible>(Response::new(Box::pin(body)))
    }));
    for _ in 0..4 {
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", 14.into());
        trailers.insert("grpc-retry-pushback-ms", 40_000.into());
        let response = call(&mut service, trailers).await;
        assert!(!response.body().is_end_stream());
        response.into_body().collect().await.unwrap();
    }
    assert_eq!(circuit.state(), State::Open);
    assert!((40..42).contains(&left(&circuit)), "{}", left(&circuit));
}

/// Half of ten calls may fail, no more.
fn rate() -> Circuit<CountWindow> {
    circuit(Settings::builder().count_window(10, Rates::failures(50).min_calls(10)).build().unwrap())
}

async fn answer_all(circuit: &Circuit<CountWindow>, responses: impl IntoIterator<Item = Response<Empty<Bytes>>>) {
    let layer = CircuitBreakerLayer::new(circuit.clone()).classify(GrpcStatus);
    let mut service =
        layer.layer(service_fn(|response: Response<Empty<Bytes>>| async { Ok::<_, Infallible>(response) }));
    for response in responses {
        call(&mut service, response).await;
    }
}

fn too_busy() -> [Response<Empty<Bytes>>; 2] {
    [busy(429, "x", "y"), busy(200, "grpc-status", "8")]
}

#[tokio::test(start_paused = true)]
async fn too_many_requests_and_resource_exhausted_count_for_the_rate() {
    for which in 0..2 {
        let circuit = rate();
        let busy = || too_busy().into_iter().nth(which).unwrap();
        answer_all(&circuit, (0..5).map(|_| Response::new(Empty::new()))).await;
        answer_all(&circuit, (0..4).map(|_| busy())).await;
        assert_eq!((circuit.state(), circuit.tally().failures), (State::Closed, 4));
        answer_all(&circuit, [busy()]).await;
        assert_eq!(circuit.state(), State::Open);
        let Some(Cause::Tripped(trip)) = circuit.explain().cause else { panic!("it tripped") };
        assert_eq!((trip.reason(), trip.failures(), trip.calls()), (TripReason::FailureRate, 5, 10));
    }
}

#[tokio::test(start_paused = true)]
async fn too_many_requests_and_resource_exhausted_fail_a_probe() {
    for busy in too_busy() {
        let circuit = rate();
        circuit.open();
        advance(Duration::from_secs(10)).await;
        answer_all(&circuit, [busy]).await;
        assert_eq!(circuit.state(), State::Open);
        let Some(Cause::ProbesFailed(trip)) = circuit.explain().cause else { panic!("a probe failed") };
        assert_eq!(trip.reason(), TripReason::Probe);
    }
}

#[tokio::test(start_paused = true)]
async fn with_a_classifier_of_ones_own_too_many_requests_need_not_count() {
    let circuit = circuit(Settings::DEFAULT);
    let judge = |result: &Result<Response<Empty<Bytes>>, Infallible>| match result {
        Ok(response) if response.status() == StatusCode::TOO_MANY_REQUESTS => Outcome::Ignored,
        Ok(response) => HttpStatus::judge(response.status()),
        Err(_) => Outcome::Failure,
    };
    let layer = CircuitBreakerLayer::new(circuit.clone()).classify(judge);
    let mut service =
        layer.layer(service_fn(|response: Response<Empty<Bytes>>| async { Ok::<_, Infallible>(response) }));
    for _ in 0..100 {
        call(&mut service, busy(429, "x", "y")).await;
    }
    assert_eq!((circuit.state(), circuit.counts().ignored), (State::Closed, 100));
}
