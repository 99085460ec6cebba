//! Why circuits cannot be saved or restored.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use fusebox::SnapshotError;

/// Why circuits cannot be saved to a file or restored from it. Displayed, it says the path too.
#[derive(Debug)]
pub struct SavedError {
    path: PathBuf,
    reason: SavedErrorReason,
}

/// Why circuits cannot be saved or restored.
#[derive(Debug)]
#[non_exhaustive]
pub enum SavedErrorReason {
    /// The file or its folder cannot be read or written.
    Io(io::Error),
    /// The file is not one of saved circuits.
    Foreign,
    /// The file is cut off or damaged.
    Torn,
    /// The file has another version of the format.
    Version(u32),
    /// The file was saved by a clock of so many ticks a second, which is not the rate of the set's.
    ClockRate(u32),
    /// The file was saved by a set with this trip policy, which is not the set's.
    Policy(String),
    /// A key could not be put into words, or what is in the file is no key of this set.
    Key {
        /// The line in the file, from 1.
        line: usize,
        /// What the key's type says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A circuit is whole and makes no sense.
    Snapshot {
        /// The line in the file, from 1.
        line: usize,
        /// What is wrong with it.
        source: SnapshotError,
    },
}

impl SavedError {
    pub(crate) fn new(path: &Path, reason: SavedErrorReason) -> Self {
        Self { path: path.to_owned(), reason }
    }

    /// The file, as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is wrong.
    pub const fn reason(&self) -> &SavedErrorReason {
        &self.reason
    }
}

impl fmt::Display for SavedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.path.display())?;
        match &self.reason {
            SavedErrorReason::Io(error) => error.fmt(f),
            SavedErrorReason::Foreign => f.write_str("this is no file of saved circuits; give another path"),
            SavedErrorReason::Torn => f.write_str("the saved circuits are cut off or damaged; start without them"),
            SavedErrorReason::Version(version) => {
                write!(f, "the circuits were saved in version {version} of the format, which is not known here")
            }
            SavedErrorReason::ClockRate(hz) => {
                write!(f, "the circuits were saved at {hz} ticks a second, which is not the rate of this set's clock")
            }
            SavedErrorReason::Policy(policy) => {
                write!(f, "the circuits were saved with the trip policy {policy}, which is not this set's")
            }
            SavedErrorReason::Key { line, source } => {
                write!(f, "line {line}: {source}; do the keys have another type than this set's?")
            }
            SavedErrorReason::Snapshot { line, source } => write!(f, "line {line}: {source}"),
        }
    }
}

impl std::error::Error for SavedError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.reason {
            SavedErrorReason::Io(error) => Some(error),
            SavedErrorReason::Key { source, .. } => Some(&**source),
            SavedErrorReason::Snapshot { source, .. } => Some(source),
            _ => None,
        }
    }
}
