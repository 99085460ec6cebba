//! A circuit that services wait for.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use fusebox::policy::{MaxFailures, TripPolicy};
use fusebox::{Listener, Rejected};

use super::circuits::Circuits;
use crate::clock::{StdClock, Uptime};
use crate::handle::Handle;
use crate::until_ready::UntilReady;

/// One circuit for all requests, which services wait for: see
/// [`CircuitBreakerLayer::gate`](super::CircuitBreakerLayer::gate).
pub struct Gate<K, C = StdClock, P: TripPolicy = MaxFailures<3>, L = ()> {
    circuit: Handle<K, C, P, L>,
    waiting: Option<Waiting<K, C, P, L>>,
}

type Waiting<K, C, P, L> = Pin<Box<UntilReady<K, C, P, L>>>;

impl<K, C, P: TripPolicy, L> Gate<K, C, P, L> {
    /// A gate before this circuit.
    pub const fn new(circuit: Handle<K, C, P, L>) -> Self {
        Self { circuit, waiting: None }
    }
}

impl<Req, K, C: Uptime + Clone, P: TripPolicy, L: Listener<K>> Circuits<Req> for Gate<K, C, P, L> {
    type Key = K;
    type Clock = C;
    type Policy = P;
    type Listener = L;

    fn circuit(&self, _: &Req) -> Result<Handle<K, C, P, L>, Rejected> {
        Ok(self.circuit.clone())
    }

    fn rejects_all(&self) -> bool {
        self.circuit.rejects()
    }

    fn poll_open_gate(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.waiting.is_some() || self.circuit.rejects() {
            let waiting = self.waiting.get_or_insert_with(|| Box::pin(self.circuit.wait_until_ready()));
            ready!(waiting.as_mut().poll(cx));
            self.waiting = None;
        }
        Poll::Ready(())
    }
}

/// A clone waits for itself.
impl<K, C, P: TripPolicy, L> Clone for Gate<K, C, P, L> {
    fn clone(&self) -> Self {
        Self::new(self.circuit.clone())
    }
}

impl<K: fmt::Debug, C: Uptime + Clone, P: TripPolicy, L: Listener<K>> fmt::Debug for Gate<K, C, P, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("circuit", &self.circuit).field("waiting", &self.waiting.is_some()).finish()
    }
}
