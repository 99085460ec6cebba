//! What the trailers of a response say about an upstream.

use fusebox::Outcome;
use http::HeaderMap;

use super::{GrpcStatus, HttpStatus};

/// Says what came of a call by what follows the body of its response, where the head of the response was a success.
///
/// [`GrpcStatus`] looks for `grpc-status`. To [`HttpStatus`] trailers say nothing: the head was a success. Any
/// `Fn(&HeaderMap) -> Outcome` is one too.
pub trait ClassifyTrailers {
    /// What a call with these trailers counts as. A panic in here counts as a failure of the call.
    fn classify_trailers(&self, trailers: &HeaderMap) -> Outcome;
}

impl<F: Fn(&HeaderMap) -> Outcome> ClassifyTrailers for F {
    fn classify_trailers(&self, trailers: &HeaderMap) -> Outcome {
        self(trailers)
    }
}

impl ClassifyTrailers for GrpcStatus {
    fn classify_trailers(&self, trailers: &HeaderMap) -> Outcome {
        trailers.get("grpc-status").map_or(Outcome::Success, |status| Self::judge(status.as_bytes()))
    }
}

impl ClassifyTrailers for HttpStatus {
    fn classify_trailers(&self, _: &HeaderMap) -> Outcome {
        Outcome::Success
    }
}
