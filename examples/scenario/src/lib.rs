//! Plays scenarios: steps at given times on a circuit breaker, and what each must come to.
//!
//! A host reads scenario files (`examples/lab/SCENARIOS.md` describes them) and packs them into bytes, with
//! the feature `std`. The player unpacks those bytes a step at a time. It needs neither heap nor `std`, so
//! that a chip plays the very same scenarios by the very same code, from its flash.
//!
#![cfg_attr(feature = "std", doc = "```")]
#![cfg_attr(not(feature = "std"), doc = "```ignore")]
//! use fusebox_scenario::{Room, Scenarios, Trial, read};
//!
//! let line = r#"{"id": "trips", "config": {"trip": {"kind": "consecutive", "failures": 2}, "open": {"wait_ms": 1000},
//!     "half_open": {"probes": 1, "close_after": 1}}, "steps": [[0, "C:F*2", "+o"], [1000, "C:S", "+c"]]}"#;
//! let packed = read::pack(&line.replace('\n', ""))?;
//! for scenario in Scenarios::packed(&packed) {
//!     assert!(scenario?.play(Trial::PLAIN, &Room::HOST)?.verdict.is_ok());
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is compared
//! [`play_all`] plays each scenario in many [`Trial`]s: from tick 0, and from such ticks that the clock's
//! counter wraps at one of its steps, or crosses half of its range; on a breaker of its own, and as one
//! peer of a set. Each must pass. All that can be seen of the breakers after each step goes into a
//! checksum, which is the same wherever it is computed.
//!
//! [`random`] plays what nobody wrote down: settings and steps that are drawn from a seed, alike on every machine.
#![cfg_attr(not(any(test, feature = "std")), no_std)]
#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::expect_used, clippy::panic, clippy::unwrap_used))]

mod alone;
mod circuit;
mod config;
mod failure;
mod file;
mod in_set;
mod millis;
mod packed;
mod play;
pub mod random;
mod setup;
mod shelf;
mod step;
mod subject;
mod trace;
mod trial;

#[cfg(feature = "std")]
pub mod read;

pub use failure::Failure;
pub use file::{Report, play_all};
pub use packed::{Error, Scenario, Scenarios};
pub use play::Played;
pub use shelf::Room;
pub use trial::Trial;
