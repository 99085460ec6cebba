//! Waiting for a circuit to let calls through.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use fusebox::policy::{MaxFailures, TripPolicy};
use fusebox::{Listener, State};
use pin_project_lite::pin_project;
use tokio::sync::futures::OwnedNotified;
use tokio::time::{Sleep, sleep};

use crate::clock::{StdClock, Uptime};
use crate::handle::Handle;

pin_project! {
    /// Done when a circuit would let a call through: see [`Handle::wait_until_ready`].
    #[must_use = "a future does nothing unless it is polled"]
    pub struct UntilReady<K, C = StdClock, P: TripPolicy = MaxFailures<3>, L = ()> {
        circuit: Handle<K, C, P, L>,
        #[pin]
        change: Option<OwnedNotified>,
        #[pin]
        wait: Option<Sleep>,
    }
}

impl<K, C: Uptime + Clone, P: TripPolicy, L: Listener<K>> Handle<K, C, P, L> {
    /// Waits until the circuit would let a call through, without taking a permit: until its wait is over, its probes came
    /// back or somebody closed it by hand. All who wait are woken at once. Where only one probe may pass, whoever asks
    /// first has it, so the call that follows may still be rejected.
    ///
    /// Times are slept by Tokio's clock, whatever the clock of the circuit is.
    ///
    /// # Panics
    /// When polled outside a Tokio runtime with its time enabled, while the circuit is open or half-open.
    ///
    /// ```
    /// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    /// # runtime.block_on(async {
    /// use fusebox::Settings;
    /// use fusebox_std::{CircuitBreakerSet, TokioClock};
    ///
    /// // With `#[tokio::test(start_paused = true)]`:
    /// let upstreams = CircuitBreakerSet::<String>::builder()
    ///     .clock(TokioClock::<1_000>::new(), Settings::<_>::DEFAULT)
    ///     .build()?;
    /// let inventory = upstreams.handle("inventory")?;
    /// inventory.open();
    ///
    /// let asked = tokio::time::Instant::now();
    /// inventory.wait_until_ready().await;
    /// assert_eq!(asked.elapsed().as_secs(), 10);
    /// assert!(inventory.try_acquire().is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait_until_ready(&self) -> UntilReady<K, C, P, L> {
        UntilReady { circuit: self.clone(), change: None, wait: None }
    }
}

impl<K, C: Uptime + Clone, P: TripPolicy, L: Listener<K>> Future for UntilReady<K, C, P, L> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        loop {
            // Whoever looked first and listened then could miss what happens in between, and sleep for ever.
            if this.change.is_none() {
                this.change.set(Some(this.circuit.0.waiters().listen()));
            }
            match this.circuit.retry_after() {
                Some(left) => this.wait.set(Some(sleep(left))),
                None if this.circuit.state() == State::ForcedOpen => this.wait.set(None),
                None => return Poll::Ready(()),
            }
            if this.change.as_mut().as_pin_mut().is_some_and(|change| change.poll(cx).is_ready()) {
                this.change.set(None);
            } else if this.wait.as_mut().as_pin_mut().is_none_or(|wait| wait.poll(cx).is_pending()) {
                return Poll::Pending;
            }
        }
    }
}

impl<K: fmt::Debug, C: Uptime + Clone, P: TripPolicy, L: Listener<K>> fmt::Debug for UntilReady<K, C, P, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UntilReady").field("circuit", &self.circuit).finish_non_exhaustive()
    }
}
