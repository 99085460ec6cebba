//! What a gRPC status says about an upstream.

use fusebox::{Classify, Outcome};
use http::Response;

use super::HttpStatus;

/// Judges by the header `grpc-status`, or by the [HTTP status](HttpStatus) if there is none.
///
/// | status | counts as |
/// |---|---|
/// | `UNKNOWN`, `DEADLINE_EXCEEDED`, `RESOURCE_EXHAUSTED`, `INTERNAL`, `UNAVAILABLE`, `DATA_LOSS` | failure |
/// | no number, or none that gRPC knows | failure: gRPC takes it for `UNKNOWN` |
/// | `CANCELLED` | ignored: the caller hung up |
/// | all others | success: the upstream answered |
///
/// As a [`Classify`] it sees the head of a response. That is where a call that failed before it had anything to send has
/// its status. One that fails later tells so behind the body, in the trailers, and is a success by its head: where that
/// matters, as it does for most gRPC calls, let the Tower layer wait for them with `until_end(GrpcStatus)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GrpcStatus;

impl GrpcStatus {
    /// What the value of `grpc-status` counts as.
    pub fn judge(status: &[u8]) -> Outcome {
        match std::str::from_utf8(status).ok().and_then(|digits| digits.parse::<u32>().ok()) {
            Some(1) => Outcome::Ignored,
            Some(0 | 3 | 5 | 6 | 7 | 9 | 10 | 11 | 12 | 16) => Outcome::Success,
            _ => Outcome::Failure,
        }
    }
}

impl<B, E> Classify<Response<B>, E> for GrpcStatus {
    fn classify(&self, result: &Result<Response<B>, E>) -> Outcome {
        let Ok(response) = result else { return Outcome::Failure };
        match response.headers().get("grpc-status") {
            Some(status) => Self::judge(status.as_bytes()),
            None => HttpStatus::judge(response.status()),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    #[test]
    fn the_head_of_a_response_counts_as_it_should() {
        let failures: Vec<u32> =
            (0..=17).filter(|status| GrpcStatus::judge(status.to_string().as_bytes()) == Outcome::Failure).collect();
        assert_eq!(failures, [2, 4, 8, 13, 14, 15, 17]);
        assert_eq!((GrpcStatus::judge(b"1"), GrpcStatus::judge(b"-1")), (Outcome::Ignored, Outcome::Failure));

        let answer = |status: StatusCode, grpc: Option<&str>| {
            let builder = Response::builder().status(status);
            let builder = if let Some(grpc) = grpc { builder.header("grpc-status", grpc) } else { builder };
            GrpcStatus.classify(&builder.body(()).map_err(|_| "a response"))
        };
        assert_eq!(answer(StatusCode::OK, None), Outcome::Success);
        assert_eq!(answer(StatusCode::OK, Some("14")), Outcome::Failure);
        assert_eq!(answer(StatusCode::SERVICE_UNAVAILABLE, None), Outcome::Failure);
        assert_eq!(GrpcStatus.classify(&Err::<Response<()>, _>("no answer")), Outcome::Failure);
    }
}
