//! The error of a request that was not sent.

use std::error::Error as StdError;
use std::fmt;

use fusebox::Rejected;
use reqwest_middleware::Error;

/// A circuit breaker rejected the request. Why is its source: errors around this one may hide it, but not that.
#[derive(Debug)]
pub(super) struct NotSent {
    host: String,
    rejected: Rejected,
}

impl NotSent {
    pub(super) fn error(host: String, rejected: Rejected) -> Error {
        Error::middleware(Self { host, rejected })
    }
}

impl fmt::Display for NotSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a circuit breaker did not let a request to {} through", self.host)
    }
}

impl StdError for NotSent {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.rejected)
    }
}
