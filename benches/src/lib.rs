//! What a guarded call costs: beside its floors and beside other crates, in one run, and in instructions.
//!
//! The binaries `timing`, `exporting`, `bytes` and `instructions` measure; `cargo xtask bench` and `cargo xtask budgets` run them.
#![forbid(unsafe_code)]

pub mod answer;
#[cfg(feature = "peers")]
pub mod callers;
#[cfg(feature = "peers")]
pub mod exporting;
#[cfg(feature = "peers")]
pub mod keys;
pub mod paths;
#[cfg(feature = "peers")]
pub mod program;
#[cfg(feature = "peers")]
pub mod quartiles;
#[cfg(feature = "peers")]
pub mod report;
#[cfg(feature = "peers")]
pub mod sampling;
#[cfg(feature = "peers")]
pub mod subject;
#[cfg(feature = "peers")]
pub mod subjects;
#[cfg(feature = "peers")]
pub mod two_threads;
pub mod work;
pub mod worker;
