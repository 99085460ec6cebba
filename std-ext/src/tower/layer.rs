//! Puts a circuit breaker around services.

use std::fmt;

use fusebox::policy::TripPolicy;
use fusebox::{AnyError, Rejected};
use tower_layer::Layer;

use super::answer::{BoxErrors, OnOpen, Reject};
use super::circuits::ByRequest;
#[cfg(feature = "tokio")]
use super::gate::Gate;
use super::service::CircuitBreakerService;
use super::settle::AtHead;
#[cfg(feature = "http")]
use super::until_end::UntilEnd;
#[cfg(feature = "tokio")]
use crate::handle::Handle;
use crate::set::CircuitBreakerSet;

/// Puts a circuit breaker around services: see the [module](super).
///
/// All services of one layer share its circuits, however often they are made.
#[derive(Clone)]
pub struct CircuitBreakerLayer<X, J = AnyError, O = Reject, M = AtHead> {
    circuits: X,
    classify: J,
    answer: O,
    mode: M,
}

impl<X> CircuitBreakerLayer<X> {
    /// One circuit for all requests, where `circuits` is a [`Handle`](crate::Handle). Every error counts as a failure.
    pub const fn new(circuits: X) -> Self {
        Self { circuits, classify: AnyError, answer: Reject, mode: AtHead { hint: () } }
    }
}

impl<F, K, C, P: TripPolicy, L> CircuitBreakerLayer<ByRequest<F, K, C, P, L>> {
    /// A circuit per key, where `by` makes a request's key. Every error counts as a failure.
    ///
    /// ```
    /// use fusebox::Error;
    /// use fusebox_std::CircuitBreakerSet;
    /// use fusebox_std::tower::CircuitBreakerLayer;
    /// use tower::{Layer, ServiceExt, service_fn};
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    /// # runtime.block_on(async {
    /// let upstreams = CircuitBreakerSet::<String>::new();
    /// let by_host = |request: &(&str, &str)| request.0.to_owned();
    /// let layer = CircuitBreakerLayer::by(upstreams.clone(), by_host);
    /// let service = layer.layer(service_fn(|(host, path): (&str, &str)| {
    ///     let answer = if host == "inventory" { Err("no answer") } else { Ok(path.len()) };
    ///     async move { answer }
    /// }));
    ///
    /// for _ in 0..4 {
    ///     let _ = service.clone().oneshot(("inventory", "/bolts")).await;
    /// }
    /// assert!(matches!(service.clone().oneshot(("inventory", "/nuts")).await, Err(Error::Rejected(_))));
    /// assert_eq!(service.clone().oneshot(("prices", "/nuts")).await, Ok(5));
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub const fn by<Req>(set: CircuitBreakerSet<K, C, P, L>, by: F) -> Self
    where
        F: Fn(&Req) -> K,
    {
        Self::new(ByRequest::new(set, by))
    }
}

impl<X, J, O, M> CircuitBreakerLayer<X, J, O, M> {
    /// Lets `classify` say how a result counts: any [`Classify`](fusebox::Classify), such as a
    /// `Fn(&Result<Response, Error>) -> Outcome`. It is asked when the inner service's future is done; a body that
    /// is still to be read says no more.
    pub fn classify<J2>(self, classify: J2) -> CircuitBreakerLayer<X, J2, O, M> {
        let Self { circuits, answer, mode, .. } = self;
        CircuitBreakerLayer { circuits, classify, answer, mode }
    }

