//! A handle to one peer's circuit, to keep and to clone.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use fusebox::policy::{MaxFailures, Tally, TripPolicy};
use fusebox::{AnyError, Classify, Error, Listener, Outcome, Peer, Rejected, SettingsError, Snapshot, State};

use crate::clock::{StdClock, Uptime};
use crate::counts::CallCounts;
use crate::entry::Entry;
use crate::explain::Explanation;
use crate::held::{Held, Running};
use crate::permit::Permit;
use crate::record::{Log, Record, StateTimes};
use crate::recorder::Recorder;

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
        &self.0.key
    }

    /// Makes a call if the circuit lets it through. Every error counts as a failure, and so does a panic, which goes
    /// on unwinding.
    ///
    /// # Errors
    /// [`Error::Rejected`] if the call was not made, [`Error::Inner`] with its own error.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "as `run` is")]
    pub fn call<T, E>(&self, call: impl FnOnce() -> Result<T, E>) -> Result<T, Error<E>> {
        self.call_with(AnyError, call)
    }

    /// Makes a call, and lets `classify` say how its result counts.
    ///
    /// # Errors
    /// As [`call`](Self::call), whatever the result counts as.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "as `run` is")]
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
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a success is a few instructions, and nearly all calls succeed")]
    pub fn run<T>(&self, judge: impl FnOnce(&T) -> Outcome, call: impl FnOnce() -> T) -> Result<T, Rejected> {
        let running = Running::new(&*self.0, self.0.admit()?);
        let result = call();
        let outcome = judge(&result);
        running.settle(outcome);
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

    /// Makes an asynchronous call, or takes `fallback` of the rejection or the error. The fallback is not guarded.
    ///
    /// ```
    /// use fusebox_std::CircuitBreakerSet;
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    /// # runtime.block_on(async {
    /// let prices = CircuitBreakerSet::<String>::new().handle("prices").map_err(std::io::Error::other)?;
    /// let price = prices.call_async_or(|| async { Err::<u32, _>("no answer") }, |_| async { 9 }).await;
    /// assert_eq!(price, 9);
    /// # Ok::<(), std::io::Error>(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub async fn call_async_or<T, E, F, G>(&self, call: impl FnOnce() -> F, fallback: impl FnOnce(Error<E>) -> G) -> T
    where
        F: Future<Output = Result<T, E>>,
        G: Future<Output = T>,
    {
        match self.call_async(call).await {
            Ok(answer) => answer,
            Err(error) => fallback(error).await,
        }
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

    /// Takes in the result of a call that was made without asking, such as one that a log or a load balancer tells of.
    /// It counts, as a fast one, while the circuit is closed, and not otherwise: probes are those that were admitted.
    /// The [counters](Self::counts) have it in any case.
    ///
    /// ```
    /// use fusebox::{Outcome, State};
    /// use fusebox_std::CircuitBreakerSet;
    ///
    /// let upstreams = CircuitBreakerSet::<String>::new();
    /// let inventory = upstreams.handle("inventory")?;
    /// for _ in 0..4 {
    ///     inventory.report(Outcome::Failure);
    /// }
    /// assert_eq!(inventory.state(), State::Open);
    /// # Ok::<(), fusebox::Rejected>(())
    /// ```
    pub fn report(&self, outcome: Outcome) {
        self.0.report(outcome);
    }

    /// The state.
    pub fn state(&self) -> State {
        self.peer().state()
    }

    /// What the trip policy would judge now.
    pub fn tally(&self) -> Tally {
        self.peer().tally()
    }

    /// The time until another attempt may help.
    pub fn retry_after(&self) -> Option<Duration> {
        self.peer().retry_after().map(fusebox::Ticks::as_duration)
    }

    /// How many calls there were, and what became of them.
    pub fn counts(&self) -> CallCounts {
        self.0.counts()
    }

    /// The last transitions, oldest first.
    pub fn records(&self) -> Vec<Record> {
        self.0.look_back(Log::records)
    }

    /// How long the circuit was in each state.
    pub fn state_times(&self) -> StateTimes {
        let now = self.0.common.clock().uptime();
        self.0.look_back(|log| log.times(now))
    }

    /// Why the circuit is in its state, since when and until when, on which evidence.
    pub fn explain(&self) -> Explanation {
        let latest = self.0.look_back(Log::latest);
        Explanation::new(self.state(), latest, self.retry_after(), self.tally())
    }

    /// The state as plain data, to be taken over a restart.
    pub fn snapshot(&self) -> Snapshot {
        self.peer().snapshot()
    }

    /// Takes up a saved state, `asleep` after it was saved.
    pub fn restore(&self, snapshot: &Snapshot, asleep: Duration) {
        self.peer().restore(snapshot, asleep);
    }

    /// Opens the circuit by hand, for the usual wait.
    pub fn open(&self) {
        self.peer().open();
    }

    /// Opens the circuit by hand for at least this long.
    ///
    /// # Errors
    /// [`SettingsError::OpenFor`] for more than the clock can measure, and nothing is changed.
    pub fn open_for(&self, wait: Duration) -> Result<(), SettingsError> {
        self.peer().open_for(wait)
    }

    /// Makes the rest of an open circuit's wait at least this long, for a peer that said when to come back. Says
    /// whether the wait became longer; a circuit that is not open stays as it is.
    ///
    /// # Errors
    /// [`SettingsError::WaitAtLeast`] for more than the clock can measure, and nothing is changed.
    pub fn wait_at_least(&self, wait: Duration) -> Result<bool, SettingsError> {
        self.peer().wait_at_least(wait)
    }

    /// Lets probes through by hand. Says whether it could.
    pub fn half_open(&self) -> bool {
        self.peer().half_open()
    }

    /// Closes the circuit by hand, as successful probes would.
    pub fn close(&self) {
        self.peer().close();
    }

    /// Makes the circuit as new.
    pub fn reset(&self) {
        self.peer().reset();
    }

    /// Rejects all calls until somebody says otherwise.
    pub fn force_open(&self) {
        self.peer().force_open();
    }

    /// Lets all calls through and counts none towards a trip, until somebody says otherwise.
    pub fn disable(&self) {
        self.peer().disable();
    }

    /// Lets all calls through and simulates what would have been: a dry run.
    pub fn observe(&self) {
        self.peer().observe();
    }

    /// Ends a mode set by hand.
    pub fn automatic(&self) {
        self.peer().automatic();
    }

    /// Waits at least as long as a peer asked for, or as long as the clock can measure.
    #[cfg(feature = "tower")]
    pub(crate) fn wait_as_asked(&self, wait: Duration) {
        const MOST_TICKS: u64 = (1 << 31) - (1 << 20);
        let most = Duration::from_nanos((MOST_TICKS * 1_000_000_000).checked_div(u64::from(C::HZ)).unwrap_or(0));
        // What is capped so is never refused.
        let _ = self.wait_at_least(wait.min(most));
    }

    /// Whether any call would be rejected now.
    #[cfg(feature = "tower")]
    pub(crate) fn rejects(&self) -> bool {
        self.state() == State::ForcedOpen || self.retry_after().is_some()
    }

    pub(crate) fn peer(&self) -> Peer<'_, C, P, Recorder, Entry<K, C, P, L>> {
        self.0.peer()
    }
}

impl<K: std::fmt::Debug, C: Uptime + Clone, P: TripPolicy, L: Listener<K>> std::fmt::Debug for Handle<K, C, P, L> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle").field("key", self.key()).field("state", &self.state()).finish_non_exhaustive()
    }
}
