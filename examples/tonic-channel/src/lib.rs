//! A gRPC client that leaves its server alone while that is in trouble. The service is gRPC's own for health, since its
//! code need not be generated.
#![forbid(unsafe_code)]

pub mod guarded;
pub mod station;

pub use guarded::client;
pub use station::{Mood, Station};

/// The examples of the page, as doc tests: here, since they need tonic.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/tonic.md")]
struct TonicPage;