    /// Answers rejected requests with a response, such as a 503 with its `Retry-After`. The service keeps the
    /// error type of the inner one.
    ///
    /// ```
    /// use fusebox::Rejected;
    /// use fusebox_std::CircuitBreakerSet;
    /// use fusebox_std::tower::CircuitBreakerLayer;
    /// use tower::{Layer, ServiceExt, service_fn};
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    /// # runtime.block_on(async {
    /// let inventory = CircuitBreakerSet::<String>::new().handle("inventory").map_err(std::io::Error::other)?;
    /// inventory.open();
    /// let layer = CircuitBreakerLayer::new(inventory).on_open(|rejected: Rejected, item: u32| {
    ///     let seconds = rejected.retry_after().map_or(0, |left| left.as_millis().div_ceil(1_000));
    ///     format!("item {item}: ask again in {seconds} s or more")
    /// });
    /// let service = layer.layer(service_fn(|item: u32| async move { Ok::<_, std::io::Error>(item.to_string()) }));
    /// assert_eq!(service.oneshot(5).await?, "item 5: ask again in 10 s or more");
    /// # Ok::<(), std::io::Error>(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn on_open<F, Req, Res>(self, respond: F) -> CircuitBreakerLayer<X, J, OnOpen<F>, M>
    where
        F: Fn(Rejected, Req) -> Res,
    {
        let Self { circuits, classify, mode, .. } = self;
        CircuitBreakerLayer { circuits, classify, answer: OnOpen(respond), mode }
    }

    /// Boxes errors, as Tower's own buffers and timeouts do: a rejection is a [`Rejected`] in a box, other errors
    /// stay what they are. For stacks of services whose errors are boxed already, since a [`fusebox::Error`] around
    /// a box is not an error that can be boxed again.
    pub fn box_errors(self) -> CircuitBreakerLayer<X, J, BoxErrors, M> {
        let Self { circuits, classify, mode, .. } = self;
        CircuitBreakerLayer { circuits, classify, answer: BoxErrors, mode }
    }
}

#[cfg(feature = "tokio")]
impl<K, C, P: TripPolicy, L, J, O, M> CircuitBreakerLayer<Handle<K, C, P, L>, J, O, M> {
    /// Makes services wait while their circuit rejects: `poll_ready` is pending then, and wakes its task when a probe may
    /// be made or the circuit closes. For balancers, which choose among the services that are ready, and so leave out
    /// a peer whose circuit is open.
    ///
    /// Waiting takes no permit and no place in the inner service. If several services pass at once and the circuit has
    /// room for one probe, the calls of the others are rejected as they are without a gate.
    ///
    /// It is there for a layer with one circuit; a circuit by key is not known before the request is. It sleeps by the
    /// timer of the Tokio runtime that polls it, which must be enabled.
    ///
    /// ```
    /// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    /// # runtime.block_on(async {
    /// use fusebox::Settings;
    /// use fusebox_std::tower::CircuitBreakerLayer;
    /// use fusebox_std::{CircuitBreakerSet, TokioClock};
    /// use tower::{Layer, Service, ServiceExt, service_fn};
    ///
    /// // With `#[tokio::test(start_paused = true)]`:
    /// let upstreams = CircuitBreakerSet::<String>::builder()
    ///     .clock(TokioClock::<1_000>::new(), Settings::<_>::DEFAULT)
    ///     .build()?;
    /// let inventory = upstreams.handle("inventory")?;
    /// let layer = CircuitBreakerLayer::new(inventory.clone()).gate();
    /// let mut service = layer.layer(service_fn(|item: u32| async move { Ok::<_, std::io::Error>(item) }));
    ///
    /// inventory.open();
    /// // Ready after ten seconds, for a probe.
    /// assert_eq!(service.ready().await?.call(5).await?, 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn gate(self) -> CircuitBreakerLayer<Gate<K, C, P, L>, J, O, M> {
        let Self { circuits, classify, answer, mode } = self;
        CircuitBreakerLayer { circuits: Gate::new(circuits), classify, answer, mode }
    }
}

