//! The response of a guarded service.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use fusebox::Rejected;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::answer::Answer;
use super::circuits::{Circuits, PermitOf, acquire};
use super::settle::{AtHead, Settle};

pin_project! {
    /// The response of a [`CircuitBreakerService`](super::CircuitBreakerService). It holds the permit of its call:
    /// if it is dropped before it is done, the call is [abandoned](crate::Abandoned).
    #[must_use = "a future does nothing unless it is polled"]
    pub struct ResponseFuture<S, Req, X, J, O, M = AtHead>
    where
        S: Service<Req>,
        X: Circuits<Req>,
    {
        #[pin]
        step: Step<S, Req, X>,
        classify: J,
        answer: O,
        mode: M,
    }
}

pin_project! {
    #[project = StepProjection]
    enum Step<S, Req, X>
    where
        S: Service<Req>,
        X: Circuits<Req>,
    {
        // The inner service is not ready yet. No permit is held while it is waited for.
        Waiting { inner: S, request: Option<Req>, circuits: X },
        Running { #[pin] future: S::Future, permit: Option<PermitOf<X, Req>> },
        // What is needed for an answer, until it was given.
        Rejected { refusal: Option<(Rejected, Req)> },
    }
}

impl<S: Service<Req>, Req, X: Circuits<Req>> Step<S, Req, X> {
    /// Calls a service that is ready. If it panics, the call failed.
    fn run(inner: &mut S, request: Req, mut permit: PermitOf<X, Req>) -> Self {
        let future = permit.running(|| inner.call(request));
        Self::Running { future, permit: Some(permit) }
    }
}

impl<S: Service<Req>, Req, X: Circuits<Req>, J, O, M> ResponseFuture<S, Req, X, J, O, M> {
    pub(super) fn running(inner: &mut S, request: Req, permit: PermitOf<X, Req>, rules: (J, O, M)) -> Self {
        Self::new(Step::run(inner, request, permit), rules)
    }

    pub(super) fn waiting(inner: S, request: Req, circuits: X, rules: (J, O, M)) -> Self {
        Self::new(Step::Waiting { inner, request: Some(request), circuits }, rules)
    }

    pub(super) fn rejected(rejected: Rejected, request: Req, rules: (J, O, M)) -> Self {
        Self::new(Step::Rejected { refusal: Some((rejected, request)) }, rules)
    }

    fn new(step: Step<S, Req, X>, (classify, answer, mode): (J, O, M)) -> Self {
        Self { step, classify, answer, mode }
    }
}

impl<S, Req, X, J, O, M> Future for ResponseFuture<S, Req, X, J, O, M>
where
    S: Service<Req>,
    X: Circuits<Req>,
    O: Answer<Req, S::Response, S::Error>,
    M: Settle<J, S::Response, S::Error, PermitOf<X, Req>>,
{
    type Output = Result<M::Response, O::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let next = match this.step.as_mut().project() {
                StepProjection::Waiting { inner, request, circuits } => {
                    let polled = ready!(inner.poll_ready(cx));
                    // Without a request there was an answer before.
                    let Some(request) = request.take() else { return Poll::Pending };
                    match polled {
                        Ok(()) => match acquire(circuits, &request) {
                            Ok(permit) => Step::run(inner, request, permit),
                            Err(rejected) => Step::Rejected { refusal: Some((rejected, request)) },
                        },
                        Err(error) => return Poll::Ready(Err(O::inner(error))),
                    }
                }
                StepProjection::Running { future, permit } => {
                    // Without a permit there was an answer before.
                    let Some(held) = permit else { return Poll::Pending };
                    let result = ready!(held.poll(future, cx));
                    let Some(held) = permit.take() else { return Poll::Pending };
                    return Poll::Ready(this.mode.settle(this.classify, result, held).map_err(O::inner));
                }
                StepProjection::Rejected { refusal } => {
                    let Some((rejected, request)) = refusal.take() else { return Poll::Pending };
                    let answer = this.answer.rejected(rejected, request);
                    return Poll::Ready(answer.map(|response| this.mode.unguarded(response)));
                }
            };
            this.step.set(next);
        }
    }
}

impl<S: Service<Req>, Req, X: Circuits<Req>, J, O, M> fmt::Debug for ResponseFuture<S, Req, X, J, O, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = match self.step {
            Step::Waiting { .. } => "waiting for the inner service",
            Step::Running { .. } => "running",
            Step::Rejected { .. } => "rejected",
        };
        f.debug_struct("ResponseFuture").field("step", &step).finish_non_exhaustive()
    }
}
