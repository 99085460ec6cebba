//! What an HTTP status says about an upstream.

use fusebox::{Classify, Outcome};
use http::{Response, StatusCode};

/// Judges by the HTTP status: 5xx and 429 are failures, and so is every error. All else is a success, also a 404:
/// the upstream answered.
///
/// ```
/// use fusebox::State;
/// use fusebox_std::{CircuitBreakerSet, http::HttpStatus};
/// use http::{Response, StatusCode};
///
/// let answer = |status: StatusCode| move || {
///     let mut response = Response::new("");
///     *response.status_mut() = status;
///     Ok::<_, std::io::Error>(response)
/// };
/// let upstream = CircuitBreakerSet::<String>::new().handle("inventory")?;
/// for _ in 0..4 {
///     let _ = upstream.call_with(HttpStatus, answer(StatusCode::NOT_FOUND));
/// }
/// assert_eq!(upstream.state(), State::Closed);
/// for _ in 0..4 {
///     let _ = upstream.call_with(HttpStatus, answer(StatusCode::BAD_GATEWAY));
/// }
/// assert_eq!(upstream.state(), State::Open);
/// # Ok::<(), fusebox::Rejected>(())
/// ```
///
/// An upstream that answers 429 is alive, and too busy for more calls: that counts for the rate of failures, and fails a
/// probe. Where it only means that one caller had too many, use a classifier of your own that leaves it out:
///
/// ```
/// use fusebox::Outcome;
/// use fusebox_std::http::HttpStatus;
/// use http::{Response, StatusCode};
///
/// fn judge(result: &Result<Response<String>, std::io::Error>) -> Outcome {
///     match result {
///         Ok(response) if response.status() == StatusCode::TOO_MANY_REQUESTS => Outcome::Ignored,
///         Ok(response) => HttpStatus::judge(response.status()),
///         Err(_) => Outcome::Failure,
///     }
/// }
/// # let mut busy = Response::new(String::new());
/// # *busy.status_mut() = StatusCode::TOO_MANY_REQUESTS;
/// # assert_eq!(judge(&Ok(busy)), Outcome::Ignored);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HttpStatus;

impl HttpStatus {
    /// What this status counts as.
    pub fn judge(status: StatusCode) -> Outcome {
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            Outcome::Failure
        } else {
            Outcome::Success
        }
    }
}

impl<B, E> Classify<Response<B>, E> for HttpStatus {
    fn classify(&self, result: &Result<Response<B>, E>) -> Outcome {
        result.as_ref().map_or(Outcome::Failure, |response| Self::judge(response.status()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_and_errors_count_as_they_should() {
        let failures: Vec<u16> = (100..=999)
            .filter(|&code| {
                StatusCode::from_u16(code).is_ok_and(|status| HttpStatus::judge(status) == Outcome::Failure)
            })
            .collect();
        assert_eq!(failures, [429].into_iter().chain(500..=599).collect::<Vec<u16>>());
        assert_eq!(HttpStatus.classify(&Err::<Response<()>, _>("no answer")), Outcome::Failure);
    }
}
