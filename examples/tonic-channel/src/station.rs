//! The server: a station that can be in trouble.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};

use tokio::net::TcpListener;
use tonic::codegen::tokio_stream::{Iter, iter};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, async_trait};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

/// A server on a port of its own.
#[derive(Clone, Debug)]
pub struct Station {
    address: SocketAddr,
    state: Arc<State>,
}

/// How a station is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Mood {
    /// It answers.
    Fine,
    /// It is `UNAVAILABLE`, and says so at once.
    Refusing,
    /// It begins to answer, and is `UNAVAILABLE` then. That stands in the trailers, behind the body.
    BreakingOff,
}

#[derive(Debug, Default)]
struct State {
    mood: AtomicU8,
    asked: AtomicU64,
}

impl Station {
    /// Starts the server, for as long as the runtime runs.
    ///
    /// # Errors
    /// If no port is to be had.
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let station = Self { address: listener.local_addr()?, state: Arc::default() };
        let service = HealthServer::new(station.clone());
        let server = Server::builder().add_service(service);
        tokio::spawn(async move { server.serve_with_incoming(TcpIncoming::from(listener)).await });
        Ok(station)
    }

    /// Where it listens, as an address for channels.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How it answers from now on.
    pub fn set_mood(&self, mood: Mood) {
        self.state.mood.store(mood as u8, Relaxed);
    }

    /// How often it was asked.
    pub fn asked(&self) -> u64 {
        self.state.asked.load(Relaxed)
    }

    fn is(&self, mood: Mood) -> bool {
        self.state.mood.load(Relaxed) == mood as u8
    }

    fn answer(&self) -> Result<HealthCheckResponse, Status> {
        self.state.asked.fetch_add(1, Relaxed);
        if self.is(Mood::Refusing) {
            return Err(Status::unavailable("the station is being serviced"));
        }
        Ok(HealthCheckResponse { status: ServingStatus::Serving.into() })
    }
}

#[async_trait]
impl Health for Station {
    type WatchStream = Iter<std::vec::IntoIter<Result<HealthCheckResponse, Status>>>;

    async fn check(&self, _: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        self.answer().map(Response::new)
    }

    /// One message, and then the end.
    async fn watch(&self, _: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let mut messages = vec![Ok(self.answer()?)];
        if self.is(Mood::BreakingOff) {
            messages.push(Err(Status::unavailable("the station lost its power")));
        }
        Ok(Response::new(iter(messages)))
    }
}
