//! The upstream: a server that knows what is in stock, unless it is broken.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use tokio::net::TcpListener;

/// A server with two warehouses on a port of its own. The southern one can be broken.
#[derive(Clone, Debug)]
pub struct Warehouses {
    address: SocketAddr,
    south: Arc<South>,
}

#[derive(Debug, Default)]
struct South {
    broken: AtomicBool,
    asked: AtomicU64,
}

impl Warehouses {
    /// The names of the warehouses.
    pub const NAMES: [&str; 2] = ["north", "south"];

    /// Starts the server, for as long as the runtime runs.
    ///
    /// # Errors
    /// If no port is to be had.
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let warehouses = Self { address: listener.local_addr()?, south: Arc::default() };
        let router = Router::new().route("/{warehouse}", get(stock)).with_state(Arc::clone(&warehouses.south));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(warehouses)
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Breaks the southern warehouse, or mends it.
    pub fn set_broken(&self, broken: bool) {
        self.south.broken.store(broken, Relaxed);
    }

    /// How often the southern warehouse was asked.
    pub fn asked(&self) -> u64 {
        self.south.asked.load(Relaxed)
    }
}

async fn stock(State(south): State<Arc<South>>, Path(warehouse): Path<String>) -> Result<&'static str, StatusCode> {
    match warehouse.as_str() {
        "north" => Ok("12 bolts\n"),
        "south" => {
            south.asked.fetch_add(1, Relaxed);
            if south.broken.load(Relaxed) { Err(StatusCode::INTERNAL_SERVER_ERROR) } else { Ok("7 bolts\n") }
        }
        _ => Err(StatusCode::NOT_FOUND),
    }
}
