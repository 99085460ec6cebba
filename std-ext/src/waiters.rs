//! Those who wait for a circuit to let them through.

#[cfg(feature = "tokio")]
use std::sync::Arc;

#[cfg(feature = "tokio")]
use tokio::sync::Notify;
#[cfg(feature = "tokio")]
use tokio::sync::futures::OwnedNotified;

/// Those who wait for a circuit to let them through. Without the feature `tokio` nobody can.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    #[cfg(feature = "tokio")]
    notify: Arc<Notify>,
}

impl Waiters {
    /// Lets all have another look: to be called whenever a call may be let through that was not before, once that is
    /// so.
    #[cfg(feature = "tokio")]
    pub(crate) fn wake(&self) {
        self.notify.notify_waiters();
    }

    /// Nobody waits.
    #[cfg(not(feature = "tokio"))]
    #[allow(clippy::unused_self, reason = "others wait with a feature")]
    pub(crate) fn wake(&self) {}

    /// Done at the next [`wake`](Self::wake) after this call, polled by then or not. Who listens first and looks at the
    /// circuit then misses nothing.
    #[cfg(feature = "tokio")]
    pub(crate) fn listen(&self) -> OwnedNotified {
        Arc::clone(&self.notify).notified_owned()
    }
}
