//! A handle to one peer's circuit, to keep and to clone.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use fusebox::policy::{MaxFailures, Tally, TripPolicy};
use fusebox::{AnyError, Classify, Error, Listener, Outcome, Rejected, SettingsError, Snapshot, State};

use crate::clock::{StdClock, Uptime};
use crate::counts::CallCounts;
use crate::entry::{Breaker, Entry};
use crate::explain::Explanation;
use crate::held::Held;
use crate::permit::Permit;
use crate::record::{Record, StateTimes};

/// A handle to one peer's circuit, from a [`CircuitBreakerSet`](crate::CircuitBreakerSet).
///
/// It is an `Arc`: cheap to clone and to keep for as long as you like. A circuit that is evicted goes on for those
/// who still have a handle; the set makes a new one for the next who asks.
///
/// ```
/// use fusebox_std::CircuitBreakerSet;
///
/// let upstreams = CircuitBreakerSet::<String>::new();
/// let inventory = upstreams.handle("inventory")?;
/// let stock = inventory.call(|| Ok::<_, ()>(7));
/// assert_eq!(stock, Ok(7));
/// # Ok::<(), fusebox::Rejected>(())
/// ```
pub struct Handle<K, C = StdClock, P: TripPolicy = MaxFailures<3>, L = ()>(pub(crate) Arc<Entry<K, C, P, L>>);

impl<K, C, P: TripPolicy, L> Clone for Handle<K, C, P, L> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, C: Uptime + Clone, P: TripPolicy, L: Listener<K>> Handle<K, C, P, L> {
    /// The peer.
    pub fn key(&self) -> &K {
        &self.0.beside.key
    }

    /// Makes a call if the circuit lets it through. Every error counts as a failure, and so does a panic, which goes
    /// on unwinding.
    ///
    /// # Errors
    /// [`Error::Rejected`] if the call was not made, [`Error::Inner`] with its own error.
    pub fn call<T, E>(&self, call: impl FnOnce() -> Result<T, E>) -> Result<T, Error<E>> {
        self.call_with(AnyError, call)
    }

    /// Makes a call, and lets `classify` say how its result counts.
    ///
    /// # Errors
    /// As [`call`](Self::call), whatever the result counts as.
    #[allow(clippy::needless_pass_by_value, reason = "a classifier is made for the call more often than kept")]
    pub fn call_with<T, E>(
        &self,
        classify: impl Classify<T, E>,
        call: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, Error<E>> {
        self.run(|result| classify.classify(result), call)?.map_err(Error::Inner)
    }

    /// Makes a call, or takes `fallback` of the rejection or the error.
    ///
    /// ```
    /// use fusebox_std::CircuitBreakerSet;
    ///
    /// let upstreams = CircuitBreakerSet::<String>::new();
    /// let prices = upstreams.handle("prices")?;
    /// assert_eq!(prices.call_or(|| Err::<u32, _>("no answer"), |_| 9), 9);
    /// # Ok::<(), fusebox::Rejected>(())
    /// ```
    pub fn call_or<T, E>(&self, call: impl FnOnce() -> Result<T, E>, fallback: impl FnOnce(Error<E>) -> T) -> T {
        self.call(call).unwrap_or_else(fallback)
    }

    /// Makes a call that may return anything, judged by what it returned.
    ///
    /// # Errors
    /// [`Rejected`] if the call was not made.
    #[inline]
    pub fn run<T>(&self, judge: impl FnOnce(&T) -> Outcome, call: impl FnOnce() -> T) -> Result<T, Rejected> {
        let held = Held::run(&*self.0)?;
        let result = call();
        let outcome = judge(&result);
        held.settle(outcome);
        Ok(result)
    }

    /// Makes an asynchronous call if the circuit lets it through when first polled. A future that is dropped before
    /// it is done is [abandoned](crate::Abandoned).
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn call_async<T, E, F>(&self, call: impl FnOnce() -> F) -> Result<T, Error<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        self.call_async_with(AnyError, call).await
    }

