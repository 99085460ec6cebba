//! What the binaries print, for people and for `cargo xtask bench`: a line for each figure, its parts between tabs.

use std::fmt;

use crate::quartiles::Quartiles;
use crate::subject::Kind;

/// How long a call takes.
#[derive(Clone, Debug)]
pub struct Line {
    /// Doing what.
    pub row: &'static str,
    /// Through what.
    pub name: &'static str,
    /// Whose it is.
    pub kind: Kind,
    /// In nanoseconds, unless no sample could be kept.
    pub time: Option<Quartiles>,
    /// Samples that were undisturbed.
    pub kept: usize,
    /// Samples that were taken.
    pub of: usize,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { row, name, kind, time, kept, of } = self;
        write!(f, "time\t{row}\t{kind:?}\t{name}")?;
        match time {
            Some(Quartiles { lower, median, upper }) => write!(f, "\t{median:.3}\t{lower:.3}\t{upper:.3}")?,
            None => f.write_str("\t-\t-\t-")?,
        }
        write!(f, "\t{kept}\t{of}")
    }
}
