//! The settings of a scenario's breaker, as they are packed.

use serde::{Deserialize, Serialize};

use crate::millis::Millis;

/// All settings.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Config {
    pub(crate) tick: Tick,
    pub(crate) policy: Policy,
    /// Of two policies either opens.
    pub(crate) second: Option<Policy>,
    /// The steps are for the peers of a set.
    pub(crate) set: Option<WhenFull>,
    pub(crate) wait: Millis,
    pub(crate) backoff: Backoff,
    pub(crate) jitter: Jitter,
    pub(crate) seed: Option<u32>,
    pub(crate) probes: u8,
    pub(crate) close: Close,
    pub(crate) lease: Option<Millis>,
    pub(crate) damping: Option<Millis>,
    pub(crate) abandoned: Option<Abandoned>,
    pub(crate) slow_call: Option<Millis>,
    pub(crate) keep_history: bool,
}

impl Config {
    /// Whether there are sets of such breakers. Those for pairs and for the fine clock would not fit into
    /// the flash of a small chip.
    pub(crate) fn fits_set(&self) -> bool {
        self.second.is_none() && self.tick == Tick::Millisecond
    }
}

/// How long a tick of the clock is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Tick {
    Millisecond,
    Microsecond,
}

impl Tick {
    pub(crate) const fn hz(self) -> u32 {
        match self {
            Self::Millisecond => 1_000,
            Self::Microsecond => 1_000_000,
        }
    }
}

/// A trip policy.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Policy {
    Consecutive { failures: u32 },
    MaxFailures { max: u32, window: Millis },
    CountWindow { calls: u32, rates: Rates },
    TimeWindow { buckets: u32, bucket: Millis, rates: Rates },
}

impl Policy {
    /// The rates by which it can judge probes too.
    #[cfg(feature = "std")]
    pub(crate) const fn rates(self) -> Option<Rates> {
        match self {
            Self::CountWindow { rates, .. } | Self::TimeWindow { rates, .. } => Some(rates),
            Self::Consecutive { .. } | Self::MaxFailures { .. } => None,
        }
    }

    /// The length of a bucket of time.
    pub(crate) const fn bucket(self) -> Option<Millis> {
        match self {
            Self::TimeWindow { bucket, .. } => Some(bucket),
            _ => None,
        }
    }
}

/// In whole percents.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Rates {
    pub(crate) failures: u8,
    pub(crate) slow_calls: Option<u8>,
    pub(crate) min_calls: u32,
}

/// What becomes of the wait when a probe fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Backoff {
    #[default]
    Constant,
    /// It doubles up to this.
    UpTo(Millis),
    Uncapped,
}

/// How much of the wait is left to chance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Jitter {
    #[default]
    None,
    Equal,
    Full,
}

/// What makes a half-open circuit close.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Close {
    After(u8),
    ByRate,
}

/// What a permit counts as that is dropped without being settled.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Abandoned {
    Failure,
    Ignored,
    /// A failure if it ran for at least so long.
    After(Millis),
}

/// What becomes of a peer for which the set has no room.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WhenFull {
    Refuse,
    Admit,
}
