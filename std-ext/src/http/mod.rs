//! What HTTP and gRPC responses say about an upstream.

mod grpc_status;
mod http_status;

pub use grpc_status::GrpcStatus;
pub use http_status::HttpStatus;
