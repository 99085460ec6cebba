//! Circuits and health over HTTP, as an axum router.
//!
//! ```
//! use fusebox_std::CircuitBreakerSet;
//! use fusebox_std::admin::Admin;
//!
//! let upstreams = CircuitBreakerSet::<String>::new();
//! let shards = CircuitBreakerSet::<u32>::new();
//! let admin = Admin::new()
//!     .set("upstreams", upstreams.clone())
//!     .set("shards", shards.clone())
//!     .vital(|set, key| set == "upstreams" && key == "payments")
//!     .router();
//! # let _: axum::Router = admin;
//! ```
//!
//! | request | answer |
//! |---|---|
//! | `GET /circuits` | [all sets, each with its first circuits](SetsReport) |
//! | `GET /circuits/SET?state=open,half_open&limit=100&after=KEY` | [one set](SetReport), page by page |
//! | `GET /circuits/SET/KEY` | [all that is known of a circuit](CircuitDetails) |
//! | `GET /circuits/SET/KEY/explain` | [why it is in its state](CircuitReport) |
//! | `POST /circuits/SET/KEY/CHANGE` | the circuit as it then is, if [changes are allowed](Admin::allow_changes) |
//! | `GET /health` | [health](HealthReport): an open circuit is a warning, with status 200 |
//! | `GET /ready` | the same, but [vital](Admin::vital) circuits that reject all calls fail, with status 503 |
//!
//! Errors are [problem details](Problem). `docs/admin.md` shows an answer of each kind.
//!
//! # Where to mount it
//!
//! On a listener of its own that only you can reach: keys may be confidential, and changes stop traffic. The router
//! has no fallback, so it may also be nested or merged, with a layer that authenticates. Into a router with another
//! state it goes by `nest_service`.
//!
//! # Keys
//!
//! A circuit is named by its key as displayed, percent-encoded as one segment of the path. Nothing that is asked for
//! makes a circuit. Keys that are displayed alike are listed, but a request for one of them is answered with 409. A key
//! that is displayed as nothing at all is listed and has no path; `.` and `..` are paths that many clients cannot ask for.
//!
//! # Cost
//!
//! Callers are not stopped. Every answer looks at all circuits of a set, in a Tokio runtime on its threads for blocking
//! work: `docs/admin.md` has figures.

mod answer;
mod builder;
mod change;
mod health;
mod known;
mod page;
mod problem;
mod report;
mod routes;
mod smallest;

pub use builder::Admin;
pub use health::{HealthCheck, HealthReport, HealthStatus, Observed};
pub use page::{SetReport, SetsReport};
pub use problem::Problem;
pub use report::{
    ByState, CallsReport, CircuitDetails, CircuitReport, RecordReport, RejectionsReport, TallyReport, TripReport,
};
