//! Prometheus and OpenMetrics for [`fusebox`]: circuits as metrics, read when somebody asks. Calls take no part in it and
//! cost what they did.
//!
//! ```
//! use fusebox_prometheus::{Exporter, Format};
//! use fusebox_std::{CircuitBreakerSet, Counts};
//!
//! // `Counts::All`, or successes are not counted.
//! let upstreams = CircuitBreakerSet::<String>::builder().counts(Counts::All).build()?;
//! let exporter = Exporter::new();
//! exporter.register("upstreams", &upstreams)?;
//!
//! for _ in 0..4 {
//!     let _ = upstreams.call("inventory", || Err::<(), _>("no answer"));
//! }
//! let page = exporter.render_as(Format::OpenMetrics);
//! assert!(page.contains(r#"circuit_breaker_state{set="upstreams",circuit="inventory",state="open"} 1"#));
//! assert!(page.ends_with("# EOF\n"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Which way out
//!
//! | your program | use |
//! |---|---|
//! | has an axum server | `metrics_route`, with the feature `axum` |
//! | has another server, or writes files | [`Exporter::render_as`], [`Exporter::write_to`], [`Format::content_type`] |
//! | exports all it has through the `metrics` facade | `Exporter::sync` before its recorder renders, with the feature `metrics` |
//! | has no metrics yet | `Exporter::install`, with the feature `install`: a recorder for all metrics, and a server |
//!
//! The first two write what the circuits say, with nothing in between: sorted, exact, and circuits that are gone are
//! gone. A recorder takes in whole numbers only, cannot let go of series, and takes longer to render.
//!
//! # Metrics
//!
//! Names begin with `circuit_breaker_` unless the [builder](Exporter::builder) says otherwise. All have the label `set`;
//! but for those of a whole set, `circuit`, which is the peer's key as displayed.
//!
//! | metric | type | more labels |
//! |---|---|---|
//! | `calls_total` | counter | `outcome`: `success`, `failure`, `ignored`, `abandoned` |
//! | `rejections_total` | counter | `reason`: `open`, `half_open_full`, `forced_open`, and in observe mode `would_reject` |
//! | `transitions_total` | counter | `from`, `to` |
//! | `observed_transitions_total` | counter | `from`, `to`: what observe mode simulated |
//! | `state` | gauge, 0 or 1 | `state`: `closed`, `open`, `half_open`, `forced_open`, `disabled`, `observe` |
//! | `state_seconds_total` | counter | `state` |
//! | `last_transition_timestamp_seconds` | gauge | absent before the first transition |
//! | `open_wait_seconds` | gauge | the rest of an open circuit's wait |
//! | `window_failure_ratio` | gauge, 0 to 1 | absent while too few calls are known, and for policies without rates |
//! | `slow_calls_total` | counter | `outcome`: `success`, `failure`, `abandoned`; where settings say what is slow |
//! | `call_duration_seconds` | histogram | `outcome`; on request, see [`CallDurations`] |
//! | `circuits`, `capacity` | gauges | of the set: how many circuits there are, and how many there is room for |
//! | `circuits_evicted_total`, `refused_peers_total` | counters | of the set |
//!
//! - Rejected calls are not among the calls, so the share of failures is right while a circuit is open.
//! - A trip is `from="closed",to="open"`; a failed probe is `from="half_open",to="open"`.
//! - What a set does not [count](fusebox_std::Counts) is absent, rather than 0: by default that is `outcome="success"`.
//! - All other series are there at 0 as soon as the circuit is, but for transitions that only people make. A circuit is
//!   made by its first call; one that trips before it was ever read is first seen at 1, which `increase` does not count.
//!   Where that matters ask the set for a [`handle`](fusebox_std::CircuitBreakerSet::handle) of each known peer at the start,
//!   or see [`ExporterBuilder::created`].
//! - The states are read, never pushed, so none can be left over from before: their sum is 1 for each circuit.
//! - A circuit that is evicted, or removed, takes its counts along, with those of the last moments before it went. One that
//!   is made anew for the same peer begins at 0. It may come back if somebody still has a handle to it, and goes on then.
#![forbid(unsafe_code)]
#![allow(clippy::doc_markdown, reason = "OpenMetrics is a name of its own")]

mod book;
mod builder;
mod durations;
mod error;
mod exporter;
#[cfg(feature = "install")]
mod install;
mod metric;
#[cfg(feature = "metrics")]
mod push;
mod registered;
#[cfg(feature = "axum")]
mod route;
mod sample;
mod series;
mod source;
mod text;

pub use builder::ExporterBuilder;
pub use durations::{BoundsError, CallDurations, TimedHandle};
pub use error::{PrefixError, RegisterError};
pub use exporter::Exporter;
#[cfg(feature = "install")]
pub use install::{InstallError, Installed};
pub use metric::Metric;
#[cfg(feature = "axum")]
pub use route::metrics_route;
pub use sample::Sample;
pub use source::{Circuits, SetTotals, Source, from_fn};
pub use text::Format;

/// The examples of `docs/prometheus.md`, as doc tests.
#[cfg(all(doctest, feature = "install"))]
#[doc = include_str!("../../docs/prometheus.md")]
struct Guide;
