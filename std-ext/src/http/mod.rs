//! What HTTP and gRPC responses say about an upstream: whether a call failed, and how long to stay away.
//!
//! The classifiers are for any guarded call that returns a [`http::Response`], and for the layers of the modules `tower` and
//! `reqwest`.
//!
//! ```
//! use fusebox::State;
//! use fusebox_std::CircuitBreakerSet;
//! use fusebox_std::http::GrpcStatus;
//! use http::Response;
//!
//! let inventory = CircuitBreakerSet::<String>::new().handle("inventory")?;
//! for _ in 0..4 {
//!     // UNAVAILABLE, by an upstream that had nothing else to say.
//!     let answer = || Response::builder().header("grpc-status", "14").body(());
//!     assert!(inventory.call_with(GrpcStatus, answer).is_ok());
//! }
//! assert_eq!(inventory.state(), State::Open);
//! # Ok::<(), fusebox::Rejected>(())
//! ```

mod grpc_status;
mod http_status;
mod retry_after;
mod trailers;

pub use grpc_status::GrpcStatus;
pub use http_status::HttpStatus;
pub use retry_after::RetryAfter;
pub use trailers::ClassifyTrailers;
