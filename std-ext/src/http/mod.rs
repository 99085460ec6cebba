//! What HTTP and gRPC responses say about an upstream.

mod grpc_status;
mod http_status;
mod retry_after;
mod trailers;

pub use grpc_status::GrpcStatus;
pub use http_status::HttpStatus;
pub use retry_after::RetryAfter;
pub use trailers::ClassifyTrailers;
