//! Guarded calls: acquire, call, settle, whatever happens in between.

use core::future::poll_fn;
use core::pin::pin;

use crate::classify::{AnyError, Classify};
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
        let guard = FailOnUnwind(Some(self.try_acquire()?));
        let result = call();
        let outcome = judge(&result);
        guard.settle(outcome);
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
        let guard = FailOnUnwind(Some(self.try_acquire()?));
        let mut future = pin!(call());
        // Between two polls the permit lies here: a future that is dropped then is abandoned.
        let mut permit = guard.disarm();
        let result = poll_fn(|context| {
            let guard = FailOnUnwind(permit.take());
            let poll = future.as_mut().poll(context);
            permit = guard.disarm();
            poll
        })
        .await;
        let guard = FailOnUnwind(permit);
        let outcome = judge(&result);
        guard.settle(outcome);
        Ok(result)
    }
}

/// Holds a permit while the user's code runs: if that panics, the call failed.
struct FailOnUnwind<'a, C: Clock, P: TripPolicy, L: Listener<K>, K: ?Sized, S: AsRef<Settings<C, P>>>(
    Option<Permit<'a, C, P, L, K, S>>,
);

impl<'a, C: Clock, P: TripPolicy, L: Listener<K>, K: ?Sized, S: AsRef<Settings<C, P>>> FailOnUnwind<'a, C, P, L, K, S> {
    #[inline]
    fn settle(self, outcome: Outcome) {
        if let Some(permit) = self.disarm() {
            permit.settle(outcome);
        }
    }

    #[inline]
    fn disarm(mut self) -> Option<Permit<'a, C, P, L, K, S>> {
        self.0.take()
    }
}

impl<C: Clock, P: TripPolicy, L: Listener<K>, K: ?Sized, S: AsRef<Settings<C, P>>> Drop
    for FailOnUnwind<'_, C, P, L, K, S>
{
    #[inline]
    fn drop(&mut self) {
        if let Some(permit) = self.0.take() {
            permit.failure();
        }
    }
}
