//! Why a set cannot be made.

use std::fmt;

/// Why a set cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SetError {
    /// It would have room for no peer at all.
    Capacity,
}

impl fmt::Display for SetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Capacity => "capacity must be 1 or more",
        })
    }
}

impl std::error::Error for SetError {}
