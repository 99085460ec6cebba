//! Circuits in a file, to take them over a restart.

mod error;
mod file;
mod format;

pub use error::{SavedError, SavedErrorReason};

pub(crate) use file::{read, replace};
pub(crate) use format::{NAME, decode, encode};

use std::time::Duration;

/// What became of the circuits in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Restored {
    /// Circuits that go on from where they were.
    pub circuits: usize,
    /// Circuits that stayed as they are, since they remember something newer than the file.
    pub kept: usize,
    /// Circuits that the set had no room for, or that lost their place while they were restored. They are lost.
    pub no_room: usize,
    /// How long ago they were saved by the wall clock; zero if that went back since.
    pub asleep: Duration,
}
