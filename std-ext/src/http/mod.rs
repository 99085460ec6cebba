//! What HTTP and gRPC responses say about an upstream.

mod grpc_status;
mod http_status;
mod trailers;

pub use grpc_status::GrpcStatus;
pub use http_status::HttpStatus;
pub use trailers::ClassifyTrailers;
