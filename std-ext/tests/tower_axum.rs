//! A layer before axum's routes.
#![cfg(all(feature = "tower", feature = "http", feature = "tokio"))]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use axum::routing::get;
use fusebox::{Rejected, Settings, State};
use fusebox_std::http::HttpStatus;
use fusebox_std::tower::CircuitBreakerLayer;
use fusebox_std::{CircuitBreakerSet, Counts, TokioClock};
use tokio::time::timeout;
use tower::{Layer, ServiceExt};

type Clock = TokioClock<1_000>;

fn set() -> CircuitBreakerSet<String, Clock> {
    CircuitBreakerSet::builder().clock(Clock::new(), Settings::DEFAULT).counts(Counts::All).build().unwrap()
}

/// An upstream that fails and counts.
fn broken(asked: &Arc<AtomicU32>) -> axum::routing::MethodRouter {
    let asked = Arc::clone(asked);
    get(move || {
        asked.fetch_add(1, SeqCst);
        async { StatusCode::BAD_GATEWAY }
    })
}

/// A request without an answer fails.
async fn in_time<T>(answer: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(60), answer).await.expect("there is no answer")
}

async fn ask(router: &Router, path: &str) -> StatusCode {
    let request = Request::get(path).body(Body::empty()).unwrap();
    in_time(router.clone().oneshot(request)).await.unwrap().status()
}

fn unavailable(_: Rejected, _: Request<Body>) -> Response<Body> {
    Response::builder().status(StatusCode::SERVICE_UNAVAILABLE).body(Body::empty()).unwrap_or_default()
}

/// axum clones routers for each request and connection, and applies a layer to each route.
#[tokio::test(start_paused = true)]
async fn all_services_of_a_layer_that_axum_applies_again_and_again_share_its_circuit() {
    for by_route in [false, true] {
        let (circuit, asked) = (set().handle("upstream").unwrap(), Arc::new(AtomicU32::new(0)));
        let layer = CircuitBreakerLayer::new(circuit.clone()).classify(HttpStatus).on_open(unavailable);
        let router = Router::new().route("/bolts", broken(&asked)).route("/nuts", broken(&asked));
        let router = if by_route { router.route_layer(layer) } else { router.layer(layer) };
        for path in ["/bolts", "/nuts", "/bolts", "/nuts"] {
            assert_eq!((circuit.state(), ask(&router, path).await), (State::Closed, StatusCode::BAD_GATEWAY));
        }
        for path in ["/bolts", "/nuts"] {
            assert_eq!(ask(&router, path).await, StatusCode::SERVICE_UNAVAILABLE);
        }
        assert_eq!((circuit.state(), asked.load(SeqCst)), (State::Open, 4));
    }
}

#[tokio::test(start_paused = true)]
async fn a_layer_by_key_that_is_applied_per_request_has_one_set() {
    let asked = Arc::new(AtomicU32::new(0));
    let set = set();
    let layer = CircuitBreakerLayer::by(set.clone(), |request: &Request<Body>| request.uri().path().to_owned())
        .classify(HttpStatus)
        .on_open(unavailable);
    let router = Router::new().route("/bolts", broken(&asked)).route("/nuts", broken(&asked));
    // A layer, and a service, for each request.
    let ask = async |path| {
        let service = layer.layer(router.clone());
        in_time(service.oneshot(Request::get(path).body(Body::empty()).unwrap())).await.unwrap().status()
    };
    for _ in 0..4 {
        assert_eq!(ask("/bolts").await, StatusCode::BAD_GATEWAY);
    }
    assert_eq!(ask("/bolts").await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ask("/nuts").await, StatusCode::BAD_GATEWAY);
    assert_eq!((set.len(), asked.load(SeqCst)), (2, 5));
}

#[tokio::test(start_paused = true)]
async fn a_layer_that_waits_for_the_end_of_bodies_goes_before_routes() {
    let circuit = set().handle("upstream").unwrap();
    let layer =
        CircuitBreakerLayer::new(circuit.clone()).classify(HttpStatus).on_open(unavailable).until_end(HttpStatus);
    let router = Router::new().route("/bolts", get(|| async { "7 in stock" })).layer(layer);
    let ask = async || {
        let request = Request::get("/bolts").body(Body::empty()).unwrap();
        in_time(router.clone().oneshot(request)).await.unwrap()
    };
    let response = ask().await;
    assert_eq!((response.status(), circuit.counts().successes), (StatusCode::OK, 0));
    let body = axum::body::to_bytes(response.into_body(), 100).await.unwrap();
    assert_eq!((body.as_ref(), circuit.counts().successes), (&b"7 in stock"[..], 1));
    circuit.open();
    assert_eq!(ask().await.status(), StatusCode::SERVICE_UNAVAILABLE);
}
