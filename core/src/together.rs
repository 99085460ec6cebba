//! One call that several circuits guard: the peer's and the link's, the service's and the shard's.

use core::future::poll_fn;
use core::pin::pin;

use crate::breaker::CircuitBreaker;
use crate::listener::Listener;
use crate::outcome::Outcome;
use crate::peer::Peer;
use crate::permit::Permit;
use crate::policy::TripPolicy;
use crate::rejected::{Error, Rejected};
use crate::settings::Settings;
use crate::time::Clock;

/// Several circuits that guard one call, such as the peer's and the link's: it is made if all let it through.
///
/// They are asked in turn. Where one rejects, those before it take their permits back as
/// [ignored](Outcome::Ignored): a probe's slot is free again, and nothing counts towards a trip. So put first what rejects
/// most.
///
/// ```
/// use fusebox::{CircuitBreaker, Error, Outcome, State, Together, clock::ManualClock};
///
/// #[derive(Debug)]
/// enum RadioError { NoAcknowledgement, Jammed }
///
/// let clock = ManualClock::<1_000>::new();
/// let (link, node) = (CircuitBreaker::new(&clock), CircuitBreaker::new(&clock));
/// let both = Together((&link, &node));
///
/// // Whose fault is it?
/// let blame = |result: &Result<(), RadioError>| match result {
///     Ok(()) => (Outcome::Success, Outcome::Success),
///     Err(RadioError::NoAcknowledgement) => (Outcome::Success, Outcome::Failure),
///     Err(RadioError::Jammed) => (Outcome::Failure, Outcome::Ignored),
/// };
/// for _ in 0..4 {
///     let _ = both.call_with(blame, || Err(RadioError::NoAcknowledgement));
/// }
/// assert_eq!((link.state(), node.state()), (State::Closed, State::Open));
/// assert!(matches!(both.call_with(blame, || Ok(())), Err(Error::Rejected(_))));
/// # let _ = RadioError::Jammed;
/// ```
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Together<T>(pub T);

impl<T: Acquire> Together<T> {
    /// Asks all to let one call through. The permits are to be settled with what came of it.
    ///
    /// # Errors
    /// [`Rejected`] by the first that rejects.
    pub fn try_acquire(&self) -> Result<T::Permit<'_>, Rejected> {
        self.0.try_acquire()
    }

    /// Makes a call if all let it through. Every error is a failure of all, and so is a panic.
    ///
    /// # Errors
    /// [`Error::Rejected`] if the call was not made, [`Error::Inner`] with its own error.
    pub fn call<R, E>(&self, call: impl FnOnce() -> Result<R, E>) -> Result<R, Error<E>> {
        let pending = Pending::start(self.0.try_acquire()?);
        let result = call();
        pending.settle_all(if result.is_ok() { Outcome::Success } else { Outcome::Failure });
        result.map_err(Error::Inner)
    }

    /// Makes a call if all let it through, and lets `blame` say how its result counts for each.
    ///
    /// # Errors
    /// As [`call`](Self::call), whatever the result counts as.
    pub fn call_with<'a, R, E>(
        &'a self,
        blame: impl FnOnce(&Result<R, E>) -> OutcomesOf<'a, T>,
        call: impl FnOnce() -> Result<R, E>,
    ) -> Result<R, Error<E>> {
        let pending = Pending::start(self.0.try_acquire()?);
        let result = call();
        let outcomes = blame(&result);
        pending.settle(outcomes);
        result.map_err(Error::Inner)
    }

    /// Makes an asynchronous call if all let it through, and lets `blame` say how its result counts for each. If the
    /// future is dropped before it is done, the permits are.
    ///
    /// # Errors
    /// As [`call`](Self::call), whatever the result counts as.
    pub async fn call_async_with<'a, R, E, F: Future<Output = Result<R, E>>>(
        &'a self,
        blame: impl FnOnce(&Result<R, E>) -> OutcomesOf<'a, T>,
        call: impl FnOnce() -> F,
    ) -> Result<R, Error<E>> {
        let mut pending = Pending::start(self.0.try_acquire()?);
        let mut future = pin!(call());
        let result = poll_fn(|context| {
            pending.running = true;
            let poll = future.as_mut().poll(context);
            pending.running = poll.is_ready();
            poll
        })
        .await;
        let outcomes = blame(&result);
        pending.settle(outcomes);
        result.map_err(Error::Inner)
    }
}

/// What gives permits: a circuit, or two or three of those that do.
pub trait Acquire {
    /// The right to make one call.
    type Permit<'a>: Settle
    where
        Self: 'a;

    /// Asks to make one call.
    ///
    /// # Errors
    /// [`Rejected`], and nothing is held.
    fn try_acquire(&self) -> Result<Self::Permit<'_>, Rejected>;
}

/// A permit, or several.
pub trait Settle: Sized {
    /// An outcome for each.
    type Outcomes;

