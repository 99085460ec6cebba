//! Which circuit a request has, and what comes of it.

use std::error::Error as _;
use std::time::Duration;

use axum::http::StatusCode;
use fusebox::{Error as Guarded, Outcome, RejectReason, State};
use fusebox_std::http::{HttpStatus, RetryAfter};
use fusebox_std::reqwest::{CircuitBreakerMiddleware, rejected};
use fusebox_std::tower::CircuitBreakerLayer;
use fusebox_std::{CircuitBreakerSet, Handle};
use reqwest::{Request, Response};
use reqwest_middleware::{Error, Middleware};
use tower::{Layer, Service, ServiceExt};

use crate::upstream::Upstream;
use crate::{Clock, get, guarded, in_time, plain, set};

#[tokio::test]
async fn each_host_has_its_circuit_and_one_that_is_open_is_not_asked() {
    in_time(async {
        let (set, clock) = set();
        let client = guarded(CircuitBreakerMiddleware::by_host(set.clone()));
        let (bad, good) = (Upstream::start().await, Upstream::start().await);
        bad.says(503);
        for _ in 0..4 {
            assert_eq!(get(&client, &bad.url).await.unwrap(), 503);
        }
        for _ in 0..3 {
            let error = get(&client, &bad.url).await.unwrap_err();
            let found = rejected(&error).unwrap();
            assert_eq!((found.reason(), found.retry_after().unwrap().as_millis()), (RejectReason::Open, 10_000));
            let what = format!("a circuit breaker did not let a request to {} through", bad.key());
            assert_eq!((error.is_middleware(), error.to_string()), (true, what));
            assert_eq!(error.source().unwrap().to_string(), "circuit open, retry in 10000 ms");
        }
        assert_eq!(get(&client, &good.url).await.unwrap(), 200);
        assert_eq!((bad.asked(), good.asked()), (4, 1));
        assert_eq!(set.handle(bad.key()).unwrap().counts().rejected_open, 3);

        bad.says(200);
        clock.advance(Duration::from_secs(10));
        assert_eq!(get(&client, &bad.url).await.unwrap(), 200);
        assert_eq!((set.handle(bad.key()).unwrap().state(), set.len()), (State::Closed, 2));
    })
    .await;
}

#[tokio::test]
async fn an_upstream_may_say_how_long_to_stay_away() {
    in_time(async {
        let (set, _) = set();
        let hint = RetryAfter::up_to(Duration::from_secs(30));
        let client = guarded(CircuitBreakerMiddleware::by_host(set.clone()).wait_at_least(hint));
        let upstream = Upstream::start().await;
        upstream.says(429);
        for _ in 0..4 {
            assert_eq!(get(&client, &upstream.url).await.unwrap(), 429);
        }
        let left = set.handle(upstream.key()).unwrap().retry_after().unwrap();
        assert!((30..32).contains(&left.as_secs()), "{left:?}");
    })
    .await;
}

#[tokio::test]
async fn one_circuit_for_all_and_keys_and_classifiers_of_ones_own() {
    in_time(async {
        let (set, _) = set();
        let upstream = Upstream::start().await;
        upstream.says(404);
        let not_found = |result: &Result<Response, Error>| match result {
            Ok(response) if response.status() == StatusCode::NOT_FOUND => Outcome::Failure,
            _ => Outcome::Ignored,
        };
        let one = set.handle("all").unwrap();
        let client = guarded(CircuitBreakerMiddleware::new(one.clone()).classify(not_found));
        for path in ["a", "b", "c", "d"] {
            assert_eq!(get(&client, &format!("{}{path}", upstream.url)).await.unwrap(), 404);
        }
        assert_eq!(one.state(), State::Open);

        let by_path = |request: &Request| request.url().path().to_owned();
        let client = guarded(CircuitBreakerMiddleware::by(set.clone(), by_path));
        assert_eq!(get(&client, &format!("{}bolts", upstream.url)).await.unwrap(), 404);
        assert!(set.get("/bolts").is_some());
    })
    .await;
}

#[tokio::test]
async fn keys_are_hosts_and_ports() {
    let (set, _) = set();
    let client = guarded(CircuitBreakerMiddleware::by_host(set.clone()));
    set.handle("inventory.example:80").unwrap().force_open();
    set.handle("inventory.example:443").unwrap().force_open();
    set.handle("[::1]:8080").unwrap().force_open();
    for url in ["http://inventory.example/a?b", "https://me:secret@Inventory.Example:443/", "http://[::1]:8080/"] {
        assert!(rejected(&get(&client, url).await.unwrap_err()).is_some(), "{url}");
    }
    assert_eq!(set.len(), 3);
}

#[tokio::test]
async fn a_plain_client_is_guarded_by_a_handle_or_a_tower_layer() {
    in_time(async {
        let (set, _) = set();
        let upstream = Upstream::start().await;
        upstream.says(500);
        let circuit: Handle<String, Clock> = set.handle("handle").unwrap();
        for _ in 0..4 {
            let response = circuit.call_async_with(HttpStatus, || plain().get(&upstream.url).send()).await.unwrap();
            assert_eq!(response.status(), 500);
        }
        assert_eq!(circuit.state(), State::Open);

        let layer = CircuitBreakerLayer::new(set.handle("tower").unwrap()).classify(HttpStatus);
        let mut service = layer.layer(plain());
        let mut ask = async || {
            let request = plain().get(&upstream.url).build().unwrap();
            service.ready().await.unwrap().call(request).await
        };
        for _ in 0..4 {
            assert_eq!(ask().await.unwrap().status(), 500);
        }
        let refused: Result<Response, Guarded<reqwest::Error>> = ask().await;
        assert!(matches!(refused, Err(Guarded::Rejected(rejected)) if rejected.reason() == RejectReason::Open));
    })
    .await;
}

#[test]
fn a_middleware_is_for_clients_everywhere() {
    fn is_middleware(middleware: impl Middleware + Clone) {
        drop(middleware);
    }
    let set = CircuitBreakerSet::<String>::new();
    is_middleware(CircuitBreakerMiddleware::by_host(set.clone()));
    is_middleware(CircuitBreakerMiddleware::new(set.handle("all").unwrap()));
}
