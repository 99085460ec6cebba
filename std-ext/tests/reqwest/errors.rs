//! Requests without a response.

use std::error::Error as _;
use std::time::Duration;

use axum::http::Extensions;
use fusebox::{RejectReason, State};
use fusebox_std::reqwest::{CircuitBreakerMiddleware, rejected};
use reqwest::{Request, Response};
use reqwest_middleware::{ClientBuilder, Error, Middleware, Next};
use reqwest_retry::RetryTransientMiddleware;
use reqwest_retry::policies::ExponentialBackoff;
use tokio::net::TcpListener;

use crate::upstream::Upstream;
use crate::{get, guarded, in_time, plain, set};

#[tokio::test]
async fn errors_count_and_requests_that_could_not_be_sent_do_not() {
    in_time(async {
        let (set, _) = set();
        let circuit = set.handle("all").unwrap();
        let client = guarded(CircuitBreakerMiddleware::new(circuit.clone()));
        let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        assert!(get(&client, &format!("http://{nobody}/")).await.unwrap_err().is_connect());
        assert_eq!((circuit.counts().failures, circuit.counts().ignored), (1, 0));
        // Nothing speaks that.
        assert!(get(&client, "gopher://inventory/").await.unwrap_err().source().is_some());
        assert_eq!((circuit.counts().failures, circuit.counts().ignored), (1, 1));

        let upstream = Upstream::start().await;
        upstream.says(0);
        let slow = client.get(&upstream.url).timeout(Duration::from_millis(20)).send().await;
        assert!(slow.unwrap_err().is_timeout());
        assert_eq!((circuit.counts().failures, circuit.counts().abandoned), (2, 0));
    })
    .await;
}

#[tokio::test]
async fn x03_y07_a_request_that_is_dropped_is_abandoned() {
    in_time(async {
        let (set, clock) = set();
        let upstream = Upstream::start().await;
        upstream.says(0);
        let circuit = set.handle(upstream.key()).unwrap();
        let client = guarded(CircuitBreakerMiddleware::by_host(set));
        let drop_after = async |time| {
            let (client, url) = (client.clone(), upstream.url.clone());
            let request = tokio::spawn(async move { get(&client, &url).await });
            upstream.arrived.notified().await;
            clock.advance(Duration::from_millis(time));
            request.abort();
            assert!(request.await.is_err_and(|error| error.is_cancelled()));
        };
        circuit.open();
        clock.advance(Duration::from_secs(10));
        drop_after(999).await;
        assert_eq!((circuit.state(), circuit.counts().abandoned), (State::HalfOpen, 1));
        drop_after(1_000).await;
        assert_eq!((circuit.state(), circuit.counts().abandoned), (State::Open, 2));
    })
    .await;
}

/// Does something other than to send the request.
enum Instead {
    Panic,
    Wrap,
}

/// An error in place of another, as that of `reqwest-retry`.
#[derive(Debug)]
struct Wrapped(Error);

impl std::fmt::Display for Wrapped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Wrapped {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

#[async_trait::async_trait]
impl Middleware for Instead {
    async fn handle(&self, request: Request, extensions: &mut Extensions, next: Next<'_>) -> Result<Response, Error> {
        match self {
            Self::Panic => panic!("a middleware that panics"),
            Self::Wrap => next.run(request, extensions).await.map_err(|error| Error::middleware(Wrapped(error))),
        }
    }
}

#[tokio::test]
async fn x04_a_middleware_that_panics_has_failed() {
    let (set, _) = set();
    let circuit = set.handle("all").unwrap();
    let client =
        ClientBuilder::new(plain()).with(CircuitBreakerMiddleware::new(circuit.clone())).with(Instead::Panic).build();
    let task = tokio::spawn(async move { get(&client, "http://127.0.0.1:9/").await });
    assert!(task.await.is_err_and(|error| error.is_panic()));
    assert_eq!((circuit.counts().failures, circuit.counts().abandoned), (1, 0));
}

#[tokio::test]
async fn x13_a_rejection_is_found_in_other_errors_and_does_not_count_for_an_outer_circuit() {
    let (set, _) = set();
    let (outer, inner) = (set.handle("outer").unwrap(), set.handle("inner").unwrap());
    let client = ClientBuilder::new(plain())
        .with(CircuitBreakerMiddleware::new(outer.clone()))
        .with(Instead::Wrap)
        .with(CircuitBreakerMiddleware::new(inner.clone()))
        .build();
    inner.force_open();
    outer.open();
    assert!(outer.half_open());
    for _ in 0..3 {
        let error = get(&client, "http://127.0.0.1:9/").await.unwrap_err();
        assert_eq!(rejected(&error).map(|rejected| rejected.reason()), Some(RejectReason::ForcedOpen));
    }
    assert_eq!((outer.state(), outer.counts().ignored), (State::HalfOpen, 3));
}

#[tokio::test]
async fn a_rejection_ends_the_attempts_of_a_retry_outside() {
    in_time(async {
        let (set, _) = set();
        let upstream = Upstream::start().await;
        upstream.says(503);
        let (least, most) = (Duration::from_millis(1), Duration::from_millis(2));
        let ten_times = ExponentialBackoff::builder().retry_bounds(least, most).build_with_max_retries(10);
        let client = ClientBuilder::new(plain())
            .with(RetryTransientMiddleware::new_with_policy(ten_times))
            .with(CircuitBreakerMiddleware::by_host(set.clone()))
            .build();
        // The circuit opens at the fourth attempt, and the fifth is the last: first after retries, then without any.
        for rejections in 1..=2 {
            let error = get(&client, &upstream.url).await.unwrap_err();
            assert_eq!(rejected(&error).map(|rejected| rejected.reason()), Some(RejectReason::Open), "{error:?}");
            let counts = set.handle(upstream.key()).unwrap().counts();
            assert_eq!((upstream.asked(), counts.rejected_open), (4, rejections));
        }
    })
    .await;
}
