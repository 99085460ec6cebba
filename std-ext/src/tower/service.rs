//! A service with a circuit breaker around it.

use std::fmt;
use std::mem;
use std::task::{Context, Poll, ready};

use fusebox::Rejected;
use tower_service::Service;

use super::answer::{Answer, Reject};
use super::circuits::{Circuits, PermitOf, acquire};
use super::future::ResponseFuture;
use super::settle::{AtHead, Settle};

/// A service with a circuit breaker around it: see the [module](super).
pub struct CircuitBreakerService<S, X, J = fusebox::AnyError, O = Reject, M = AtHead> {
    inner: S,
    readiness: Readiness,
    circuits: X,
    classify: J,
    answer: O,
    mode: M,
}

/// How far the inner service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Readiness {
    /// It was not polled since it was cloned or called, so it holds nothing.
    Unpolled,
    /// It is not ready, and may have a place in a queue.
    Pending,
    /// It is ready, and may hold what the next call needs.
    Ready,
}

impl<S, X, J, O, M> CircuitBreakerService<S, X, J, O, M> {
    pub(super) const fn new(inner: S, circuits: X, classify: J, answer: O, mode: M) -> Self {
        Self { inner, readiness: Readiness::Unpolled, circuits, classify, answer, mode }
    }

    /// The inner service.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }
}

impl<S: Clone, X, J, O, M> CircuitBreakerService<S, X, J, O, M> {
    /// Lets go of whatever the inner service holds: a clone holds nothing.
    fn release(&mut self) {
        if self.readiness != Readiness::Unpolled {
            let fresh = self.inner.clone();
            drop(mem::replace(&mut self.inner, fresh));
            self.readiness = Readiness::Unpolled;
        }
    }

    /// Why the circuit rejects this request, if it does: asked before the inner service is.
    fn rejection<Req>(&self, request: &Req) -> Option<Rejected>
    where
        X: Circuits<Req>,
    {
        if !self.circuits.rejects_all() {
            return None;
        }
        match acquire(&self.circuits, request) {
            // It opened for probes just now. The inner service comes first.
            Ok(permit) => {
                permit.ignored();
                None
            }
            Err(rejected) => Some(rejected),
        }
    }
}

impl<S, Req, X, J, O, M> Service<Req> for CircuitBreakerService<S, X, J, O, M>
where
    S: Service<Req> + Clone,
    X: Circuits<Req> + Clone,
    J: Clone,
    O: Answer<Req, S::Response, S::Error> + Clone,
    M: Settle<J, S::Response, S::Error, PermitOf<X, Req>> + Clone,
{
    type Response = M::Response;
    type Error = O::Error;
    type Future = ResponseFuture<S, Req, X, J, O, M>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        if self.circuits.poll_open_gate(cx).is_pending() {
            self.release();
            return Poll::Pending;
        }
        if self.circuits.rejects_all() {
            self.release();
            return Poll::Ready(Ok(()));
        }
        self.readiness = Readiness::Pending;
        let polled = ready!(self.inner.poll_ready(cx));
        if polled.is_ok() {
            self.readiness = Readiness::Ready;
        }
        Poll::Ready(polled.map_err(O::inner))
    }

    fn call(&mut self, request: Req) -> Self::Future {
        let rules = (self.classify.clone(), self.answer.clone(), self.mode.clone());
        if self.readiness == Readiness::Ready {
            return match acquire(&self.circuits, &request) {
                Ok(permit) => {
                    self.readiness = Readiness::Unpolled;
                    ResponseFuture::running(&mut self.inner, request, permit, rules)
                }
                Err(rejected) => {
                    self.release();
                    ResponseFuture::rejected(rejected, request, rules)
                }
            };
        }
        match self.rejection(&request) {
            Some(rejected) => ResponseFuture::rejected(rejected, request, rules),
            // The circuit was open when this service was polled, and no longer is. A probe should not be lost by
            // that, so a clone is made ready and then called.
            None => ResponseFuture::waiting(self.inner.clone(), request, self.circuits.clone(), rules),
        }
    }
}

/// A clone has the same circuits. As with other services, it is to be polled before it is called.
impl<S: Clone, X: Clone, J: Clone, O: Clone, M: Clone> Clone for CircuitBreakerService<S, X, J, O, M> {
    fn clone(&self) -> Self {
        let Self { inner, circuits, classify, answer, mode, .. } = self;
        Self::new(inner.clone(), circuits.clone(), classify.clone(), answer.clone(), mode.clone())
    }
}

impl<S: fmt::Debug, X: fmt::Debug, J, O: fmt::Debug, M> fmt::Debug for CircuitBreakerService<S, X, J, O, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inner, readiness, circuits, answer, .. } = self;
        f.debug_struct("CircuitBreakerService")
            .field("inner", inner)
            .field("readiness", readiness)
            .field("circuits", circuits)
            .field("answer", answer)
            .finish_non_exhaustive()
    }
}
