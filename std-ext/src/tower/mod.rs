//! A Tower `Layer` and `Service`, for one circuit or one per key.
//!
//! ```
//! use fusebox::Error;
//! use fusebox_std::CircuitBreakerSet;
//! use fusebox_std::tower::CircuitBreakerLayer;
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
//! # runtime.block_on(async {
//! let upstreams = CircuitBreakerSet::<String>::new();
//! let inventory = upstreams.handle("inventory").map_err(std::io::Error::other)?;
//! let service = ServiceBuilder::new()
//!     .layer(CircuitBreakerLayer::new(inventory))
//!     .service(service_fn(|item: u32| async move { if item == 0 { Err("no answer") } else { Ok(7) } }));
//!
//! assert_eq!(service.clone().oneshot(1).await, Ok(7));
//! for _ in 0..4 {
//!     assert_eq!(service.clone().oneshot(0).await, Err(Error::Inner("no answer")));
//! }
//! match service.oneshot(1).await {
//!     Err(Error::Rejected(rejected)) => assert!(rejected.retry_after().is_some()),
//!     other => panic!("{other:?}"),
//! }
//! # Ok::<(), std::io::Error>(())
//! # })?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # What may be relied on
//!
//! - `poll_ready` looks at the circuit and changes nothing. A permit is taken in `call`, so a service that is ready
//!   and never called holds no probe's slot.
//! - While the one circuit of all requests rejects, the service is ready without the inner one being asked, and `call`
//!   answers at once. An open circuit is never an error of `poll_ready`, which would tell callers to throw the service
//!   away.
//! - Where the circuit depends on the request, the inner service is made ready first.
//! - A circuit that rejects takes nothing from others: the inner service is replaced with a clone, and its place in a
//!   buffer or below a concurrency limit is free again.
//! - The inner service is called only once it was ready. If a circuit that was open in `poll_ready` lets the call
//!   through, the future makes a clone ready, and takes the permit then.
//! - The future holds the permit. Dropped, by a timeout outside for instance, the call is
//!   [abandoned](crate::Abandoned); a panic is a failure; an error of the inner `poll_ready` does not count.
//!
//! # Order
//!
//! Timeouts belong inside, so that they count as the errors they are; retries outside, so that they are told when
//! to stop. A concurrency limit or a buffer may be on either side. Where one circuit breaker is around another,
//! the outer one's classifier should ignore rejections, which say nothing new about the upstream.

mod answer;
#[cfg(feature = "http")]
mod body;
mod circuits;
mod future;
#[cfg(feature = "tokio")]
mod gate;
mod layer;
mod service;
mod settle;
#[cfg(feature = "http")]
mod until_end;
mod wait_hint;

pub use answer::{Answer, BoxErrors, OnOpen, Reject};
#[cfg(feature = "http")]
pub use body::GuardedBody;
pub use circuits::{ByRequest, CircuitOf, Circuits};
pub use future::ResponseFuture;
#[cfg(feature = "tokio")]
pub use gate::Gate;
pub use layer::CircuitBreakerLayer;
pub use service::CircuitBreakerService;
pub use settle::{AtHead, Settle};
#[cfg(feature = "http")]
pub use until_end::UntilEnd;
pub use wait_hint::WaitHint;
