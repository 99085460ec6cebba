//! Circuit breakers for servers: [`fusebox`] with the clocks of an operating system, sets that all threads share,
//! counters, and circuits that explain themselves.
//!
//! ```
//! use fusebox_std::CircuitBreakerSet;
//!
//! // One circuit per upstream, made on first use.
//! let upstreams = CircuitBreakerSet::<String>::new();
//! let stock = upstreams.call("inventory", || Ok::<_, std::io::Error>(7));
//! assert!(stock.is_ok());
//! ```
//!
//! | for | see |
//! |---|---|
//! | one breaker | [`fusebox::CircuitBreaker`] with a [`StdClock`] |
//! | a circuit per peer | [`CircuitBreakerSet`], [`Handle`] |
//! | asking first, settling later, on another thread perhaps | [`Handle::try_acquire`], [`Permit`] |
//! | futures | [`Handle::call_async`], [`Abandoned`] |
//! | results of calls that were made without asking | [`Handle::report`] |
//! | waiting until a circuit lets calls through | `Handle::wait_until_ready`, with the feature `tokio` |
//! | what happened | [`Handle::counts`], [`Handle::records`], [`Handle::transitions`], [`Handle::state_times`], [`Handle::explain`] |
//! | metrics | the crate `fusebox-prometheus` |
//! | new settings at run time | [`CircuitBreakerSet::reload`] |
//! | taking a set over a restart | `CircuitBreakerSet::save` and `restore`, with the feature `saved` |
//! | logs | `LogListener` and `TracingListener`, with the features `log` and `tracing` |
//! | services and middleware | `tower::CircuitBreakerLayer`, with the feature `tower` |
//! | requests of `reqwest` | `reqwest::CircuitBreakerMiddleware`, with the feature `reqwest` |
//! | what a response says about its upstream | `http::HttpStatus` and `http::GrpcStatus`, with the feature `http` |
//! | rejections that cost less than reading the clock | `CoarseClock`, with the feature `coarse` |
//! | circuits and health over HTTP | `admin::Admin`, with the feature `axum` |
//! | time in tests | [`fusebox::clock::ManualClock`], and `TokioClock` with the feature `tokio` |
#![forbid(unsafe_code)]

mod contained;
mod counts;
mod entry;
mod error;
mod explain;
mod handle;
mod held;
mod incarnation;
mod permit;
mod record;
mod recorder;
#[cfg(feature = "saved")]
mod saved;
mod set;
mod sync;
mod told;
#[cfg(feature = "tokio")]
mod until_ready;
mod unwind;
mod versions;
mod waiters;
mod wording;

#[cfg(feature = "axum")]
pub mod admin;
pub mod clock;
#[cfg(feature = "http")]
pub mod http;
#[cfg(any(feature = "log", feature = "tracing"))]
pub mod logging;
#[cfg(feature = "reqwest")]
pub mod reqwest;
#[cfg(feature = "tower")]
pub mod tower;

#[cfg(feature = "coarse")]
pub use clock::CoarseClock;
#[cfg(feature = "tokio")]
pub use clock::TokioClock;
pub use clock::{StdClock, Uptime};
pub use counts::{CallCounts, Counts};
pub use entry::Abandoned;
pub use error::SetError;
pub use explain::Explanation;
pub use handle::Handle;
pub use incarnation::Incarnation;
#[cfg(feature = "log")]
pub use logging::LogListener;
#[cfg(feature = "tracing")]
pub use logging::TracingListener;
pub use permit::Permit;
pub use record::{Record, StateTimes, Transitions};
#[cfg(feature = "saved")]
pub use saved::{Restored, SavedError, SavedErrorReason};
pub use set::{CircuitBreakerSet, CircuitBreakerSetBuilder, WeakCircuitBreakerSet};
#[cfg(feature = "tokio")]
pub use until_ready::UntilReady;

/// The README's examples, as doc tests: here, since a server's needs this crate.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// The pieces of the page for `reqwest`, as doc tests.
#[cfg(all(doctest, feature = "reqwest"))]
#[doc = include_str!("../../docs/reqwest.md")]
struct ReqwestPage;

/// The pieces of the page for Tower, as doc tests.
#[cfg(all(doctest, feature = "tower", feature = "http", feature = "tokio"))]
#[doc = include_str!("../../docs/tower.md")]
struct TowerPage;

/// The pieces of the page about settings, as doc tests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/settings.md")]
struct SettingsPage;

/// The pieces of the page about worker pools, as doc tests.
#[cfg(all(doctest, feature = "saved"))]
#[doc = include_str!("../../docs/workers.md")]
struct WorkersPage;

/// The pieces of the page about what not to do, as doc tests.
#[cfg(all(doctest, feature = "axum", feature = "http", feature = "tokio", feature = "tower"))]
#[doc = include_str!("../../docs/anti-patterns.md")]
struct AntiPatternsPage;

/// The pieces of the page for those who come from other breakers, as doc tests.
#[cfg(all(doctest, feature = "http", feature = "tokio", feature = "tower"))]
#[doc = include_str!("../../docs/migrating.md")]
struct MigratingPage;
