//! The server that this example is about: it asks an upstream for what it is asked.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Request, Response, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use fusebox::policy::MaxFailures;
use fusebox::{Listener, Rejected, Settings};
use fusebox_std::http::HttpStatus;
use fusebox_std::tower::CircuitBreakerLayer;
use fusebox_std::{CircuitBreakerSet, StdClock, Uptime};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, ServiceBuilder, ServiceExt};

use crate::Warehouses;

/// A circuit per warehouse.
pub type Circuits<C = StdClock, L = ()> = CircuitBreakerSet<String, C, MaxFailures<3>, L>;

/// A warehouse that fails four times in 10 s is left alone for 3 s; twice as long whenever the probe fails, up to 6 s.
///
/// # Errors
/// If the clock cannot measure that.
pub fn circuits<C, L>(clock: C, listener: L) -> Result<Circuits<C, L>, BoxError>
where
    C: Uptime + Clone,
    L: Listener<String>,
{
    let settings = Settings::builder()
        .max_failures(3, Duration::from_secs(10))
        .wait(Duration::from_secs(3))
        .backoff_cap(Duration::from_secs(6))
        .build()?;
    Ok(CircuitBreakerSet::<String>::builder().clock(clock, settings).listener(listener).build()?)
}

/// `GET /stock/WAREHOUSE`, answered by asking the upstream.
pub fn shop<C, L>(upstream: SocketAddr, circuits: Circuits<C, L>) -> Router
where
    C: Uptime + Clone + Send + Sync + 'static,
    L: Listener<String> + Send + Sync + 'static,
{
    let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
    let breaker = CircuitBreakerLayer::by(circuits, warehouse).classify(HttpStatus).on_open(unavailable);
    let guarded = ServiceBuilder::new()
        .layer(breaker)
        // Inside, so that the breaker sees a slow upstream fail.
        .timeout(Duration::from_secs(1))
        .map_response(|response: Response<_>| response.map(Body::new))
        .service(client);
    let upstream = Upstream { address: upstream, client: BoxCloneSyncService::new(guarded) };
    Router::new().route("/stock/{warehouse}", get(stock)).with_state(upstream)
}

/// What a handler needs to ask the upstream.
#[derive(Clone)]
struct Upstream {
    address: SocketAddr,
    client: BoxCloneSyncService<Request<Body>, Response<Body>, BoxError>,
}

async fn stock(State(upstream): State<Upstream>, Path(warehouse): Path<String>) -> Result<Response<Body>, Failure> {
    // Made-up names would each get a circuit.
    if !Warehouses::NAMES.contains(&warehouse.as_str()) {
        return Err(Failure(StatusCode::NOT_FOUND, format!("there is no warehouse {warehouse:?}\n")));
    }
    let bad_gateway =
        |error: BoxError| Failure(StatusCode::BAD_GATEWAY, format!("the warehouse gave no answer: {error}\n"));
    let request = Request::get(format!("http://{}/{warehouse}", upstream.address)).body(Body::empty());
    let response = upstream.client.oneshot(request.map_err(|error| bad_gateway(error.into()))?).await;
    let response = response.map_err(bad_gateway)?;
    if response.status() == StatusCode::INTERNAL_SERVER_ERROR {
        return Err(bad_gateway("it is broken".into()));
    }
    Ok(response)
}

struct Failure(StatusCode, String);

impl IntoResponse for Failure {
    fn into_response(self) -> Response<Body> {
        (self.0, self.1).into_response()
    }
}

/// The key of a request's circuit.
fn warehouse(request: &Request<Body>) -> String {
    request.uri().path().trim_start_matches('/').to_owned()
}

/// What is answered while a circuit is open.
fn unavailable(rejected: Rejected, _: Request<Body>) -> Response<Body> {
    let mut response = (StatusCode::SERVICE_UNAVAILABLE, format!("not asked: {rejected}\n")).into_response();
    if let Some(left) = rejected.retry_after() {
        // In whole seconds, and never 0: whoever comes back too early is rejected again.
        let seconds = left.as_millis().div_ceil(1_000).max(1);
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}
