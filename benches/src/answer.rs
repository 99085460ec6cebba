//! What came of a guarded call.

/// What came of a guarded call, in the same words for every crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The work was done.
    Done,
    /// The work was done, and failed.
    Failed,
    /// The work was not done.
    Rejected,
}

#[allow(clippy::needless_pass_by_value, reason = "an answer is what is left of a result")]
impl Answer {
    /// Of a call without a breaker.
    #[inline]
    pub fn unguarded<T, E>(result: Result<T, E>) -> Self {
        match result {
            Ok(_) => Self::Done,
            Err(_) => Self::Failed,
        }
    }

    /// Of a call through one of ours.
    #[inline]
    pub fn of<T, E>(result: Result<T, fusebox::Error<E>>) -> Self {
        match result {
            Ok(_) => Self::Done,
            Err(fusebox::Error::Inner(_)) => Self::Failed,
            Err(fusebox::Error::Rejected(_)) => Self::Rejected,
        }
    }
}
