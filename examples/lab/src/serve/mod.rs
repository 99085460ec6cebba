//! The `serve` command: real peers that come and go, and their circuits over HTTP.

mod client;
mod clock;
mod guards;
mod peer;
mod player;
mod rows;
mod signals;
mod telling;
mod totals;
mod web;

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use clap::Args;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

use self::client::Client;
use self::clock::TraceClock;
use self::guards::{Guards, Teller};
use self::player::{Player, Progress};
use self::rows::{MOST_PEERS, Rows};
use self::signals::Signals;
use self::telling::News;
use self::totals::Totals;
use self::web::Shown;

/// Call real peers that come and go, and show their circuits live on a web page
///
/// Each peer of a trace listens on a port of this machine. When the trace says that it fails, it refuses connections or,
/// every other time, accepts them and never answers.
#[derive(Args, Debug)]
pub(crate) struct ServeArgs {
    /// Where the page, the metrics and the rest are served; port 0 is any that is free
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9464", value_parser = address)]
    listen: SocketAddr,
    /// A CSV file as for `replay`; without one the peers follow the demo's trace
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// How many times as fast as the trace, 1 to 100
    #[arg(long, value_name = "N", default_value = "10", value_parser = speed, allow_negative_numbers = true)]
    speed: u32,
    /// End after so many seconds rather than by Ctrl-C
    #[arg(long = "for", value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    time: Option<Duration>,
    /// How many peers stricter rules are tried on, in observe mode, 1 to 100; those of others are refused a circuit
    #[arg(long, value_name = "PEERS", default_value_t = MOST_PEERS, value_parser = on_trial, allow_negative_numbers = true)]
    trial: usize,
    /// Let requests change circuits, such as `POST /circuits/peers/NAME/force_open`; nobody is asked who they are
    #[arg(long)]
    allow_changes: bool,
}

/// How long calls and requests that are under way may take to end.
const PATIENCE: Duration = Duration::from_secs(2);

impl ServeArgs {
    pub(crate) fn run(&self, out: &mut impl Write) -> Result<()> {
        let rows = match &self.trace {
            None => Rows::of_the_demo()?,
            Some(path) => Rows::of_file(path)?,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no threads")?;
        let result = runtime.block_on(self.serve(rows, out));
        runtime.shutdown_background();
        result
    }

    async fn serve(&self, rows: Rows, out: &mut impl Write) -> Result<()> {
        let mut signals = Signals::listen().context("Ctrl-C cannot be listened for")?;
        let listener = TcpListener::bind(self.listen).await.map_err(|error| self.cannot_listen(&error))?;
        let clock = TraceClock::new(self.speed);
        telling::introduce(listener.local_addr()?, &rows, clock, out)?;

        let (news, mut told) = mpsc::unbounded_channel();
        let totals = Arc::new(Totals::new(rows.peers()));
        let teller = Teller { clock, totals: Arc::clone(&totals), news: news.clone() };
        let guards = Guards::new(teller, client::slow(clock), self.trial)?;
        let client = Client::new(&guards, clock, Arc::clone(&totals));
        let trace = rows.name().into();
        let shown = Shown { trace, clock, guards: guards.clone(), totals: Arc::clone(&totals) };

        let (stop, stopped) = oneshot::channel::<()>();
        let server = axum::serve(listener, shown.router(self.allow_changes)?).with_graceful_shutdown(async {
            // It is never sent to, only dropped.
            let _ = stopped.await;
        });
        let mut server = tokio::spawn(server.into_future());
        let progress = Arc::new(Progress::default());
        let player = Player { rows, clock, client, totals: Arc::clone(&totals), news, progress: Arc::clone(&progress) };
        let mut player = tokio::spawn(player.play());

        tokio::select! {
            result = &mut player => match result?? {},
            result = &mut server => result??,
            result = tell_all(&mut told, out) => result?,
            () = signals.any() => {}
            () = self.over() => {}
        }
        player.abort();
        // Those that take longer are not counted.
        let _ = timeout(PATIENCE, progress.calls_ended()).await;
        while let Ok(news) = told.try_recv() {
            telling::tell(&news, out)?;
        }
        telling::sum_up(clock, &totals, &guards, progress.behind(), out)?;
        drop(stop);
        // A browser may keep its connection as long as it likes.
        let _ = timeout(PATIENCE, server).await;
        Ok(())
    }

    fn cannot_listen(&self, error: &std::io::Error) -> anyhow::Error {
        let address = self.listen;
        anyhow!("--listen {address}: {error}; take another address, or 127.0.0.1:0 for any port that is free")
    }

    async fn over(&self) {
        match self.time {
            Some(time) => sleep(time).await,
            None => std::future::pending().await,
        }
    }
}

async fn tell_all(told: &mut mpsc::UnboundedReceiver<News>, out: &mut impl Write) -> Result<()> {
    while let Some(news) = told.recv().await {
        telling::tell(&news, out)?;
    }
    Ok(())
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "take an IP address and a port, such as 127.0.0.1:9464 or [::1]:9464".to_owned())
}

fn speed(text: &str) -> Result<u32, String> {
    let speed = text.parse().ok().filter(|speed| (1..=100).contains(speed));
    speed.ok_or_else(|| "take a whole number from 1 to 100, such as 10".to_owned())
}

fn on_trial(text: &str) -> Result<usize, String> {
    let peers = text.parse().ok().filter(|peers| (1..=MOST_PEERS).contains(peers));
    peers.ok_or_else(|| format!("take a whole number from 1 to {MOST_PEERS}"))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let time = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    time.filter(|time| !time.is_zero()).ok_or_else(|| "take a number of seconds above 0, such as 5".to_owned())
}