impl<X, J, O, W> CircuitBreakerLayer<X, J, O, AtHead<W>> {
    /// Lets an upstream say how long to stay away: if a call failed and `hint` reads a time from its result, a circuit
    /// that is open then stays so for at least that long. `RetryAfter` of the module `http` reads the headers of HTTP
    /// and gRPC, up to a cap; any `Fn(&Result<Response, Error>) -> Option<Duration>` will do, and is to cap its answer,
    /// since an upstream may say anything.
    ///
    /// Nothing else changes: such a result neither opens a circuit nor makes the waits of later openings longer.
    ///
    /// ```
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    /// # runtime.block_on(async {
    /// use std::time::Duration;
    /// use fusebox_std::CircuitBreakerSet;
    /// use fusebox_std::tower::CircuitBreakerLayer;
    /// use tower::{Layer, ServiceExt, service_fn};
    ///
    /// /// The upstream is busy for so many seconds.
    /// struct Busy(u64);
    ///
    /// let inventory = CircuitBreakerSet::<String>::new().handle("inventory")?;
    /// let layer = CircuitBreakerLayer::new(inventory.clone()).wait_at_least(|result: &Result<u32, Busy>| {
    ///     let seconds = result.as_ref().err().map(|Busy(seconds)| *seconds)?;
    ///     Some(Duration::from_secs(seconds.min(300)))
    /// });
    /// let service = layer.layer(service_fn(|_: ()| async { Err::<u32, _>(Busy(60)) }));
    /// for _ in 0..4 {
    ///     let _ = service.clone().oneshot(()).await;
    /// }
    /// assert!(inventory.retry_after().is_some_and(|left| left > Duration::from_secs(10)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait_at_least<W2>(self, hint: W2) -> CircuitBreakerLayer<X, J, O, AtHead<W2>> {
        let Self { circuits, classify, answer, .. } = self;
        CircuitBreakerLayer { circuits, classify, answer, mode: AtHead { hint } }
    }
}

#[cfg(feature = "http")]
impl<X, J, O, T, W> CircuitBreakerLayer<X, J, O, UntilEnd<T, W>> {
    /// Lets an upstream say how long to stay away, in the head of its response or in the trailers: as
    /// [without `until_end`](CircuitBreakerLayer::wait_at_least).
    pub fn wait_at_least<W2>(self, hint: W2) -> CircuitBreakerLayer<X, J, O, UntilEnd<T, W2>> {
        let Self { circuits, classify, answer, mode: UntilEnd { trailers, .. } } = self;
        CircuitBreakerLayer { circuits, classify, answer, mode: UntilEnd { trailers, hint } }
    }
}

#[cfg(feature = "http")]
impl<X, J, O, W> CircuitBreakerLayer<X, J, O, AtHead<W>> {
    /// Settles a call when the body of its response has ended, for services that return a [`http::Response`].
    ///
    /// The classifier is asked when the response begins. If that is no success, or there is no body, the call is
    /// settled there and then. Otherwise the permit goes on with the body, and the call is settled
    ///
    /// - as `trailers` says, if the body ends with trailers: [`GrpcStatus`](crate::http::GrpcStatus) for gRPC,
    ///   [`HttpStatus`](crate::http::HttpStatus) if they say nothing, or a `Fn(&HeaderMap) -> Outcome`;
    /// - as a success, if it ends without;
    /// - as a failure, if it ends with an error, or panics;
    /// - as [abandoned](crate::Abandoned), if it is dropped before it ends.
    ///
    /// Frames pass through as they come: nothing is held back. A long stream is a long call: it holds the slot of a
    /// probe until it ends or the lease does, counts as slow where slow calls count, and is a failure by default if
    /// its reader drops it after more than a second. Where readers hang up as they like, build the set with
    /// [`Abandoned::As`](crate::Abandoned::As)`(Outcome::Ignored)`, or stay with the head.
    pub fn until_end<T: crate::http::ClassifyTrailers>(
        self,
        trailers: T,
    ) -> CircuitBreakerLayer<X, J, O, UntilEnd<T, W>> {
        let Self { circuits, classify, answer, mode: AtHead { hint } } = self;
        CircuitBreakerLayer { circuits, classify, answer, mode: UntilEnd { trailers, hint } }
    }
}

impl<S, X: Clone, J: Clone, O: Clone, M: Clone> Layer<S> for CircuitBreakerLayer<X, J, O, M> {
    type Service = CircuitBreakerService<S, X, J, O, M>;

    fn layer(&self, inner: S) -> Self::Service {
        let Self { circuits, classify, answer, mode } = self;
        CircuitBreakerService::new(inner, circuits.clone(), classify.clone(), answer.clone(), mode.clone())
    }
}

impl<X: fmt::Debug, J, O: fmt::Debug, M> fmt::Debug for CircuitBreakerLayer<X, J, O, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { circuits, answer, .. } = self;
        f.debug_struct("CircuitBreakerLayer")
            .field("circuits", circuits)
            .field("answer", answer)
            .finish_non_exhaustive()
    }
}
