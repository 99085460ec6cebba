//! The right to make one call, which borrows nothing.

use std::sync::Arc;

use fusebox::policy::{MaxFailures, TripPolicy};
use fusebox::{Listener, Outcome};

use crate::clock::{StdClock, Uptime};
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
