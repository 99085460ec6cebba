//! Guarded calls: acquire, call, settle, whatever happens in between.

use core::future::poll_fn;
use core::mem;
use core::pin::pin;

use crate::classify::{AnyError, Classify};
use crate::guard::Grant;
use crate::listener::Listener;
use crate::outcome::Outcome;
use crate::peer::Peer;
use crate::permit::Permit;
use crate::policy::TripPolicy;
use crate::rejected::{Error, Rejected};
use crate::settings::Settings;
use crate::time::Clock;

#[allow(clippy::needless_pass_by_value, reason = "a classifier is made for the call more often than kept")]
impl<C: Clock, P: TripPolicy, L: Listener<K>, K: ?Sized, S: AsRef<Settings<C, P>>> Peer<'_, C, P, L, K, S> {
    /// Makes a call if the circuit lets it through. See [`CircuitBreaker::call`](crate::CircuitBreaker::call).
    #[inline]
    pub fn call<T, E>(self, call: impl FnOnce() -> Result<T, E>) -> Result<T, Error<E>> {
        self.call_with(AnyError, call)
    }

    /// Makes a call, and lets `classify` say how its result counts. See
    /// [`CircuitBreaker::call_with`](crate::CircuitBreaker::call_with).
    #[inline]
    pub fn call_with<T, E>(
        self,
        classify: impl Classify<T, E>,
        call: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, Error<E>> {
        self.run(|result| classify.classify(result), call)?.map_err(Error::Inner)
    }

    /// Makes a call that returns anything. See [`CircuitBreaker::run`](crate::CircuitBreaker::run).
    #[inline]
    pub fn run<T>(self, judge: impl FnOnce(&T) -> Outcome, call: impl FnOnce() -> T) -> Result<T, Rejected> {
        let running = match self.grant() {
            Ok(grant) => Running { peer: self, grant },
            Err(refusal) => return Err(refusal.rejected::<C>()),
        };
        let result = call();
        let outcome = judge(&result);
        running.settle(outcome);
        Ok(result)
    }

    /// Makes an asynchronous call. See [`CircuitBreaker::call_async`](crate::CircuitBreaker::call_async).
    #[inline]
    pub async fn call_async<T, E, F>(self, call: impl FnOnce() -> F) -> Result<T, Error<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        self.call_async_with(AnyError, call).await
    }

    /// Makes an asynchronous call, and lets `classify` say how its result counts. See
    /// [`CircuitBreaker::call_async_with`](crate::CircuitBreaker::call_async_with).
    #[inline]
    pub async fn call_async_with<T, E, F>(
        self,
        classify: impl Classify<T, E>,
        call: impl FnOnce() -> F,
    ) -> Result<T, Error<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        self.run_async(|result| classify.classify(result), call).await?.map_err(Error::Inner)
    }

    /// Makes an asynchronous call that returns anything. See
    /// [`CircuitBreaker::run_async`](crate::CircuitBreaker::run_async).
    pub async fn run_async<T, F>(
        self,
        judge: impl FnOnce(&T) -> Outcome,
        call: impl FnOnce() -> F,
    ) -> Result<T, Rejected>
    where
        F: Future<Output = T>,
    {
        let running = Running::resume(self.try_acquire()?);
        let mut future = pin!(call());
        // Between two polls the permit lies here: a future that is dropped then is abandoned.
        let mut permit = Some(running.pause());
        let result = poll_fn(|context| {
            let running = permit.take().map(Running::resume);
            let poll = future.as_mut().poll(context);
            permit = running.map(Running::pause);
            poll
        })
        .await;
        let running = permit.map(Running::resume);
        let outcome = judge(&result);
        if let Some(running) = running {
            running.settle(outcome);
        }
        Ok(result)
    }
}

/// A call while the user's code runs: if that panics, the call failed.
struct Running<'a, C: Clock, P: TripPolicy, L: Listener<K>, K: ?Sized, S: AsRef<Settings<C, P>>> {
    peer: Peer<'a, C, P, L, K, S>,
    grant: Grant,
}

impl<'a, C: Clock, P: TripPolicy, L: Listener<K>, K: ?Sized, S: AsRef<Settings<C, P>>> Running<'a, C, P, L, K, S> {
    #[inline]
    fn settle(self, outcome: Outcome) {
        let Self { peer, grant } = self;
        mem::forget(self);
        peer.settle(grant, outcome, None);
    }

    fn pause(self) -> Permit<'a, C, P, L, K, S> {
        let permit = Permit::new(self.peer, self.grant);
        mem::forget(self);
        permit
    }

    fn resume(permit: Permit<'a, C, P, L, K, S>) -> Self {
        let (peer, grant) = permit.into_parts();
        Self { peer, grant }
    }
}

impl<C: Clock, P: TripPolicy, L: Listener<K>, K: ?Sized, S: AsRef<Settings<C, P>>> Drop for Running<'_, C, P, L, K, S> {
    #[inline]
    fn drop(&mut self) {
        self.peer.settle(self.grant, Outcome::Failure, None);
    }
}
