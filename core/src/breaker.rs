//! One breaker for one peer.

use core::time::Duration;

use crate::circuit::Circuit;
use crate::classify::Classify;
use crate::listener::Listener;
use crate::outcome::{Outcome, State};
use crate::peer::{Peer, Shared};
use crate::permit::Permit;
use crate::policy::{MaxFailures, Tally, TripPolicy};
use crate::rejected::{Error, Rejected};
use crate::settings::Settings;
use crate::settings_error::SettingsError;
use crate::snapshot::Snapshot;
use crate::time::{Clock, Ticks};

/// Watches the calls to one peer: too many failures and it opens, after a wait it lets a probe through,
/// a success closes it and a failure opens it again.
///
/// Every method takes `&self` and none of them locks: one breaker, in a `static` if you like, serves
/// threads, tasks and interrupt handlers at once. None allocates or panics.
///
/// For many peers see [`CircuitBreakerSet`](crate::CircuitBreakerSet).
///
/// `C` is the clock, `P` the trip policy, `L` the listener, and `S` the settings: [`Settings`] of its own, a
/// reference to some that are shared, or a type of which they are a constant, as
/// [`constant_settings!`](crate::constant_settings) makes them.
///
/// ```
/// use fusebox::{CircuitBreaker, Error, State, clock::TickCounter};
///
/// static UPTIME: TickCounter<1_000> = TickCounter::new();
/// static RADIO: CircuitBreaker<&TickCounter<1_000>> = CircuitBreaker::new(&UPTIME);
///
/// fn send(frame: &[u8]) -> Result<(), &'static str> {
///     # let _ = frame;
///     Err("no acknowledgement")
/// }
///
/// for _ in 0..4 {
///     assert_eq!(RADIO.call(|| send(b"hello")), Err(Error::Inner("no acknowledgement")));
/// }
/// // Four failures within a minute: the radio stays silent for ten seconds.
/// assert_eq!(RADIO.state(), State::Open);
/// assert!(matches!(RADIO.call(|| send(b"hello")), Err(Error::Rejected(_))));
/// ```
#[derive(Debug)]
pub struct CircuitBreaker<C, P: TripPolicy = MaxFailures<3>, L = (), S = Settings<C, P>> {
    circuit: Circuit<P>,
    shared: Shared<C, L, S>,
}

impl<C: Clock> CircuitBreaker<C> {
    /// A closed breaker with [`Settings::DEFAULT`].
    pub const fn new(clock: C) -> Self {
        Self::with_listener(clock, Settings::DEFAULT, ())
    }
}

impl<C: Clock, P: TripPolicy, S: AsRef<Settings<C, P>>> CircuitBreaker<C, P, (), S> {
    /// A closed breaker.
    pub const fn with_settings(clock: C, settings: S) -> Self {
        Self::with_listener(clock, settings, ())
    }
}

impl<C: Clock, P: TripPolicy, L: Listener, S: AsRef<Settings<C, P>>> CircuitBreaker<C, P, L, S> {
    /// A closed breaker that tells `listener` of its events.
    pub const fn with_listener(clock: C, settings: S, listener: L) -> Self {
        Self { circuit: Circuit::new(), shared: Shared { settings, clock, listener } }
    }

