//! What the results of requests say about an upstream.

use std::time::Duration;

use fusebox::{Classify, Outcome, Rejected};
use reqwest::Response;
use reqwest_middleware::Error;

use crate::http::{HttpStatus, RetryAfter};
use crate::tower::WaitHint;

/// The rejection behind an error, if a circuit breaker rejected the request. Another middleware may have wrapped it.
///
/// ```
/// use fusebox_std::CircuitBreakerSet;
/// use fusebox_std::reqwest::{CircuitBreakerMiddleware, rejected};
/// use reqwest_middleware::ClientBuilder;
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
/// # runtime.block_on(async {
/// let inventory = CircuitBreakerSet::<String>::new().handle("inventory")?;
/// let client =
///     ClientBuilder::new(reqwest::Client::new()).with(CircuitBreakerMiddleware::new(inventory.clone())).build();
/// inventory.open();
/// let error = client.get("http://inventory/bolts").send().await.unwrap_err();
/// match rejected(&error) {
///     Some(rejected) => println!("nothing was sent: {rejected}"),
///     None => println!("sent, and failed: {error}"),
/// }
/// # assert!(rejected(&error).is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn rejected(error: &Error) -> Option<Rejected> {
    match error {
        Error::Middleware(error) => error.chain().find_map(|cause| cause.downcast_ref()).copied(),
        Error::Reqwest(_) => None,
    }
}

fn judge_error(error: &reqwest::Error) -> Outcome {
    if error.is_builder() { Outcome::Ignored } else { Outcome::Failure }
}

/// Errors are failures, but for requests that could not even be built.
impl Classify<Response, reqwest::Error> for HttpStatus {
    fn classify(&self, result: &Result<Response, reqwest::Error>) -> Outcome {
        match result {
            Ok(response) => Self::judge(response.status()),
            Err(error) => judge_error(error),
        }
    }
}

/// Errors are failures, but for requests that could not even be built, or that another circuit breaker rejected.
impl Classify<Response, Error> for HttpStatus {
    fn classify(&self, result: &Result<Response, Error>) -> Outcome {
        match result {
            Ok(response) => Self::judge(response.status()),
            Err(Error::Reqwest(error)) => judge_error(error),
            Err(error) if rejected(error).is_some() => Outcome::Ignored,
            Err(Error::Middleware(_)) => Outcome::Failure,
        }
    }
}

impl<E> WaitHint<Response, E> for RetryAfter {
    fn wait(&self, result: &Result<Response, E>) -> Option<Duration> {
        result.as_ref().ok().and_then(|response| self.read(response.headers()))
    }
}
