//! The client: calls peers through their circuits and counts what comes of it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow};
use fusebox::policy::{CountWindow, Rates};
use fusebox::{Error, Event, Listener, Settings, Transition};
use fusebox_std::tower::CircuitBreakerLayer;
use fusebox_std::{CircuitBreakerSet, Counts, Uptime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedSender;
use tower::timeout::TimeoutLayer;
use tower::timeout::error::Elapsed;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, ServiceBuilder, ServiceExt, service_fn};

use super::clock::TraceClock;
use super::peer::{ANSWER, QUESTION};
use super::telling::News;
use super::totals::{End, Totals};

/// The name of the set, in paths and metrics.
pub(crate) const SET: &str = "peers";

/// How many transitions of each circuit the page can show.
const RECORDS: usize = 64;

/// How long a call may take, in the trace's time, and at the least on a wall clock: an answer from the same machine takes
/// a fraction of a millisecond, and more when others use it too.
const TIMEOUT: Duration = Duration::from_secs(1);
const LEAST_TIMEOUT: Duration = Duration::from_millis(100);

/// One circuit per peer, by its name.
pub(crate) type Circuits = CircuitBreakerSet<String, TraceClock, CountWindow, Teller>;

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
    totals: Arc<Totals>,
}

impl Client {
    pub(crate) fn new(circuits: &Circuits, clock: TraceClock, totals: Arc<Totals>) -> Self {
        let timeout = clock.on_the_wall(TIMEOUT).max(LEAST_TIMEOUT);
        // From the outside in: what takes too long is to be a failure for the circuit.
        let service = ServiceBuilder::new()
            .layer(CircuitBreakerLayer::by(circuits.clone(), |call: &Call| call.peer.clone()))
            .layer(TimeoutLayer::new(timeout))
            .service(service_fn(ask));
        Self { service: BoxCloneSyncService::new(service), totals }
    }

    pub(crate) async fn call(&self, call: Call) {
        let peer = call.peer.clone();
        let end = match self.service.clone().oneshot(call).await {
            Ok(()) => End::Answered,
            Err(Error::Rejected(_)) => End::Rejected,
            Err(Error::Inner(error)) if error.is::<Elapsed>() => End::TimedOut,
            Err(Error::Inner(error)) => match error.downcast_ref::<io::Error>().map(io::Error::kind) {
                Some(io::ErrorKind::ConnectionRefused) => End::Refused,
                _ => End::BrokenOff,
            },
        };
        if let Some(totals) = self.totals.of(&peer) {
            totals.count(end);
        }
    }
}

async fn ask(call: Call) -> io::Result<()> {
    let mut stream = TcpStream::connect(call.address).await?;
    stream.write_all(QUESTION).await?;
    let mut answer = [0; ANSWER.len()];
    stream.read_exact(&mut answer).await?;
    if answer == *ANSWER { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
}

/// The circuits of all peers of these totals, closed and with nothing counted yet.
///
/// Half of the last 20 calls open one, and after 10 s of the trace a probe may try.
pub(crate) fn circuits(clock: TraceClock, totals: &Arc<Totals>, news: UnboundedSender<News>) -> Result<Circuits> {
    let settings = Settings::builder()
        .count_window::<1, 1>(20, Rates::failures(50).min_calls(10))
        .wait(Duration::from_secs(10))
        .build()
        .map_err(|error| anyhow!("{error}"))?;
    let circuits = CircuitBreakerSet::<String>::builder()
        .clock(clock, settings)
        .listener(Teller { clock, totals: Arc::clone(totals), news })
        .counts(Counts::All)
        .records(RECORDS)
        .build()?;
    for (peer, _) in totals.iter() {
        // Whoever looks sees all peers from the start.
        circuits.handle(peer).map_err(|rejected| anyhow!("{peer}: {rejected}"))?;
    }
    Ok(circuits)
}

/// Listens to the circuits: counts trips, and passes on what is to be printed.
#[derive(Debug)]
pub(crate) struct Teller {
    clock: TraceClock,
    totals: Arc<Totals>,
    news: UnboundedSender<News>,
}

impl Listener<String> for Teller {
    fn on_event(&self, peer: &String, event: &Event) {
        let Event::Transition(transition) = event else { return };
        let transition: Transition = *transition;
        let totals = self.totals.of(peer);
        if let Some(totals) = totals {
            totals.note(&transition);
        }
        let mode = totals.map(super::totals::PeerTotals::mode).unwrap_or_default();
        // Nobody listens any more when the program ends.
        let _ = self.news.send(News::Transition { at: self.clock.uptime(), peer: peer.clone(), transition, mode });
    }
}
