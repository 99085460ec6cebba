//! Everything that is measured, by the row it is measured in.

mod floors;
pub mod keyed;
mod ours;
mod peers;
mod tower_resilience;

use crate::answer::Answer;
use crate::subject::Subject;

/// What is done through a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// Calls that succeed, closed.
    Success,
    /// Calls that fail, and never so many that the circuit opens.
    Failure,
    /// Calls that an open circuit rejects.
    Open,
    /// Calls that a half-open circuit admits, and stays half-open.
    HalfOpen,
}

impl Row {
    /// All rows.
    pub const ALL: [Self; 4] = [Self::Success, Self::Failure, Self::Open, Self::HalfOpen];

    /// What the report calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "closed_success",
            Self::Failure => "closed_failure",
            Self::Open => "open_rejected",
            Self::HalfOpen => "half_open",
        }
    }

    /// What every breaker answers.
    pub const fn expected(self) -> Answer {
        match self {
            Self::Success | Self::HalfOpen => Answer::Done,
            Self::Failure => Answer::Failed,
            Self::Open => Answer::Rejected,
        }
    }
}

/// All subjects of a row.
pub fn of(row: Row) -> Vec<Subject> {
    let mut subjects = if row == Row::Open { vec![] } else { floors::working() };
    subjects.extend(ours::of(row));
    subjects.extend(peers::of(row));
    subjects
}

/// Single steps of which breakers are made.
pub fn floors() -> Vec<Subject> {
    floors::steps()
}

/// Breakers that succeed, of which the bytes can be told.
pub fn with_bytes() -> Vec<Subject> {
    ours::owned().into_iter().chain(peers::of(Row::Success)).collect()
}

/// A set with so many peers, of which the bytes of one can be told.
pub fn set_with(peers: u32) -> Subject {
    ours::set_with(peers)
}
