//! What a caller gets whose request was rejected.

use std::error::Error as StdError;
use std::fmt;

use fusebox::{Error, Rejected};

/// Makes the answer to a request that was rejected, and the errors of a service.
pub trait Answer<Req, Res, E> {
    /// The error of the guarded service.
    type Error;

    /// The answer to a request that was rejected.
    ///
    /// # Errors
    /// Whenever a rejection is an error.
    fn rejected(&self, rejected: Rejected, request: Req) -> Result<Res, Self::Error>;

    /// The inner service's own error.
    fn inner(error: E) -> Self::Error;
}

/// A rejection is an error, and errors are [`fusebox::Error`]s: the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reject;

impl<Req, Res, E> Answer<Req, Res, E> for Reject {
    type Error = Error<E>;

    fn rejected(&self, rejected: Rejected, _: Req) -> Result<Res, Error<E>> {
        Err(Error::Rejected(rejected))
    }

    fn inner(error: E) -> Error<E> {
        Error::Inner(error)
    }
}

/// A rejection is an error, and errors are boxed. See [`CircuitBreakerLayer::box_errors`].
///
/// [`CircuitBreakerLayer::box_errors`]: super::CircuitBreakerLayer::box_errors
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BoxErrors;

impl<Req, Res, E: Into<Box<dyn StdError + Send + Sync>>> Answer<Req, Res, E> for BoxErrors {
    type Error = Box<dyn StdError + Send + Sync>;

    fn rejected(&self, rejected: Rejected, _: Req) -> Result<Res, Self::Error> {
        Err(rejected.into())
    }

    fn inner(error: E) -> Self::Error {
        error.into()
    }
}

/// A rejection has a response, and errors are those of the inner service. See [`CircuitBreakerLayer::on_open`].
///
/// [`CircuitBreakerLayer::on_open`]: super::CircuitBreakerLayer::on_open
#[derive(Clone, Copy)]
pub struct OnOpen<F>(pub(super) F);

impl<F> fmt::Debug for OnOpen<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnOpen")
    }
}

impl<F: Fn(Rejected, Req) -> Res, Req, Res, E> Answer<Req, Res, E> for OnOpen<F> {
    type Error = E;

    fn rejected(&self, rejected: Rejected, request: Req) -> Result<Res, E> {
        Ok((self.0)(rejected, request))
    }

    fn inner(error: E) -> E {
        error
    }
}