    /// A handle to this breaker, such as a set has for each of its peers.
    #[inline]
    pub const fn peer(&self) -> Peer<'_, C, P, L, (), S> {
        Peer { key: &(), circuit: &self.circuit, shared: &self.shared }
    }

    /// The clock it goes by.
    pub const fn clock(&self) -> &C {
        &self.shared.clock
    }

    /// The settings it goes by.
    pub fn settings(&self) -> &Settings<C, P> {
        self.shared.settings.as_ref()
    }

    /// Asks to make one call. The permit is to be settled with its outcome.
    ///
    /// Closed, this is one load and a branch: no interrupt is masked, and no clock read unless calls are timed
    /// ([`slow_call`](crate::SettingsBuilder::slow_call),
    /// [`abandoned_after`](crate::SettingsBuilder::abandoned_after)). An open circuit whose wait is over becomes
    /// half-open by this, and the permit is its first probe's.
    ///
    /// # Errors
    /// [`Rejected`], with the reason and the time until another attempt may help.
    #[inline]
    pub fn try_acquire(&self) -> Result<Permit<'_, C, P, L, (), S>, Rejected> {
        self.peer().try_acquire()
    }

    /// Makes a call if the circuit lets it through. Every error counts as a failure, and so does a
    /// panic, which goes on unwinding.
    ///
    /// # Errors
    /// [`Error::Rejected`] if the call was not made, [`Error::Inner`] with its own error.
    #[inline]
    pub fn call<T, E>(&self, call: impl FnOnce() -> Result<T, E>) -> Result<T, Error<E>> {
        self.peer().call(call)
    }

    /// Makes a call, and lets `classify` say how its result counts: see [`Classify`] and
    /// [`by_error`](crate::by_error).
    ///
    /// # Errors
    /// As [`call`](Self::call), whatever the result counts as.
    #[inline]
    pub fn call_with<T, E>(
        &self,
        classify: impl Classify<T, E>,
        call: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, Error<E>> {
        self.peer().call_with(classify, call)
    }

    /// Makes a call that may return anything, judged by what it returned.
    ///
    /// ```
    /// use fusebox::{CircuitBreaker, Outcome, clock::ManualClock};
    ///
    /// let clock = ManualClock::<1_000>::new();
    /// let breaker = CircuitBreaker::new(&clock);
    /// let judge = |status: &u16| if *status >= 500 { Outcome::Failure } else { Outcome::Success };
    /// assert_eq!(breaker.run(judge, || 503), Ok(503));
    /// assert_eq!(breaker.tally().failures, 1);
    /// ```
    ///
    /// # Errors
    /// [`Rejected`] if the call was not made.
    #[inline]
    pub fn run<T>(&self, judge: impl FnOnce(&T) -> Outcome, call: impl FnOnce() -> T) -> Result<T, Rejected> {
        self.peer().run(judge, call)
    }

    /// Makes an asynchronous call if the circuit lets it through when first polled. `call` makes the
    /// future; it is not even made otherwise.
    ///
    /// A future that is dropped before it is done, by a timeout around it for instance, is abandoned: see
    /// [`abandoned`](crate::SettingsBuilder::abandoned).
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// use fusebox::{CircuitBreaker, clock::ManualClock};
    ///
    /// let clock = ManualClock::<1_000>::new();
    /// let breaker = CircuitBreaker::new(&clock);
    /// let answer = breaker.call_async(|| async { Ok::<_, ()>("pong") }).await;
    /// assert_eq!(answer, Ok("pong"));
    /// # });
    /// ```
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn call_async<T, E, F>(&self, call: impl FnOnce() -> F) -> Result<T, Error<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        self.peer().call_async(call).await
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
        self.peer().call_async_with(classify, call).await
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
        self.peer().run_async(judge, call).await
    }

    /// The state. Time alone does not change it: an open circuit stays open until a call comes after its
    /// wait.
    #[inline]
    pub fn state(&self) -> State {
        self.peer().state()
    }

    /// What the trip policy would judge now.
    pub fn tally(&self) -> Tally {
        self.peer().tally()
    }

    /// What the rates of the policy judge now: `None` for policies without rates, and while fewer calls are known than
    /// those need.
    ///
    /// ```
    /// use fusebox::policy::{CountWindow, Rates};
    /// use fusebox::{CircuitBreaker, Settings, clock::ManualClock};
    ///
    /// let settings = Settings::builder().count_window(20, Rates::failures(80).min_calls(4)).build()?;
    /// let clock = ManualClock::<1_000>::new();
    /// let breaker = CircuitBreaker::<_, CountWindow>::with_settings(&clock, settings);
    /// for result in [Ok(()), Err(()), Ok(())] {
    ///     let _ = breaker.call(|| result);
    /// }
    /// assert_eq!(breaker.window(), None);
    /// let _ = breaker.call(|| Ok::<_, ()>(()));
    /// assert_eq!(breaker.window().map(|tally| (tally.failures, tally.calls)), Some((1, 4)));
    /// # Ok::<(), fusebox::SettingsError>(())
    /// ```
    pub fn window(&self) -> Option<Tally> {
        self.peer().window()
    }

    /// The time until another attempt may help: the rest of an open circuit's wait, the rest of a probe's
    /// lease. `None` if calls go through now, or if time alone will not help.
    pub fn retry_after(&self) -> Option<Ticks> {
        self.peer().retry_after()
    }

    /// The state as plain data, to be taken over a reset or a deep sleep.
    pub fn snapshot(&self) -> Snapshot {
        self.peer().snapshot()
    }

    /// Takes in the result of a call that was made without asking, such as one that a log or a load balancer tells of.
    /// It counts, as a fast one, while the circuit is closed, and not otherwise: probes are those that were admitted.
    ///
    /// ```
    /// use fusebox::{CircuitBreaker, Outcome, State, clock::ManualClock};
    ///
    /// let clock = ManualClock::<1_000>::new();
    /// let breaker = CircuitBreaker::new(&clock);
    /// for _ in 0..4 {
    ///     breaker.report(Outcome::Failure);
    /// }
    /// assert_eq!(breaker.state(), State::Open);
    /// ```
    pub fn report(&self, outcome: Outcome) {
        self.peer().report(outcome);
    }

    /// Takes up a saved state in place of the present one, `asleep` after it was saved: zero if that is not
    /// known. Results of calls under way no longer count.
    pub fn restore(&self, snapshot: &Snapshot, asleep: Duration) {
        self.peer().restore(snapshot, asleep);
    }

    /// Opens the circuit by hand, for the usual wait. An open one stays as it is.
    pub fn open(&self) {
        self.peer().open();
    }

    /// Opens the circuit by hand for at least this long: exactly up to 2,047 ticks, beyond that rounded
    /// up by at most one part in 1,024. For peers that say when to come back.
    ///
    /// # Errors
    /// [`SettingsError::OpenFor`] beyond 2<sup>31</sup> - 2<sup>20</sup> ticks (24.8 days at 1 kHz), and
    /// nothing is changed.
    pub fn open_for(&self, wait: Duration) -> Result<(), SettingsError> {
        self.peer().open_for(wait)
    }

    /// Makes the rest of an open circuit's wait at least this long, for a peer that said when to come back. The
    /// whole wait is rounded up as [`open_for`](Self::open_for) does. Says whether it became longer. A circuit that is
    /// not open stays as it is, and so does the wait of later openings. No event tells of it.
    ///
    /// A peer may say anything: cap what it asks for.
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{CircuitBreaker, clock::ManualClock};
    ///
    /// let clock = ManualClock::<1_000>::new();
    /// let breaker = CircuitBreaker::new(&clock);
    /// for _ in 0..4 {
    ///     let _ = breaker.call(|| Err::<(), _>("503, Retry-After: 60"));
    /// }
    /// assert_eq!(breaker.wait_at_least(Duration::from_secs(60)), Ok(true));
    /// assert!(breaker.retry_after().is_some_and(|left| left.as_duration() >= Duration::from_secs(60)));
    /// ```
    ///
    /// # Errors
    /// [`SettingsError::WaitAtLeast`] beyond 2<sup>31</sup> - 2<sup>20</sup> ticks (24.8 days at 1 kHz), and nothing is
    /// changed.
    pub fn wait_at_least(&self, wait: Duration) -> Result<bool, SettingsError> {
        self.peer().wait_at_least(wait)
    }

    /// Lets probes through by hand, without the rest of the wait. Says whether it could: an open or forced
    /// open circuit becomes half-open, a half-open one stays so, others have nothing to probe for.
    pub fn half_open(&self) -> bool {
        self.peer().half_open()
    }

    /// Closes the circuit by hand, as successful probes would. A closed one stays as it is.
    pub fn close(&self) {
        self.peer().close();
    }

    /// Makes the circuit as new: closed, with nothing remembered.
    pub fn reset(&self) {
        self.peer().reset();
    }

    /// Rejects all calls until somebody says otherwise.
    #[doc(alias = "isolate")]
    pub fn force_open(&self) {
        self.peer().force_open();
    }

    /// Lets all calls through and counts none, until somebody says otherwise. What was remembered is
    /// forgotten, so that [`automatic`](Self::automatic) begins anew.
    pub fn disable(&self) {
        self.peer().disable();
    }

    /// Lets all calls through, counts everything and simulates what would have been, until somebody says
    /// otherwise: a dry run. It begins closed, with nothing remembered. [`Permit::would_reject`] tells of single calls, and the events of
    /// transitions are marked [`observed`](crate::Transition::observed).
    #[doc(alias = "metrics_only")]
    pub fn observe(&self) {
        self.peer().observe();
    }

    /// Ends a mode set by hand. A forced open circuit becomes half-open: probes decide. A disabled one is
    /// closed. For an observed one, what was simulated comes into force.
    pub fn automatic(&self) {
        self.peer().automatic();
    }
}

#[cfg(feature = "defmt")]
impl<C: Clock, P: TripPolicy, L: Listener, S: AsRef<Settings<C, P>>> defmt::Format for CircuitBreaker<C, P, L, S> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "CircuitBreaker({})", self.state());
    }
}
