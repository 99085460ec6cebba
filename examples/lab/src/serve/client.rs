//! The client: calls peers through their circuits and counts what comes of it.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use fusebox::{Error, Outcome};
use fusebox_std::Uptime;
use fusebox_std::tower::CircuitBreakerLayer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::timeout::TimeoutLayer;
use tower::timeout::error::Elapsed;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, ServiceBuilder, ServiceExt, service_fn};

use super::clock::TraceClock;
use super::guards::{Guards, Timed};
use super::peer::{ANSWER, QUESTION};
use super::totals::{End, Totals};

/// How long a call may take, in the trace's time, and at the least on a wall clock: an answer from the same machine takes
/// a fraction of a millisecond, and more when others use it too.
const TIMEOUT: Duration = Duration::from_secs(1);
const LEAST_TIMEOUT: Duration = Duration::from_millis(100);

/// What is asked of the service: to call this peer, which listens here.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) peer: String,
    pub(crate) address: SocketAddr,
}

/// Calls peers, each through its circuit.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    service: BoxCloneSyncService<Call, (), Error<BoxError>>,
    clock: TraceClock,
    totals: Arc<Totals>,
    timed: Arc<HashMap<String, Timed>>,
}

impl Client {
    pub(crate) fn new(guards: &Guards, clock: TraceClock, totals: Arc<Totals>) -> Self {
        let by_peer = |call: &Call| call.peer.clone();
        // From the outside in: what takes too long is to be a failure for the circuits. The one on trial sees what the
        // other lets through.
        let service = ServiceBuilder::new()
            .layer(CircuitBreakerLayer::by(guards.circuits.clone(), by_peer))
            .layer(CircuitBreakerLayer::by(guards.trial.clone(), by_peer).box_errors())
            .layer(TimeoutLayer::new(timeout(clock)))
            .service(service_fn(ask));
        let timed = totals.iter().filter_map(|(peer, _)| Some((peer.to_owned(), guards.timed(peer)?))).collect();
        Self { service: BoxCloneSyncService::new(service), clock, totals, timed: Arc::new(timed) }
    }

    pub(crate) async fn call(&self, call: Call) {
        let peer = call.peer.clone();
        let started = self.clock.uptime();
        let end = match self.service.clone().oneshot(call).await {
            Ok(()) => End::Answered,
            Err(Error::Rejected(_)) => End::Rejected,
            Err(Error::Inner(error)) if error.is::<Elapsed>() => End::TimedOut,
            Err(Error::Inner(error)) => match error.downcast_ref::<io::Error>().map(io::Error::kind) {
                Some(io::ErrorKind::ConnectionRefused) => End::Refused,
                _ => End::BrokenOff,
            },
        };
        let outcome = match end {
            End::Answered => Some(Outcome::Success),
            // It took no time, since it was not made.
            End::Rejected => None,
            End::Refused | End::TimedOut | End::BrokenOff => Some(Outcome::Failure),
        };
        if let (Some(outcome), Some(timed)) = (outcome, self.timed.get(&peer)) {
            timed.record(outcome, self.clock.uptime().saturating_sub(started));
        }
        if let Some(totals) = self.totals.of(&peer) {
            totals.count(end);
        }
    }
}

/// On a wall clock.
fn timeout(clock: TraceClock) -> Duration {
    clock.on_the_wall(TIMEOUT).max(LEAST_TIMEOUT)
}

/// Which calls are slow, in the trace's time: those that take more than half of the time that they may take.
pub(crate) fn slow(clock: TraceClock) -> Duration {
    clock.in_the_trace(timeout(clock)) / 2
}

async fn ask(call: Call) -> io::Result<()> {
    let mut stream = TcpStream::connect(call.address).await?;
    stream.write_all(QUESTION).await?;
    let mut answer = [0; ANSWER.len()];
    stream.read_exact(&mut answer).await?;
    if answer == *ANSWER { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
}
