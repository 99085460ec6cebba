//! Calls that are measured.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use fusebox::policy::{MaxFailures, TripPolicy};
use fusebox::{AnyError, Classify, Error, Listener, Outcome, Rejected};
use fusebox_std::{Handle, StdClock, Uptime};

use super::Histograms;
use super::cells::{Cells, Ended};

/// A [`Handle`] whose calls are measured by the set's clock, from [`CallDurations::of`](crate::CallDurations::of). Rejected
/// calls took no time and are not among them.
pub struct TimedHandle<K, C = StdClock, P: TripPolicy = MaxFailures<3>, L = ()> {
    handle: Handle<K, C, P, L>,
    cells: Histograms,
}

impl<K, C: Uptime + Clone, P: TripPolicy, L: Listener<K>> TimedHandle<K, C, P, L> {
    pub(super) fn new(handle: Handle<K, C, P, L>, cells: Histograms) -> Self {
        Self { handle, cells }
    }

    /// The handle without measuring.
    pub const fn handle(&self) -> &Handle<K, C, P, L> {
        &self.handle
    }

    /// As [`Handle::call`].
    ///
    /// # Errors
    /// As [`Handle::call`].
    pub fn call<T, E>(&self, call: impl FnOnce() -> Result<T, E>) -> Result<T, Error<E>> {
        self.call_with(AnyError, call)
    }

    /// As [`Handle::call_with`].
    ///
    /// # Errors
    /// As [`Handle::call_with`].
    #[allow(clippy::needless_pass_by_value, reason = "a classifier is made for the call more often than kept")]
    pub fn call_with<T, E>(
        &self,
        classify: impl Classify<T, E>,
        call: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, Error<E>> {
        self.run(|result| classify.classify(result), call)?.map_err(Error::Inner)
    }

    /// As [`Handle::run`].
    ///
    /// # Errors
    /// As [`Handle::run`].
    pub fn run<T>(&self, judge: impl FnOnce(&T) -> Outcome, call: impl FnOnce() -> T) -> Result<T, Rejected> {
        let watch = self.watch();
        let judge = |result: &T| {
            let outcome = judge(result);
            watch.stop(ended(outcome));
            outcome
        };
        self.handle.run(judge, || {
            watch.start();
            watch.running.store(true, Relaxed);
            call()
        })
    }

    /// As [`Handle::call_async`].
    ///
    /// # Errors
    /// As [`Handle::call_async`].
    pub async fn call_async<T, E, F>(&self, call: impl FnOnce() -> F) -> Result<T, Error<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        self.call_async_with(AnyError, call).await
    }

    /// As [`Handle::call_async_with`].
    ///
    /// # Errors
    /// As [`Handle::call_async_with`].
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

    /// As [`Handle::run_async`].
    ///
    /// # Errors
    /// As [`Handle::run_async`].
    pub async fn run_async<T, F>(
        &self,
        judge: impl FnOnce(&T) -> Outcome,
        call: impl FnOnce() -> F,
    ) -> Result<T, Rejected>
    where
        F: Future<Output = T>,
    {
        let watch = self.watch();
        let judge = |result: &T| {
            let outcome = judge(result);
            watch.stop(ended(outcome));
            outcome
        };
        let call = || {
            watch.start();
            watch.running.store(true, Relaxed);
            let future = call();
            let watch = &watch;
            async move {
                let mut future = pin!(future);
                poll_fn(|context| {
                    watch.running.store(true, Relaxed);
                    let poll = future.as_mut().poll(context);
                    watch.running.store(poll.is_ready(), Relaxed);
                    poll
                })
                .await
            }
        };
        self.handle.run_async(judge, call).await
    }

    /// Notes how long a call took that was made in another way: with a permit, or by a service.
    pub fn record(&self, outcome: Outcome, took: Duration) {
        self.cells.record(ended(outcome), took);
    }

    /// Notes how long such a call ran of which nobody saw the end.
    pub fn record_abandoned(&self, ran: Duration) {
        self.cells.record(Ended::Abandoned, ran);
    }

    fn watch(&self) -> Watch<'_, C> {
        let (clock, cells) = (self.handle.clock(), &*self.cells);
        Watch { clock, cells, state: AtomicU8::new(IDLE), started: AtomicU64::new(0), running: AtomicBool::new(false) }
    }
}

impl<K, C, P: TripPolicy, L> Clone for TimedHandle<K, C, P, L> {
    fn clone(&self) -> Self {
        Self { handle: self.handle.clone(), cells: Histograms::clone(&self.cells) }
    }
}

impl<K: fmt::Debug, C: Uptime + Clone, P: TripPolicy, L: Listener<K>> fmt::Debug for TimedHandle<K, C, P, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimedHandle").field("handle", &self.handle).finish_non_exhaustive()
    }
}

const fn ended(outcome: Outcome) -> Ended {
    match outcome {
        Outcome::Success => Ended::Success,
        Outcome::Failure => Ended::Failure,
        Outcome::Ignored => Ended::Ignored,
    }
}

const IDLE: u8 = 0;
const STARTED: u8 = 1;
const STOPPED: u8 = 2;

/// A stop watch for one call. What it holds is atomic so that a future that holds it may move to another thread.
struct Watch<'a, C: Uptime> {
    clock: &'a C,
    cells: &'a Cells,
    state: AtomicU8,
    started: AtomicU64,
    /// Whether the user's code is running: if this is dropped then, it panicked.
    running: AtomicBool,
}

impl<C: Uptime> Watch<'_, C> {
    fn start(&self) {
        self.started.store(self.now(), Relaxed);
        self.state.store(STARTED, Relaxed);
    }

    fn stop(&self, ended: Ended) {
        if self.state.swap(STOPPED, Relaxed) == STARTED {
            let took = self.now().saturating_sub(self.started.load(Relaxed));
            self.cells.record(ended, Duration::from_nanos(took));
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.clock.uptime().as_nanos()).unwrap_or(u64::MAX)
    }
}

impl<C: Uptime> Drop for Watch<'_, C> {
    fn drop(&mut self) {
        let running = *self.running.get_mut();
        self.stop(if running { Ended::Failure } else { Ended::Abandoned });
    }
}
