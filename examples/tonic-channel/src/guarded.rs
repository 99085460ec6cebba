//! A client whose channel is guarded.

use std::time::Duration;

use fusebox::policy::MaxFailures;
use fusebox::{Listener, Rejected, Settings};
use fusebox_std::http::{GrpcStatus, RetryAfter};
use fusebox_std::tower::CircuitBreakerLayer;
use fusebox_std::{CircuitBreakerSet, Handle, Uptime};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tonic::transport::{Channel, Error};
use tonic_health::pb::health_client::HealthClient;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, ServiceBuilder};

/// A channel with a circuit breaker around it. Where no field has to hold it, it need not be boxed.
pub type Guarded = BoxCloneSyncService<Request<Body>, Response<Body>, Error>;

/// A server that fails four times in 10 s is left alone for 3 s; twice as long whenever the probe fails, up to 6 s.
///
/// # Errors
/// If the clock cannot measure that.
pub fn circuit<C, L>(clock: C, listener: L) -> Result<Handle<String, C, MaxFailures<3>, L>, BoxError>
where
    C: Uptime + Clone,
    L: Listener<String>,
{
    let settings = Settings::builder()
        .max_failures(3, Duration::from_secs(10))
        .wait(Duration::from_secs(3))
        .backoff_cap(Duration::from_secs(6))
        .build()?;
    let servers = CircuitBreakerSet::<String>::builder().clock(clock, settings).listener(listener).build()?;
    Ok(servers.handle("station")?)
}

/// A client that asks through this circuit.
pub fn client<C, L>(channel: Channel, circuit: Handle<String, C, MaxFailures<3>, L>) -> HealthClient<Guarded>
where
    C: Uptime + Clone + Send + Sync + 'static,
    L: Listener<String> + Send + Sync + 'static,
{
    let breaker = CircuitBreakerLayer::new(circuit)
        .classify(GrpcStatus)
        // Most calls tell how they went behind the body.
        .until_end(GrpcStatus)
        // A server that says when to come back is believed, within limits.
        .wait_at_least(RetryAfter::up_to(Duration::from_secs(60)))
        .on_open(unavailable);
    let guarded = ServiceBuilder::new().map_response(|response: Response<_>| response.map(Body::new)).layer(breaker);
    HealthClient::new(BoxCloneSyncService::new(guarded.service(channel)))
}

/// What callers get while the circuit is open: the status that a server which is gone would have.
fn unavailable(rejected: Rejected, _: Request<Body>) -> Response<Body> {
    let mut status = Status::unavailable(format!("not asked: {rejected}"));
    if let Some(left) = rejected.retry_after() {
        status.metadata_mut().insert("grpc-retry-pushback-ms", left.as_millis().into());
    }
    status.into_http()
}
