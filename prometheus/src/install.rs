//! `metrics-exporter-prometheus`, set up.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use axum::Router;
use axum::routing::{MethodRouter, get};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::runtime::{Builder, Handle};

use crate::durations::CallDurations;
use crate::exporter::Exporter;
use crate::route::answer;
use crate::series::Of;
use crate::text::Format;

impl Exporter {
    /// Installs a recorder for all metrics of the program, and serves them with those of the circuits at `/metrics`, brought
    /// up to date for each answer. To be called once, at the start.
    ///
    /// In a Tokio runtime, which needs its I/O enabled, the server is a task of it; otherwise it has a thread of its own.
    /// It runs until the program or the runtime ends.
    ///
    /// Sets whose calls are timed are to be registered before, so that the recorder knows their buckets.
    ///
    /// ```
    /// use fusebox_prometheus::Exporter;
    /// use fusebox_std::CircuitBreakerSet;
    ///
    /// let upstreams = CircuitBreakerSet::<String>::new();
    /// let exporter = Exporter::new();
    /// exporter.register("upstreams", &upstreams)?;
    /// let installed = exporter.install("127.0.0.1:0")?;
    /// println!("metrics are at {:?}", installed.address());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`InstallError`] if the address cannot be listened at, or if the program has a recorder already. Nothing is changed
    /// then.
    pub fn install(&self, address: impl ToSocketAddrs + fmt::Debug) -> Result<Installed, InstallError> {
        let unable = |error: io::Error| InstallError::listen(&address, error);
        let listener = TcpListener::bind(&address).map_err(unable)?;
        listener.set_nonblocking(true).map_err(unable)?;
        let local = listener.local_addr().map_err(unable)?;
        // All that may go wrong comes before the recorder, of which there is no way back.
        let start = server(listener).map_err(unable)?;
        let installed = Installed { address: Some(local), ..self.install_recorder()? };
        start(Router::new().route("/metrics", installed.route()));
        Ok(installed)
    }

    /// Installs a recorder for all metrics of the program, for a server of your own: see [`Installed::route`] and
    /// [`Installed::render`]. To be called once, at the start.
    ///
    /// # Errors
    /// [`InstallError`] if the program has a recorder already.
    pub fn install_recorder(&self) -> Result<Installed, InstallError> {
        let (name, bounds) = self.buckets();
        let builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Full(name), &bounds);
        let recorder = builder.map_err(|error| InstallError::Recorder(error.to_string()))?.build_recorder();
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder).map_err(|_| InstallError::RecorderInstalled)?;
        self.sync();
        let inner = Inner { exporter: self.clone(), handle, one_by_one: Mutex::new(()) };
        Ok(Installed { inner: Arc::new(inner), address: None })
    }

    /// The name of the histograms, and all bounds that they have in seconds. The recorder knows names only, so sets with
    /// different bounds get those of all.
    fn buckets(&self) -> (String, Vec<f64>) {
        self.with(|state, options| {
            let durations = options.families.iter().find(|named| matches!(named.family.of, Of::Durations));
            let name = durations.map(|named| named.name.clone()).unwrap_or_default();
            let mut bounds = state.bounds.clone();
            if bounds.is_empty() {
                bounds.extend_from_slice(CallDurations::new().bounds());
            }
            bounds.sort_unstable();
            bounds.dedup();
            (name, bounds.iter().map(Duration::as_secs_f64).collect())
        })
    }
}

/// A server that waits for its routes, in the present Tokio runtime or in a thread with one of its own.
fn server(listener: TcpListener) -> io::Result<Box<dyn FnOnce(Router)>> {
    async fn serve(listener: tokio::net::TcpListener, router: Router) {
        // It ends with the runtime only.
        let _ = axum::serve(listener, router).await;
    }
    if let Ok(runtime) = Handle::try_current() {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        return Ok(Box::new(move |router| drop(runtime.spawn(serve(listener, router)))));
    }
    let runtime = Builder::new_current_thread().enable_io().build()?;
    let listener = {
        let _inside = runtime.enter();
        tokio::net::TcpListener::from_std(listener)?
    };
    let (sender, receiver) = mpsc::channel();
    std::thread::Builder::new().name("metrics".into()).spawn(move || {
        if let Ok(router) = receiver.recv() {
            runtime.block_on(serve(listener, router));
        }
    })?;
    // The thread is there: it waits for nothing else.
    Ok(Box::new(move |router| drop(sender.send(router))))
}

/// The recorder of the program, from [`Exporter::install`].
#[derive(Clone)]
pub struct Installed {
    inner: Arc<Inner>,
    address: Option<SocketAddr>,
}

struct Inner {
    exporter: Exporter,
    handle: PrometheusHandle,
    /// Held while gauges are set and read: a circuit would be seen in two states otherwise.
    one_by_one: Mutex<()>,
}

impl Installed {
    /// Where metrics are served, if they are.
    pub const fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// All metrics of the program in Prometheus' text format 0.0.4, with those of the circuits as they are now.
    pub fn render(&self) -> String {
        let Inner { exporter, handle, one_by_one } = &*self.inner;
        let _alone = one_by_one.lock().unwrap_or_else(PoisonError::into_inner);
        exporter.sync();
        handle.run_upkeep();
        handle.render()
    }

    /// A route that answers with what [`render`](Self::render) gives.
    pub fn route<S: Clone + Send + Sync + 'static>(&self) -> MethodRouter<S> {
        let installed = self.clone();
        get(move || answer(Format::Prometheus, move |_| installed.render()))
    }
}

impl fmt::Debug for Installed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Installed").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Why the recorder was not installed.
#[derive(Debug)]
#[non_exhaustive]
pub enum InstallError {
    /// The program has a recorder of the `metrics` facade already, and there can be one only. Call
    /// [`Exporter::sync`] before that one renders.
    RecorderInstalled,
    /// Another program listens there already, or this one does.
    AddressInUse(String),
    /// The address cannot be listened at.
    Listen(String, io::Error),
    /// The recorder could not be made.
    Recorder(String),
}

impl InstallError {
    fn listen(address: &impl fmt::Debug, error: io::Error) -> Self {
        let address = format!("{address:?}");
        match error.kind() {
            io::ErrorKind::AddrInUse => Self::AddressInUse(address),
            _ => Self::Listen(address, error),
        }
    }
}

impl fmt::Display for InstallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RecorderInstalled => f.write_str(
                "the program has a recorder for metrics already; call Exporter::sync before that one renders instead",
            ),
            Self::AddressInUse(address) => {
                write!(f, "metrics cannot be served at {address}: something listens there already; choose another port")
            }
            Self::Listen(address, error) => write!(f, "metrics cannot be served at {address}: {error}"),
            Self::Recorder(reason) => write!(f, "the recorder for metrics cannot be made: {reason}"),
        }
    }
}

impl Error for InstallError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Listen(_, error) => Some(error),
            _ => None,
        }
    }
}
