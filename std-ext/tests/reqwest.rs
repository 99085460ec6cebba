//! The middleware for reqwest, before a real server on the loopback interface.
#![cfg(feature = "reqwest")]

use std::error::Error as _;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use axum::Router;
use axum::extract::State as Shared;
use axum::http::{Extensions, StatusCode};
use fusebox::clock::ManualClock;
use fusebox::policy::MaxFailures;
use fusebox::{Error as Guarded, Outcome, RejectReason, Rejected, Settings, State};
use fusebox_std::http::{HttpStatus, RetryAfter};
use fusebox_std::reqwest::{CircuitBreakerMiddleware, rejected};
use fusebox_std::tower::CircuitBreakerLayer;
use fusebox_std::{CircuitBreakerSet, Handle};
use reqwest::{Client, Request, Response};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Error, Middleware, Next};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tower::{Layer, Service, ServiceExt};

type Clock = &'static ManualClock<1_000>;
type Set = CircuitBreakerSet<String, Clock, MaxFailures<3>>;

/// A test that hangs fails.
async fn in_time<T>(test: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), test).await.expect("it takes too long")
}

fn set() -> (Set, Clock) {
    let clock: Clock = Box::leak(Box::new(ManualClock::new()));
    (CircuitBreakerSet::builder().clock(clock, Settings::DEFAULT).build().unwrap(), clock)
}

/// A server that answers with a status, or with 0 not at all.
struct Upstream {
    status: AtomicU16,
    asked: AtomicU32,
    arrived: Notify,
    url: String,
}

impl Upstream {
    async fn start() -> Arc<Self> {
        async fn answer(Shared(upstream): Shared<Arc<Upstream>>) -> (StatusCode, [(&'static str, &'static str); 1]) {
            upstream.asked.fetch_add(1, SeqCst);
            upstream.arrived.notify_one();
            match upstream.status.load(SeqCst) {
                0 => std::future::pending().await,
                status => (StatusCode::from_u16(status).unwrap(), [("retry-after", "40")]),
            }
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let upstream = Arc::new(Self { status: 200.into(), asked: 0.into(), arrived: Notify::new(), url });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&upstream));
        tokio::spawn(async move { axum::serve(listener, router).await });
        upstream
    }

    fn says(&self, status: u16) {
        self.status.store(status, SeqCst);
    }

    fn asked(&self) -> u32 {
        self.asked.load(SeqCst)
    }

    fn key(&self) -> &str {
        self.url.trim_start_matches("http://").trim_end_matches('/')
    }
}

fn plain() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

fn guarded(middleware: impl Middleware) -> ClientWithMiddleware {
    ClientBuilder::new(plain()).with(middleware).build()
}

async fn get(client: &ClientWithMiddleware, url: &str) -> Result<u16, Error> {
    client.get(url).send().await.map(|response| response.status().as_u16())
}

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
    let _: fn(&Error) -> Option<Rejected> = rejected;
    is_middleware(CircuitBreakerMiddleware::by_host(set.clone()));
    is_middleware(CircuitBreakerMiddleware::new(set.handle("all").unwrap()));
}
