//! A middleware for `reqwest`, with a circuit per host or one for all requests.
//!
//! ```
//! use std::time::Duration;
//! use fusebox::RejectReason;
//! use fusebox_std::CircuitBreakerSet;
//! use fusebox_std::http::RetryAfter;
//! use fusebox_std::reqwest::{CircuitBreakerMiddleware, rejected};
//! use reqwest_middleware::ClientBuilder;
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(async {
//! let upstreams = CircuitBreakerSet::<String>::new();
//! let breaker = CircuitBreakerMiddleware::by_host(upstreams.clone())
//!     .wait_at_least(RetryAfter::up_to(Duration::from_secs(300)));
//! let client = ClientBuilder::new(reqwest::Client::new()).with(breaker).build();
//!
//! # let closed = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
//! # let url = format!("http://{closed}/bolts");
//! for _ in 0..4 {
//!     // Nobody listens there.
//!     assert!(client.get(&url).send().await.is_err_and(|error| error.is_connect()));
//! }
//! let error = client.get(&url).send().await.unwrap_err();
//! // Nothing was sent this time.
//! assert_eq!(rejected(&error).map(|rejected| rejected.reason()), Some(RejectReason::Open));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What counts
//!
//! By default what [`HttpStatus`](crate::http::HttpStatus) says: 5xx, 429 and errors are failures. Requests that could not
//! even be built, and those that another circuit breaker rejected, are ignored. A response is judged by its head: an
//! error while its body is read is not seen. A request that is dropped, by a timeout around it for instance, is
//! [abandoned](crate::Abandoned); `reqwest`'s own timeouts are errors and count as such.
//!
//! # Order
//!
//! Middleware that was attached first is outermost. Retries belong outside, so attach them first: each attempt then asks the
//! circuit, and a rejection ends them, as `reqwest-retry` takes errors of middleware for final. Redirects are followed further inside, and belong to the host that was asked.
//!
//! # Without the middleware
//!
//! [`Handle::call_async_with`](crate::Handle::call_async_with) guards a request of a plain `reqwest::Client`, with
//! `HttpStatus` as its classifier; and since that client is a Tower service, so does
//! [`CircuitBreakerLayer`](crate::tower::CircuitBreakerLayer).

mod judge;
mod middleware;
mod not_sent;

pub use judge::rejected;
pub use middleware::CircuitBreakerMiddleware;
