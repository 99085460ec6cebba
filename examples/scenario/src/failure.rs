//! The first step of a scenario that did not come out as expected.

use core::fmt;

use fusebox::policy::Tally;
use fusebox::{Rejected, SettingsError, State};

use crate::step::{Label, Retry, Step};

/// A step that did not come out as expected.
#[derive(Clone, Copy, Debug)]
pub struct Failure<'a> {
    pub(crate) number: u32,
    pub(crate) step: Step<'a>,
    pub(crate) reason: Reason,
}

/// What was wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    Differs { expected: Sight, came: Sight },
    PermitTaken(Label),
    NoPermit(Label),
    NothingToDrop,
    NoRoom,
    Settings(SettingsError),
    Rejected(Rejected),
}

/// Something that can be seen and expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    Admitted(bool),
    WouldReject(bool),
    /// In a rejection.
    RetryOfRejection(Retry),
    State(State),
    RetryAfter(Retry),
    Tally(Tally),
    Peers(u32),
}

impl Failure<'_> {
    /// Whether the breaker may well have done as expected, but more permits were kept than there is
    /// [`Room`](crate::Room) for.
    pub fn is_for_want_of_room(&self) -> bool {
        self.reason == Reason::NoRoom
    }
}

impl fmt::Display for Failure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, step, reason } = self;
        write!(f, "step {number}: `{}` at {} ms: {reason}", step.text, step.at)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Differs { expected, came } => write!(f, "expected {expected}, came {came}"),
            Self::PermitTaken(label) => write!(f, "permit {label} is already taken"),
            Self::NoPermit(label) => write!(f, "there is no permit {label}"),
            Self::NothingToDrop => f.write_str("there is no permit to drop"),
            Self::NoRoom => f.write_str("there is no room for another permit"),
            Self::Settings(error) => error.fmt(f),
            Self::Rejected(rejected) => rejected.fmt(f),
        }
    }
}

impl fmt::Display for Sight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Admitted(true) => f.write_str("admitted"),
            Self::Admitted(false) => f.write_str("rejected"),
            Self::WouldReject(true) => f.write_str("would reject"),
            Self::WouldReject(false) => f.write_str("would not reject"),
            Self::RetryOfRejection(retry) => write!(f, "a rejection with {retry}"),
            Self::State(state) => write!(f, "state {state}"),
            Self::RetryAfter(retry) => retry.fmt(f),
            Self::Tally(Tally { calls, failures, slow }) => {
                write!(f, "{calls} results, {failures} failed, {slow} slow")
            }
            Self::Peers(peers) => write!(f, "{peers} peers"),
        }
    }
}

impl fmt::Display for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::In(time) => write!(f, "retry in {time} ms"),
            Self::Unknown => f.write_str("no time to retry"),
        }
    }
}
