//! fusebox for programs with an operating system.

pub mod clock;

pub use clock::{StdClock, Uptime};
#[cfg(feature = "tokio")]
pub use clock::TokioClock;
