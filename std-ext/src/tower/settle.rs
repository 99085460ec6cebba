//! When a call is settled.

use std::time::Duration;

use fusebox::policy::TripPolicy;
use fusebox::{Classify, Listener, Outcome};

use super::wait_hint::WaitHint;
use crate::clock::Uptime;
use crate::permit::Permit;

/// When a call is settled, and what becomes of its response until then: [`AtHead`], or `UntilEnd` with the feature
/// `http`.
///
/// `T` and `E` are what the inner service returns, `J` is the classifier, `P` the permit.
pub trait Settle<J, T, E, P>: sealed::Sealed {
    /// What callers get.
    type Response;

    /// Settles the call that had this result, or lets its permit go on with the response.
    ///
    /// # Errors
    /// The error that the call returned.
    fn settle(&self, classify: &J, result: Result<T, E>, permit: P) -> Result<Self::Response, E>;

    /// A response that stands for no call.
    fn unguarded(&self, response: T) -> Self::Response;
}

pub(super) mod sealed {
    /// How a call ends is for this crate to say.
    pub trait Sealed {}
}

/// A call is settled when the inner service's future is done: the default. A body that is still to be read says no
/// more.
///
/// `W` says how long to stay away: see [`CircuitBreakerLayer::wait_at_least`].
///
/// [`CircuitBreakerLayer::wait_at_least`]: super::CircuitBreakerLayer::wait_at_least
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AtHead<W = ()> {
    pub(super) hint: W,
}

impl<W> sealed::Sealed for AtHead<W> {}

impl<J, T, E, W, K, C, P, L> Settle<J, T, E, Permit<K, C, P, L>> for AtHead<W>
where
    J: Classify<T, E>,
    W: WaitHint<T, E>,
    C: Uptime + Clone,
    P: TripPolicy,
    L: Listener<K>,
{
    type Response = T;

    fn settle(&self, classify: &J, result: Result<T, E>, permit: Permit<K, C, P, L>) -> Result<T, E> {
        let outcome = classify.classify(&result);
        settle(permit, outcome, || self.hint.wait(&result));
        result
    }

    fn unguarded(&self, response: T) -> T {
        response
    }
}

/// Settles a call. If it failed and said for how long to stay away, a circuit that is open then waits at least so long.
pub(crate) fn settle<K, C, P, L>(permit: Permit<K, C, P, L>, outcome: Outcome, hint: impl FnOnce() -> Option<Duration>)
where
    C: Uptime + Clone,
    P: TripPolicy,
    L: Listener<K>,
{
    let wait = if outcome == Outcome::Failure { hint() } else { None };
    let asked = wait.map(|wait| (permit.handle(), wait));
    permit.settle(outcome);
    if let Some((circuit, wait)) = asked {
        circuit.wait_as_asked(wait);
    }
}
