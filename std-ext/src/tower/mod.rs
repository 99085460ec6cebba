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
//! | for | see |
//! |---|---|
//! | one circuit, or one per key | [`CircuitBreakerLayer::new`], [`by`](CircuitBreakerLayer::by) |
//! | a response instead of an error, boxed errors | [`on_open`](CircuitBreakerLayer::on_open), [`box_errors`](CircuitBreakerLayer::box_errors) |
//! | what counts as a failure | [`classify`](CircuitBreakerLayer::classify), and the module `http` |
//! | gRPC, whose status comes in the trailers | `until_end`, with the feature `http` |
//! | upstreams that say when to come back | [`wait_at_least`](CircuitBreakerLayer::wait_at_least) |
//! | balancers | `gate`, with the feature `tokio` |
//!
//! # What may be relied on
//!
//! - `poll_ready` looks at the circuit and changes nothing. A permit is taken in `call`, so a service that is ready
//!   and never called holds no probe's slot.
//! - While the one circuit of all requests rejects, the service is ready without the inner one being asked, and `call`
//!   answers at once; with a gate it is pending, and woken when it may go on. An open circuit is never an error of `poll_ready`, which would tell callers to throw the service
//!   away.
//! - Where the circuit depends on the request, the inner service is made ready first.
//! - A circuit that rejects takes nothing from others: the inner service is replaced with a clone, and its place in a
//!   buffer or below a concurrency limit is free again.
//! - The inner service is called only once it was ready. If a circuit that was open in `poll_ready` lets the call
//!   through, the future makes a clone ready, and takes the permit then.
//! - The future holds the permit, and until the end of a body that body does. Dropped, by a timeout outside for instance, the call is
//!   [abandoned](crate::Abandoned); a panic is a failure; an error of the inner `poll_ready` does not count.
//!
//! # Order
//!
//! From the outside in: retries, circuit breaker, timeout, service. Timeouts belong inside, so that they count as the errors
//! they are; retries outside, so that each attempt asks the circuit and they are told when to stop. A concurrency limit or a buffer may be on either side. Where one circuit breaker is around another,
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

#[cfg(feature = "reqwest")]
pub(crate) use self::{circuits::acquire, settle::settle};
