//! Calls that are settled when the body of their response has ended.

use fusebox::policy::TripPolicy;
use fusebox::{Classify, Listener, Outcome};
use http::Response;
use http_body::Body;

use super::body::GuardedBody;
use super::settle::{Settle, sealed, settle};
use super::wait_hint::WaitHint;
use crate::clock::Uptime;
use crate::http::ClassifyTrailers;
use crate::permit::Permit;

/// A call whose response begins well is settled when its body has ended: see
/// [`CircuitBreakerLayer::until_end`](super::CircuitBreakerLayer::until_end).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UntilEnd<T, W = ()> {
    pub(super) trailers: T,
    pub(super) hint: W,
}

impl<T, W> sealed::Sealed for UntilEnd<T, W> {}

impl<J, B, E, T, W, K, C, P, L> Settle<J, Response<B>, E, Permit<K, C, P, L>> for UntilEnd<T, W>
where
    J: Classify<Response<B>, E>,
    B: Body,
    T: ClassifyTrailers + Clone,
    W: WaitHint<Response<B>, E> + Clone,
    C: Uptime + Clone,
    P: TripPolicy,
    L: Listener<K>,
{
    type Response = Response<GuardedBody<B, Permit<K, C, P, L>, T, W>>;

    fn settle(
        &self,
        classify: &J,
        result: Result<Response<B>, E>,
        permit: Permit<K, C, P, L>,
    ) -> Result<Self::Response, E> {
        let outcome = classify.classify(&result);
        match result {
            Ok(response) if outcome == Outcome::Success && !response.body().is_end_stream() => {
                Ok(response.map(|body| GuardedBody::guarded(body, permit, self.clone(), W::wait_by_trailers)))
            }
            result => {
                settle(permit, outcome, || self.hint.wait(&result));
                result.map(|response| response.map(GuardedBody::unguarded))
            }
        }
    }

    fn unguarded(&self, response: Response<B>) -> Self::Response {
        response.map(GuardedBody::unguarded)
    }
}
