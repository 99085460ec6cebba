//! The right to make one call, which borrows nothing.

#[cfg(feature = "tower")]
use std::future::Future;
#[cfg(feature = "tower")]
use std::pin::Pin;
use std::sync::Arc;
#[cfg(feature = "tower")]
use std::task::{Context, Poll};

use fusebox::policy::{MaxFailures, TripPolicy};
use fusebox::{Acquire, Listener, Outcome, Rejected, Settle};

use crate::clock::{StdClock, Uptime};
use crate::contained::contained;
use crate::handle::Handle;
use crate::held::HeldEntry;

/// The right to make one call, to be settled with what came of it. It borrows nothing, so another thread or task
/// may settle it.
///
/// A permit that is dropped is [abandoned](crate::Abandoned).
///
/// ```
/// use fusebox_std::CircuitBreakerSet;
///
/// let workers = CircuitBreakerSet::<u32>::new();
/// let permit = workers.handle(&7)?.try_acquire()?;
/// std::thread::spawn(move || permit.success()).join().ok();
/// # Ok::<(), fusebox::Rejected>(())
/// ```
#[must_use = "a permit that is dropped counts as an abandoned call: settle it"]
pub struct Permit<K, C: Uptime + Clone = StdClock, P: TripPolicy = MaxFailures<3>, L: Listener<K> = ()>(
    pub(crate) HeldEntry<K, C, P, L>,
);

impl<K, C: Uptime + Clone, P: TripPolicy, L: Listener<K>> Permit<K, C, P, L> {
    /// Settles the call.
    pub fn settle(self, outcome: Outcome) {
        self.0.settle(outcome);
    }

    /// The call succeeded.
    pub fn success(self) {
        self.settle(Outcome::Success);
    }

    /// The call failed.
    pub fn failure(self) {
        self.settle(Outcome::Failure);
    }

    /// The call says nothing about the peer, or was not made after all.
    pub fn ignored(self) {
        self.settle(Outcome::Ignored);
    }

    /// Whether the circuit would have rejected the call, had it not been in observe mode.
    pub fn would_reject(&self) -> bool {
        self.0.would_reject()
    }

    /// Runs a part of the call: if it panics, the call failed.
    #[cfg(feature = "tower")]
    pub(crate) fn running<T>(&mut self, part: impl FnOnce() -> T) -> T {
        self.0.running = true;
        let done = part();
        self.0.running = false;
        done
    }

    /// Polls the future of the call. Once that is done its result is looked at: if that panics, the call failed as well.
    #[cfg(feature = "tower")]
    pub(crate) fn poll<F: Future + ?Sized>(&mut self, future: Pin<&mut F>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.0.running = true;
        let poll = future.poll(cx);
        self.0.running = poll.is_ready();
        poll
    }

    /// The circuit that gave it.
    pub fn handle(&self) -> Handle<K, C, P, L> {
        Handle(Arc::clone(self.0.entry()))
    }
}

impl<K: std::fmt::Debug, C: Uptime + Clone, P: TripPolicy, L: Listener<K>> std::fmt::Debug for Permit<K, C, P, L> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Permit").field("peer", &self.0.entry().key).finish_non_exhaustive()
    }
}

impl<K, C: Uptime + Clone, P: TripPolicy, L: Listener<K>> Settle for Permit<K, C, P, L> {
    type Outcomes = Outcome;

    fn settle(self, outcome: Outcome) {
        Self::settle(self, outcome);
    }

    fn settle_all(self, outcome: Outcome) {
        // Calls of several circuits that panic settle their permits so.
        contained(|| Self::settle(self, outcome));
    }
}

impl<K, C: Uptime + Clone, P: TripPolicy, L: Listener<K>> Acquire for Handle<K, C, P, L> {
    type Permit<'a>
        = Permit<K, C, P, L>
    where
        Self: 'a;

    fn try_acquire(&self) -> Result<Self::Permit<'_>, Rejected> {
        Self::try_acquire(self)
    }
}
