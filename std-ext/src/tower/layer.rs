//! Puts a circuit breaker around services.

use std::fmt;

use fusebox::policy::TripPolicy;
use fusebox::{AnyError, Rejected};
use tower_layer::Layer;

use super::answer::{BoxErrors, OnOpen, Reject};
use super::circuits::ByRequest;
use super::service::CircuitBreakerService;
use crate::set::CircuitBreakerSet;

/// Puts a circuit breaker around services: see the [module](super).
///
/// All services of one layer share its circuits, however often they are made.
#[derive(Clone)]
pub struct CircuitBreakerLayer<X, J = AnyError, O = Reject> {
    circuits: X,
    classify: J,
    answer: O,
}

impl<X> CircuitBreakerLayer<X> {
    /// One circuit for all requests, where `circuits` is a [`Handle`](crate::Handle). Every error counts as a failure.
    pub const fn new(circuits: X) -> Self {
        Self { circuits, classify: AnyError, answer: Reject }
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

impl<X, J, O> CircuitBreakerLayer<X, J, O> {
    /// Lets `classify` say how a result counts: any [`Classify`](fusebox::Classify), such as a
    /// `Fn(&Result<Response, Error>) -> Outcome`. It is asked when the inner service's future is done; a body that
    /// is still to be read says no more.
    pub fn classify<J2>(self, classify: J2) -> CircuitBreakerLayer<X, J2, O> {
        let Self { circuits, answer, .. } = self;
        CircuitBreakerLayer { circuits, classify, answer }
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
    pub fn on_open<F, Req, Res>(self, respond: F) -> CircuitBreakerLayer<X, J, OnOpen<F>>
    where
        F: Fn(Rejected, Req) -> Res,
    {
        let Self { circuits, classify, .. } = self;
        CircuitBreakerLayer { circuits, classify, answer: OnOpen(respond) }
    }

    /// Boxes errors, as Tower's own buffers and timeouts do: a rejection is a [`Rejected`] in a box, other errors
    /// stay what they are. For stacks of services whose errors are boxed already, since a [`fusebox::Error`] around
    /// a box is not an error that can be boxed again.
    pub fn box_errors(self) -> CircuitBreakerLayer<X, J, BoxErrors> {
        let Self { circuits, classify, .. } = self;
        CircuitBreakerLayer { circuits, classify, answer: BoxErrors }
    }
}

impl<S, X: Clone, J: Clone, O: Clone> Layer<S> for CircuitBreakerLayer<X, J, O> {
    type Service = CircuitBreakerService<S, X, J, O>;

    fn layer(&self, inner: S) -> Self::Service {
        CircuitBreakerService::new(inner, self.circuits.clone(), self.classify.clone(), self.answer.clone())
    }
}

impl<X: fmt::Debug, J, O: fmt::Debug> fmt::Debug for CircuitBreakerLayer<X, J, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { circuits, answer, .. } = self;
        f.debug_struct("CircuitBreakerLayer")
            .field("circuits", circuits)
            .field("answer", answer)
            .finish_non_exhaustive()
    }
}
