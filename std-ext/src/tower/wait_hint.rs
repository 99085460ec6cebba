//! How long an upstream asks to be left alone.

use std::time::Duration;

/// Says for how long an upstream asked to be left alone, if it did, as an HTTP `Retry-After` does. It is asked about
/// calls that failed. See [`CircuitBreakerLayer::wait_at_least`](super::CircuitBreakerLayer::wait_at_least).
///
/// Any `Fn(&Result<T, E>) -> Option<Duration>` is one, `()` knows of no such wish.
pub trait WaitHint<T, E> {
    /// The time for which the upstream is to be left alone.
    fn wait(&self, result: &Result<T, E>) -> Option<Duration>;

    /// The same by what came behind a body.
    #[cfg(feature = "http")]
    fn wait_by_trailers(&self, trailers: &http::HeaderMap) -> Option<Duration> {
        let _ = trailers;
        None
    }
}

impl<T, E> WaitHint<T, E> for () {
    fn wait(&self, _: &Result<T, E>) -> Option<Duration> {
        None
    }
}

impl<T, E, F: Fn(&Result<T, E>) -> Option<Duration>> WaitHint<T, E> for F {
    fn wait(&self, result: &Result<T, E>) -> Option<Duration> {
        self(result)
    }
}