    /// Makes an asynchronous call, and lets `classify` say how its result counts.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn call_async_with<T, E, F>(
        &self,
        classify: impl Classify<T, E>,
        call: impl FnOnce() -> F,
    ) -> Result<T, Error<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        self.run_async(|result| classify.classify(result), call).await?.map_err(Error::Inner)
    }

    /// Makes an asynchronous call that may return anything, judged by what it returned.
    ///
    /// # Errors
    /// [`Rejected`] if the call was not made.
    pub async fn run_async<T, F>(
        &self,
        judge: impl FnOnce(&T) -> Outcome,
        call: impl FnOnce() -> F,
    ) -> Result<T, Rejected>
    where
        F: Future<Output = T>,
    {
        let mut held = Held::keep(&*self.0)?;
        held.running = true;
        let mut future = pin!(call());
        let result = poll_fn(|context| {
            held.running = true;
            let poll = future.as_mut().poll(context);
            held.running = poll.is_ready();
            poll
        })
        .await;
        let outcome = judge(&result);
        held.settle(outcome);
        Ok(result)
    }

    /// Asks to make one call. The permit borrows nothing and is to be settled with the outcome.
    ///
    /// # Errors
    /// [`Rejected`], with the reason and the time until another attempt may help.
    pub fn try_acquire(&self) -> Result<Permit<K, C, P, L>, Rejected> {
        Held::keep(Arc::clone(&self.0)).map(Permit)
    }

    /// The state.
    pub fn state(&self) -> State {
        self.breaker().state()
    }

    /// What the trip policy would judge now.
    pub fn tally(&self) -> Tally {
        self.breaker().tally()
    }

    /// The time until another attempt may help.
    pub fn retry_after(&self) -> Option<Duration> {
        self.breaker().retry_after().map(fusebox::Ticks::as_duration)
    }

    /// How many calls there were, and what became of them.
    pub fn counts(&self) -> CallCounts {
        self.0.beside.counters.read()
    }

    /// The last transitions, oldest first.
    pub fn records(&self) -> Vec<Record> {
        self.0.beside.log.lock().records()
    }

    /// How long the circuit was in each state.
    pub fn state_times(&self) -> StateTimes {
        let now = self.0.beside.common.clock.uptime();
        self.0.beside.log.lock().times(now)
    }

    /// Why the circuit is in its state, since when and until when, on which evidence.
    pub fn explain(&self) -> Explanation {
        let latest = self.0.beside.log.lock().latest();
        Explanation::new(self.state(), latest, self.retry_after(), self.tally())
    }

    /// The state as plain data, to be taken over a restart.
    pub fn snapshot(&self) -> Snapshot {
        self.breaker().snapshot()
    }

    /// Takes up a saved state, `asleep` after it was saved.
    pub fn restore(&self, snapshot: &Snapshot, asleep: Duration) {
        self.breaker().restore(snapshot, asleep);
    }

    /// Opens the circuit by hand, for the usual wait.
    pub fn open(&self) {
        self.breaker().open();
    }

    /// Opens the circuit by hand for at least this long.
    ///
    /// # Errors
    /// [`SettingsError::OpenFor`] for more than the clock can measure, and nothing is changed.
    pub fn open_for(&self, wait: Duration) -> Result<(), SettingsError> {
        self.breaker().open_for(wait)
    }

    /// Makes the rest of an open circuit's wait at least this long, for a peer that said when to come back. Says
    /// whether the wait became longer; a circuit that is not open stays as it is.
    ///
    /// # Errors
    /// [`SettingsError::WaitAtLeast`] for more than the clock can measure, and nothing is changed.
    pub fn wait_at_least(&self, wait: Duration) -> Result<bool, SettingsError> {
        self.breaker().wait_at_least(wait)
    }

    /// Lets probes through by hand. Says whether it could.
    pub fn half_open(&self) -> bool {
        self.breaker().half_open()
    }

    /// Closes the circuit by hand, as successful probes would.
    pub fn close(&self) {
        self.breaker().close();
    }

    /// Makes the circuit as new.
    pub fn reset(&self) {
        self.breaker().reset();
    }

    /// Rejects all calls until somebody says otherwise.
    pub fn force_open(&self) {
        self.breaker().force_open();
    }

    /// Lets all calls through and counts none towards a trip, until somebody says otherwise.
    pub fn disable(&self) {
        self.breaker().disable();
    }

    /// Lets all calls through and simulates what would have been: a dry run.
    pub fn observe(&self) {
        self.breaker().observe();
    }

    /// Ends a mode set by hand.
    pub fn automatic(&self) {
        self.breaker().automatic();
    }

    fn breaker(&self) -> &Breaker<K, C, P, L> {
        &self.0.breaker
    }
}

impl<K: std::fmt::Debug, C: Uptime + Clone, P: TripPolicy, L: Listener<K>> std::fmt::Debug for Handle<K, C, P, L> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle").field("key", self.key()).field("state", &self.state()).finish_non_exhaustive()
    }
}