    /// Settles each with its outcome.
    fn settle(self, outcomes: Self::Outcomes);

    /// Settles all with the same outcome.
    fn settle_all(self, outcome: Outcome);
}

/// An outcome for each circuit of `T`.
pub type OutcomesOf<'a, T> = <<T as Acquire>::Permit<'a> as Settle>::Outcomes;

impl<C: Clock, P: TripPolicy, L: Listener, S: AsRef<Settings<C, P>>> Acquire for CircuitBreaker<C, P, L, S> {
    type Permit<'a>
        = Permit<'a, C, P, L, (), S>
    where
        Self: 'a;

    fn try_acquire(&self) -> Result<Self::Permit<'_>, Rejected> {
        self.peer().try_acquire()
    }
}

impl<'p, C: Clock, P: TripPolicy, L: Listener<K>, K: ?Sized, S: AsRef<Settings<C, P>>> Acquire
    for Peer<'p, C, P, L, K, S>
{
    type Permit<'a>
        = Permit<'p, C, P, L, K, S>
    where
        Self: 'a;

    fn try_acquire(&self) -> Result<Self::Permit<'_>, Rejected> {
        Self::try_acquire(*self)
    }
}

impl<C: Clock, P: TripPolicy, L: Listener<K>, K: ?Sized, S: AsRef<Settings<C, P>>> Settle
    for Permit<'_, C, P, L, K, S>
{
    type Outcomes = Outcome;

    fn settle(self, outcome: Outcome) {
        Self::settle(self, outcome);
    }

    fn settle_all(self, outcome: Outcome) {
        Self::settle(self, outcome);
    }
}

impl<T: Acquire + ?Sized> Acquire for &T {
    type Permit<'a>
        = T::Permit<'a>
    where
        Self: 'a;

    fn try_acquire(&self) -> Result<Self::Permit<'_>, Rejected> {
        (**self).try_acquire()
    }
}

impl<A: Acquire, B: Acquire> Acquire for (A, B) {
    type Permit<'a>
        = (A::Permit<'a>, B::Permit<'a>)
    where
        Self: 'a;

    fn try_acquire(&self) -> Result<Self::Permit<'_>, Rejected> {
        and(self.0.try_acquire()?, self.1.try_acquire())
    }
}

/// Both, or the first is given back.
fn and<A: Settle, B>(first: A, second: Result<B, Rejected>) -> Result<(A, B), Rejected> {
    match second {
        Ok(second) => Ok((first, second)),
        Err(rejected) => {
            first.settle_all(Outcome::Ignored);
            Err(rejected)
        }
    }
}

impl<A: Settle, B: Settle> Settle for (A, B) {
    type Outcomes = (A::Outcomes, B::Outcomes);

    fn settle(self, outcomes: Self::Outcomes) {
        self.0.settle(outcomes.0);
        self.1.settle(outcomes.1);
    }

    fn settle_all(self, outcome: Outcome) {
        self.0.settle_all(outcome);
        self.1.settle_all(outcome);
    }
}

impl<A: Acquire, B: Acquire, D: Acquire> Acquire for (A, B, D) {
    type Permit<'a>
        = (A::Permit<'a>, B::Permit<'a>, D::Permit<'a>)
    where
        Self: 'a;

    fn try_acquire(&self) -> Result<Self::Permit<'_>, Rejected> {
        let two = and(self.0.try_acquire()?, self.1.try_acquire())?;
        and(two, self.2.try_acquire()).map(|((first, second), third)| (first, second, third))
    }
}

impl<A: Settle, B: Settle, D: Settle> Settle for (A, B, D) {
    type Outcomes = (A::Outcomes, B::Outcomes, D::Outcomes);

    fn settle(self, outcomes: Self::Outcomes) {
        self.0.settle(outcomes.0);
        self.1.settle(outcomes.1);
        self.2.settle(outcomes.2);
    }

    fn settle_all(self, outcome: Outcome) {
        self.0.settle_all(outcome);
        self.1.settle_all(outcome);
        self.2.settle_all(outcome);
    }
}

/// Permits while their call is under way. If it panics, it failed; if it is dropped, they are.
struct Pending<S: Settle> {
    permits: Option<S>,
    /// Whether the user's code is running.
    running: bool,
}

impl<S: Settle> Pending<S> {
    fn start(permits: S) -> Self {
        Self { permits: Some(permits), running: true }
    }

    fn settle(mut self, outcomes: S::Outcomes) {
        if let Some(permits) = self.permits.take() {
            permits.settle(outcomes);
        }
    }

    fn settle_all(mut self, outcome: Outcome) {
        if let Some(permits) = self.permits.take() {
            permits.settle_all(outcome);
        }
    }
}

impl<S: Settle> Drop for Pending<S> {
    fn drop(&mut self) {
        match self.permits.take() {
            Some(permits) if self.running => permits.settle_all(Outcome::Failure),
            permits => drop(permits),
        }
    }
}
