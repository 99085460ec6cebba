//! Listeners that log transitions, and what a set has to say about its room.
//!
//! Each is told once, at python-circuit's levels: an opening is an error, a close is information, a probe is a detail.
//! Calls are not logged: of an outage they would be most of the log.

#[cfg(feature = "log")]
mod log_listener;
#[cfg(feature = "tracing")]
mod tracing_listener;

#[cfg(feature = "log")]
pub use log_listener::LogListener;
#[cfg(feature = "tracing")]
pub use tracing_listener::TracingListener;

use fusebox::{State, Transition};

/// The target of all lines, to filter by.
pub const TARGET: &str = "circuit_breaker";

/// How much a transition matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    Error,
    Warn,
    Info,
    Debug,
}

const fn weight(transition: &Transition) -> Weight {
    match transition.to() {
        State::Open if !transition.observed() => Weight::Error,
        State::Open | State::ForcedOpen | State::Disabled | State::Observe => Weight::Warn,
        State::Closed => Weight::Info,
        State::HalfOpen => Weight::Debug,
    }
}
