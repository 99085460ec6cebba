//! A trace: settings, and what happened when to which peer.

use std::fmt;

use serde::{Serialize, Serializer};

/// One history that every breaker can be given, with time in milliseconds.
#[derive(Clone, Debug, Serialize)]
pub struct Trace {
    /// The same for every peer.
    pub settings: Settings,
    /// In the order in which they happen.
    pub steps: Vec<Step>,
}

/// Python-circuit's settings, and whether its failure list survives a close.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Settings {
    /// Failures within the window that do not trip yet.
    #[serde(rename = "maxfail")]
    pub max_failures: u32,
    /// Milliseconds from opening to the first probe.
    #[serde(rename = "reset_timeout")]
    pub wait: u32,
    /// Milliseconds in which failures count.
    #[serde(rename = "time_unit")]
    pub window: u32,
    /// The longest doubled wait in milliseconds, [`Settings::UNCAPPED`] for no limit. Without it the
    /// wait does not double.
    pub backoff_cap: Option<u64>,
    /// Full jitter on the wait.
    #[serde(rename = "with_jitter")]
    pub jitter: bool,
    /// Not one of python-circuit's settings: it always keeps its list.
    #[serde(skip)]
    pub keep_history: bool,
}

impl Settings {
    /// A cap above every wait.
    pub const UNCAPPED: u64 = u64::MAX;

    /// Python-circuit's defaults, with the failure list cleared by a close.
    pub const DEFAULT: Self =
        Self { max_failures: 3, wait: 10_000, window: 60_000, backoff_cap: None, jitter: false, keep_history: false };
}

/// Something that happens to one peer.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Milliseconds since the trace began. It may go back, as clocks do.
    pub at: u32,
    /// The peer's number.
    pub peer: u16,
    /// What happens.
    pub what: What,
}

/// What happens to a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A call that begins and ends in the same moment.
    Call(Ending),
    /// A call that goes on, under this number.
    Begin(u32),
    /// The end of the call of this number. Nothing happens if that was rejected or is over.
    End(u32, Ending),
    /// Opened by hand.
    Open,
    /// Closed by hand.
    Close,
}

/// How a call ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The peer answers.
    Ok,
    /// The error that counts as a failure.
    Fail,
    /// An error that does not count.
    Ignored,
    /// A special case of the error that counts.
    Subclass,
}

impl Ending {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Fail => "fail",
            Self::Ignored => "ignored",
            Self::Subclass => "subclass",
        }
    }
}

impl What {
    const fn words(self) -> (&'static str, Option<u32>) {
        match self {
            Self::Call(ending) => (ending.word(), None),
            Self::Begin(number) => ("begin", Some(number)),
            Self::End(number, ending) => (ending.word(), Some(number)),
            Self::Open => ("open", None),
            Self::Close => ("close", None),
        }
    }
}

/// As the oracle reads it: `[time, peer, what, number]`.
impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (word, number) = self.what.words();
        (self.at, self.peer_name(), word, number).serialize(serializer)
    }
}

impl Step {
    /// The peer's name in the oracle, which names a logger after it.
    fn peer_name(&self) -> String {
        format!("peer-{}", self.peer)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, number) = self.what.words();
        write!(f, "{:>10} ms  {:<8} {word}", self.at, self.peer_name())?;
        number.map_or(Ok(()), |number| write!(f, " {number}"))
    }
}
