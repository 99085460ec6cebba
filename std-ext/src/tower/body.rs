//! A body that holds the permit of its call.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use fusebox::policy::TripPolicy;
use fusebox::{Listener, Outcome};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::settle::settle;
use super::until_end::UntilEnd;
use crate::clock::Uptime;
use crate::http::ClassifyTrailers;
use crate::permit::Permit;

pin_project! {
    /// A body that holds the permit of its call and settles it when it ends: see
    /// [`CircuitBreakerLayer::until_end`](super::CircuitBreakerLayer::until_end). Frames pass through as they come.
    pub struct GuardedBody<B, P, T, W = ()> {
        #[pin]
        body: B,
        // None once the call was settled.
        guard: Option<Guard<P, T, W>>,
    }
}

/// What it takes to settle a call at the end of its body.
struct Guard<P, T, W> {
    permit: P,
    end: UntilEnd<T, W>,
    /// How long to stay away, by the trailers.
    wait: fn(&W, &HeaderMap) -> Option<Duration>,
}

impl<B, P, T, W> GuardedBody<B, P, T, W> {
    /// A body whose call was settled before it began, or that no call stands behind.
    pub(super) const fn unguarded(body: B) -> Self {
        Self { body, guard: None }
    }

    /// The body inside.
    pub const fn get_ref(&self) -> &B {
        &self.body
    }
}

impl<B, K, C: Uptime + Clone, P: TripPolicy, L: Listener<K>, T, W> GuardedBody<B, Permit<K, C, P, L>, T, W> {
    pub(super) fn guarded(
        body: B,
        mut permit: Permit<K, C, P, L>,
        end: UntilEnd<T, W>,
        wait: fn(&W, &HeaderMap) -> Option<Duration>,
    ) -> Self {
        permit.0.running = false;
        Self { body, guard: Some(Guard { permit, end, wait }) }
    }
}

impl<B, K, C, P, L, T, W> Body for GuardedBody<B, Permit<K, C, P, L>, T, W>
where
    B: Body,
    C: Uptime + Clone,
    P: TripPolicy,
    L: Listener<K>,
    T: ClassifyTrailers,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        // A guard that is dropped by a panic, of the body or of the classifier, is that of a failed call.
        let guard = this.guard.take().map(Guard::running);
        let polled = this.body.as_mut().poll_frame(cx);
        let Some(guard) = guard else { return polled };
        match &polled {
            Poll::Ready(None) => guard.settle(Outcome::Success),
            Poll::Ready(Some(Err(_))) => guard.settle(Outcome::Failure),
            Poll::Ready(Some(Ok(frame))) => match frame.trailers_ref() {
                Some(trailers) => guard.settle_by(trailers),
                // Nobody need ask a body for more that says it has no more.
                None if this.body.is_end_stream() => guard.settle(Outcome::Success),
                None => *this.guard = Some(guard.waiting()),
            },
            Poll::Pending => *this.guard = Some(guard.waiting()),
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<K, C: Uptime + Clone, P: TripPolicy, L: Listener<K>, T: ClassifyTrailers, W> Guard<Permit<K, C, P, L>, T, W> {
    fn running(mut self) -> Self {
        self.permit.0.running = true;
        self
    }

    fn waiting(mut self) -> Self {
        self.permit.0.running = false;
        self
    }

    fn settle(self, outcome: Outcome) {
        self.permit.settle(outcome);
    }

    fn settle_by(self, trailers: &HeaderMap) {
        let Self { permit, end: UntilEnd { trailers: classify, hint }, wait } = self;
        let outcome = classify.classify_trailers(trailers);
        settle(permit, outcome, || wait(&hint, trailers));
    }
}

impl<B: fmt::Debug, P, T, W> fmt::Debug for GuardedBody<B, P, T, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardedBody").field("body", &self.body).field("settled", &self.guard.is_none()).finish()
    }
}

impl<B: Default, P, T, W> Default for GuardedBody<B, P, T, W> {
    fn default() -> Self {
        Self::unguarded(B::default())
    }
}
