//! The steps of a scenario: a time, an operation, and what is expected of it.

use fusebox::{Outcome, State, Ticks};
use serde::{Deserialize, Serialize};

use crate::millis::Millis;

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Step<'a> {
    pub(crate) at: Millis,
    /// The operation as it stands in the file.
    pub(crate) text: &'a str,
    /// Whose circuit it is about, in a set.
    pub(crate) peer: Key,
    pub(crate) op: Op,
    pub(crate) times: u32,
    pub(crate) expect: Expect,
}

/// The number of a peer.
pub(crate) type Key = u32;

/// The number of a permit that is kept.
pub(crate) type Label = u32;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Op {
    /// `C`: a whole call.
    Call(Ending),
    /// `X`: settles the last permit that has no label, or makes a whole call that may be rejected.
    Settle(Ending),
    /// `A`: asks for a permit and keeps it.
    Acquire(Option<Label>),
    /// `R`: settles the permit with this label.
    Release(Label, Ending),
    /// `D`: drops a permit without settling it.
    Drop(Option<Label>),
    /// `M`: by hand.
    Manual(Manual),
    /// `?`: looks.
    Look,
    /// `N`: looks at what the trip policy holds.
    Window { calls: u32, failures: u32, slow: Option<u32> },
    /// `P`: looks at how many peers the set holds.
    Peers(u32),
}

/// How a call ends, and how long it took if that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ending {
    #[serde(with = "OutcomeDef")]
    pub(crate) outcome: Outcome,
    pub(crate) took: Option<Millis>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Outcome")]
enum OutcomeDef {
    Success,
    Failure,
    Ignored,
}

/// What is done by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Manual {
    Open,
    OpenFor(Millis),
    WaitAtLeast(Millis),
    HalfOpen,
    Close,
    Reset,
    ForceOpen,
    Disable,
    Observe,
    Automatic,
}

/// What a step must come to. `None` is not checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Expect {
    /// `+` or `-`, for each repetition.
    pub(crate) admitted: Option<bool>,
    /// `!` and `=` after a `+`: in observe mode it would have been rejected, or not.
    pub(crate) would_reject: Option<bool>,
    /// The state after the step.
    pub(crate) state: Option<After>,
    /// `@5000` or `@-`, after the step and in its rejection.
    pub(crate) retry_after: Option<Retry>,
}

/// A state after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct After(#[serde(with = "StateDef")] pub(crate) State);

#[derive(Serialize, Deserialize)]
#[serde(remote = "State")]
enum StateDef {
    Closed,
    Open,
    HalfOpen,
    ForcedOpen,
    Disabled,
    Observe,
}

/// When another call may be admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Retry {
    In(Millis),
    /// Now, or time alone will not help.
    Unknown,
}

impl From<Option<Ticks>> for Retry {
    fn from(left: Option<Ticks>) -> Self {
        match left {
            Some(left) => Self::In(Millis::from_micros(u64::from(left.count()) * 1_000_000 / u64::from(left.hz()))),
            None => Self::Unknown,
        }
    }
}
