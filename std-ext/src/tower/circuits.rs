//! Which circuit a request goes through.

use std::fmt;
use std::hash::Hash;
use std::task::{Context, Poll};

use fusebox::policy::{MaxFailures, TripPolicy};
use fusebox::{Listener, Rejected};

use crate::clock::{StdClock, Uptime};
use crate::handle::Handle;
use crate::permit::Permit;
use crate::set::CircuitBreakerSet;

/// The circuits of a service: a [`Handle`] is one for all requests, [`ByRequest`] is one per key.
pub trait Circuits<Req> {
    /// What the circuits are told apart by.
    type Key;
    /// Their clock.
    type Clock: Uptime + Clone;
    /// When they trip.
    type Policy: TripPolicy;
    /// Who is told of their events.
    type Listener: Listener<Self::Key>;

    /// The circuit of a request.
    ///
    /// # Errors
    /// [`Rejected`] if it has none and there is no room for another.
    fn circuit(&self, request: &Req) -> Result<CircuitOf<Self, Req>, Rejected>;

    /// Whether any request would be rejected now. To be answered without changing anything; `false` where that
    /// depends on the request.
    fn rejects_all(&self) -> bool {
        false
    }

    /// Whether a service may go on in `poll_ready`. As long as it may not it is not ready, and is woken when it may. It
    /// may at once where callers do not wait for circuits, which is all but a `Gate`.
    fn poll_open_gate(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let _ = cx;
        Poll::Ready(())
    }
}

/// The handle to a request's circuit.
pub type CircuitOf<X, Req> = Handle<
    <X as Circuits<Req>>::Key,
    <X as Circuits<Req>>::Clock,
    <X as Circuits<Req>>::Policy,
    <X as Circuits<Req>>::Listener,
>;

/// The permit that a request's circuit gives.
pub(crate) type PermitOf<X, Req> = Permit<
    <X as Circuits<Req>>::Key,
    <X as Circuits<Req>>::Clock,
    <X as Circuits<Req>>::Policy,
    <X as Circuits<Req>>::Listener,
>;

/// Asks the circuit of a request to let it through.
pub(crate) fn acquire<X: Circuits<Req>, Req>(circuits: &X, request: &Req) -> Result<PermitOf<X, Req>, Rejected> {
    circuits.circuit(request)?.try_acquire()
}

impl<Req, K, C: Uptime + Clone, P: TripPolicy, L: Listener<K>> Circuits<Req> for Handle<K, C, P, L> {
    type Key = K;
    type Clock = C;
    type Policy = P;
    type Listener = L;

    fn circuit(&self, _: &Req) -> Result<Self, Rejected> {
        Ok(self.clone())
    }

    fn rejects_all(&self) -> bool {
        self.rejects()
    }
}

/// A circuit per key, which is found by looking at the request. See [`CircuitBreakerLayer::by`].
///
/// [`CircuitBreakerLayer::by`]: super::CircuitBreakerLayer::by
pub struct ByRequest<F, K, C = StdClock, P: TripPolicy = MaxFailures<3>, L = ()> {
    set: CircuitBreakerSet<K, C, P, L>,
    by: F,
}

impl<F, K, C, P: TripPolicy, L> ByRequest<F, K, C, P, L> {
    /// Keys are what `by` makes of requests, circuits are those of `set`.
    pub const fn new<Req>(set: CircuitBreakerSet<K, C, P, L>, by: F) -> Self
    where
        F: Fn(&Req) -> K,
    {
        Self { set, by }
    }
}

impl<F: Clone, K, C, P: TripPolicy, L> Clone for ByRequest<F, K, C, P, L> {
    fn clone(&self) -> Self {
        Self { set: self.set.clone(), by: self.by.clone() }
    }
}

impl<F, K, C, P: TripPolicy, L> fmt::Debug for ByRequest<F, K, C, P, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByRequest").field("set", &self.set).finish_non_exhaustive()
    }
}

impl<Req, F, K, C, P, L> Circuits<Req> for ByRequest<F, K, C, P, L>
where
    F: Fn(&Req) -> K,
    K: Clone + Eq + Hash,
    C: Uptime + Clone,
    P: TripPolicy,
    L: Listener<K>,
{
    type Key = K;
    type Clock = C;
    type Policy = P;
    type Listener = L;

    fn circuit(&self, request: &Req) -> Result<Handle<K, C, P, L>, Rejected> {
        self.set.handle(&(self.by)(request))
    }
}
