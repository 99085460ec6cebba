//! What a call came to, and what a circuit is doing about it.

/// How a call counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Outcome {
    /// The peer works.
    Success,
    /// The peer is in trouble.
    Failure,
    /// This says nothing about the peer: a bad request, a busy local resource. It changes nothing, and
    /// a probe's slot is given back.
    Ignored,
}

/// What a circuit does with calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Calls go through; too many failures open the circuit.
    Closed,
    /// Calls are rejected until the wait is over.
    Open,
    /// A few probes go through; their results close the circuit or open it again.
    HalfOpen,
    /// Calls are rejected until somebody says otherwise.
    ForcedOpen,
    /// Calls go through, nothing is counted.
    Disabled,
    /// Calls go through, everything is counted, and what would have been is simulated.
    Observe,
}

impl State {
    /// All states, in the order of the documentation.
    pub const ALL: [Self; 6] =
        [Self::Closed, Self::Open, Self::HalfOpen, Self::ForcedOpen, Self::Disabled, Self::Observe];

    /// The name used in logs and metrics: `closed`, `open`, `half_open`, `forced_open`, `disabled`,
    /// `observe`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
            Self::ForcedOpen => "forced_open",
            Self::Disabled => "disabled",
            Self::Observe => "observe",
        }
    }
}

impl core::fmt::Display for State {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for State {
    #[allow(clippy::match_same_arms, reason = "the arms differ in their texts, which the macro takes out")]
    fn format(&self, f: defmt::Formatter<'_>) {
        match self {
            Self::Closed => defmt::write!(f, "closed"),
            Self::Open => defmt::write!(f, "open"),
            Self::HalfOpen => defmt::write!(f, "half_open"),
            Self::ForcedOpen => defmt::write!(f, "forced_open"),
            Self::Disabled => defmt::write!(f, "disabled"),
            Self::Observe => defmt::write!(f, "observe"),
        }
    }
}
