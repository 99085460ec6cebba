//! Being asked to end.

use std::io;

/// What ends a program from outside: Ctrl-C, and on Unix SIGTERM, which service managers and containers send.
#[derive(Debug)]
pub(crate) struct Signals {
    #[cfg(unix)]
    heard: [tokio::signal::unix::Signal; 2],
}

impl Signals {
    /// From now on they end nothing by themselves.
    #[cfg(unix)]
    pub(crate) fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { heard: [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?] })
    }

    /// Until one of them comes.
    #[cfg(unix)]
    pub(crate) async fn any(&mut self) {
        let [interrupt, terminate] = &mut self.heard;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }

    #[cfg(not(unix))]
    #[allow(clippy::unnecessary_wraps, reason = "it can fail on Unix")]
    pub(crate) const fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    pub(crate) async fn any(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            // Where there is no such signal, only the time ends it.
            std::future::pending().await
        }
    }
}
