//! The middleware.

use std::fmt;
use std::future::poll_fn;

use fusebox::Classify;
use fusebox::policy::TripPolicy;
use http::Extensions;
use reqwest::{Request, Response};
use reqwest_middleware::{Error, Middleware, Next, Result};

use super::not_sent::NotSent;
use crate::http::HttpStatus;
use crate::set::CircuitBreakerSet;
use crate::tower::{ByRequest, Circuits, WaitHint, acquire, settle};

/// Puts circuit breakers around the requests of a client: see the [module](super).
///
/// All clients that it is attached to share its circuits, as do clones.
///
/// A request that is rejected is a [`reqwest_middleware::Error::Middleware`] whose source is a
/// [`Rejected`](fusebox::Rejected), which [`rejected`](super::rejected) finds.
#[derive(Clone)]
pub struct CircuitBreakerMiddleware<X, J = HttpStatus, W = ()> {
    circuits: X,
    classify: J,
    hint: W,
}

/// How requests are told apart by host.
type ByHost = fn(&Request) -> String;

impl<X> CircuitBreakerMiddleware<X> {
    /// One circuit for all requests, where `circuits` is a [`Handle`](crate::Handle). Results count as [`HttpStatus`]
    /// says.
    pub const fn new(circuits: X) -> Self {
        Self { circuits, classify: HttpStatus, hint: () }
    }
}

impl<C, P: TripPolicy, L> CircuitBreakerMiddleware<ByRequest<ByHost, String, C, P, L>> {
    /// A circuit per host and port of the URL, such as `inventory.example:443`. The set has a bound: what becomes of
    /// hosts without room is its [setting](crate::CircuitBreakerSetBuilder::when_full).
    pub const fn by_host(set: CircuitBreakerSet<String, C, P, L>) -> Self {
        Self::new(ByRequest::new(set, host as ByHost))
    }
}

impl<F, K, C, P: TripPolicy, L> CircuitBreakerMiddleware<ByRequest<F, K, C, P, L>> {
    /// A circuit per key, where `by` makes a request's key.
    ///
    /// ```
    /// use fusebox_std::CircuitBreakerSet;
    /// use fusebox_std::reqwest::CircuitBreakerMiddleware;
    ///
    /// // An upstream whose writes may fail while its reads work.
    /// let by_method = |request: &reqwest::Request| request.method().to_string();
    /// let breaker = CircuitBreakerMiddleware::by(CircuitBreakerSet::<String>::new(), by_method);
    /// # let _ = breaker;
    /// ```
    pub const fn by(set: CircuitBreakerSet<K, C, P, L>, by: F) -> Self
    where
        F: Fn(&Request) -> K,
    {
        Self::new(ByRequest::new(set, by))
    }
}

impl<X, J, W> CircuitBreakerMiddleware<X, J, W> {
    /// Lets `classify` say how a result counts: any [`Classify`], such as a `Fn(&Result<Response, Error>) -> Outcome`.
    pub fn classify<J2: Classify<Response, Error>>(self, classify: J2) -> CircuitBreakerMiddleware<X, J2, W> {
        let Self { circuits, hint, .. } = self;
        CircuitBreakerMiddleware { circuits, classify, hint }
    }

    /// Lets an upstream say how long to stay away: if a request failed and `hint` reads a time from its result, a circuit
    /// that is open then stays so for at least that long. [`RetryAfter`](crate::http::RetryAfter) reads the headers
    /// `Retry-After` and `grpc-retry-pushback-ms`, up to a cap.
    pub fn wait_at_least<W2: WaitHint<Response, Error>>(self, hint: W2) -> CircuitBreakerMiddleware<X, J, W2> {
        let Self { circuits, classify, .. } = self;
        CircuitBreakerMiddleware { circuits, classify, hint }
    }
}

/// The host and the port of a URL.
fn host(request: &Request) -> String {
    let url = request.url();
    let host = url.host_str().unwrap_or_default();
    url.port_or_known_default().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[async_trait::async_trait]
impl<X, J, W> Middleware for CircuitBreakerMiddleware<X, J, W>
where
    X: Circuits<Request> + Send + Sync + 'static,
    X::Key: Send + Sync,
    X::Clock: Send + Sync,
    X::Policy: TripPolicy<History: Send + Sync> + Send + Sync,
    X::Listener: Send + Sync,
    J: Classify<Response, Error> + Send + Sync + 'static,
    W: WaitHint<Response, Error> + Send + Sync + 'static,
{
    async fn handle(&self, request: Request, extensions: &mut Extensions, next: Next<'_>) -> Result<Response> {
        let mut permit = match acquire(&self.circuits, &request) {
            Ok(permit) => permit,
            Err(rejected) => return Err(NotSent::error(host(&request), rejected)),
        };
        let mut response = permit.running(|| next.run(request, extensions));
        let result = poll_fn(|cx| permit.poll(response.as_mut(), cx)).await;
        let outcome = self.classify.classify(&result);
        settle(permit, outcome, || self.hint.wait(&result));
        result
    }
}

impl<X: fmt::Debug, J, W> fmt::Debug for CircuitBreakerMiddleware<X, J, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreakerMiddleware").field("circuits", &self.circuits).finish_non_exhaustive()
    }
}
