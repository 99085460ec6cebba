//! Which results of a call count, and as what.

use crate::outcome::Outcome;

/// Decides what the result of a call says about the peer.
///
/// Any `Fn(&Result<T, E>) -> Outcome` is one. [`by_error`] looks at errors only.
///
/// ```
/// use fusebox::{CircuitBreaker, Outcome, State, by_error, clock::ManualClock};
///
/// enum HttpError { Timeout, NotFound }
///
/// let clock = ManualClock::<1_000>::new();
/// let breaker = CircuitBreaker::new(&clock);
/// let peer_is_at_fault = by_error(|error: &HttpError| match error {
///     HttpError::Timeout => Outcome::Failure,
///     HttpError::NotFound => Outcome::Ignored,
/// });
/// for _ in 0..100 {
///     let _ = breaker.call_with(&peer_is_at_fault, || Err::<(), _>(HttpError::NotFound));
/// }
/// assert_eq!(breaker.state(), State::Closed);
/// # let _ = HttpError::Timeout;
/// ```
pub trait Classify<T, E> {
    /// What this result counts as. A panic in here counts as a failure of the call.
    fn classify(&self, result: &Result<T, E>) -> Outcome;
}

impl<T, E, F: Fn(&Result<T, E>) -> Outcome> Classify<T, E> for F {
    #[inline]
    fn classify(&self, result: &Result<T, E>) -> Outcome {
        self(result)
    }
}

/// `Ok` is a success, what an error counts as is for `classify` to say.
pub const fn by_error<F>(classify: F) -> ByError<F> {
    ByError(classify)
}

/// A classifier that looks at errors: see [`by_error`].
#[derive(Clone, Copy)]
pub struct ByError<F>(F);

impl<F> core::fmt::Debug for ByError<F> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("ByError")
    }
}

#[cfg(feature = "defmt")]
impl<F> defmt::Format for ByError<F> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "ByError");
    }
}

impl<T, E, F: Fn(&E) -> Outcome> Classify<T, E> for ByError<F> {
    #[inline]
    fn classify(&self, result: &Result<T, E>) -> Outcome {
        match result {
            Ok(_) => Outcome::Success,
            Err(error) => (self.0)(error),
        }
    }
}

impl<T, E, F: Fn(&E) -> Outcome> Classify<T, E> for &ByError<F> {
    #[inline]
    fn classify(&self, result: &Result<T, E>) -> Outcome {
        (**self).classify(result)
    }
}

/// Every error is a failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct AnyError;

impl<T, E> Classify<T, E> for AnyError {
    #[inline]
    fn classify(&self, result: &Result<T, E>) -> Outcome {
        if result.is_ok() { Outcome::Success } else { Outcome::Failure }
    }
}
