//! fusebox, and the crates it is compared with.

pub mod ours;

#[cfg(feature = "peers")]
pub mod allframe;
#[cfg(feature = "peers")]
pub mod circuitbreaker_rs;
#[cfg(feature = "peers")]
pub mod failsafe;
#[cfg(feature = "peers")]
pub mod nobreak;
#[cfg(feature = "peers")]
pub mod recloser;
#[cfg(feature = "peers")]
pub mod reliakit;
#[cfg(feature = "peers")]
pub mod resilient;
#[cfg(feature = "peers")]
pub mod served;
#[cfg(feature = "peers")]
pub mod tower_circuitbreaker;
#[cfg(feature = "peers")]
pub mod tower_resilience;
