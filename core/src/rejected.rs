//! Why a call was not let through, and when to come back.

use crate::time::Ticks;

/// A call was not let through.
///
/// ```
/// use core::time::Duration;
/// use fusebox::{CircuitBreaker, RejectReason, clock::ManualClock};
///
/// let clock = ManualClock::<1_000>::new();
/// let breaker = CircuitBreaker::new(&clock);
/// breaker.open();
/// clock.advance(Duration::from_secs(4));
///
/// let rejected = breaker.try_acquire().unwrap_err();
/// assert_eq!(rejected.reason(), RejectReason::Open);
/// assert_eq!(rejected.retry_after().map(|left| left.as_duration()), Some(Duration::from_secs(6)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejected {
    pub(crate) reason: RejectReason,
    pub(crate) retry_after: Option<Ticks>,
}

impl Rejected {
    /// Why.
    pub const fn reason(&self) -> RejectReason {
        self.reason
    }

    /// The time until another attempt may be let through, `None` if time alone will not help.
    ///
    /// While other probes are under way it is the time until they would be given up; they may well be
    /// over sooner.
    pub const fn retry_after(&self) -> Option<Ticks> {
        self.retry_after
    }
}

impl core::fmt::Display for Rejected {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.reason.as_str())?;
        match self.retry_after {
            Some(left) => write!(f, ", retry in {} ms", left.as_millis()),
            None => Ok(()),
        }
    }
}

impl core::error::Error for Rejected {}

#[cfg(feature = "defmt")]
impl defmt::Format for Rejected {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{}", self.reason);
        if let Some(left) = self.retry_after {
            defmt::write!(f, ", retry in {}", left);
        }
    }
}

/// Why a call was not let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RejectReason {
    /// The circuit is open and its wait is not over.
    Open,
    /// The circuit is half-open and as many probes are under way as it admits.
    HalfOpenFull,
    /// The circuit was forced open by hand.
    ForcedOpen,
    /// The set is full of peers that may not be evicted.
    TableFull,
}

impl RejectReason {
    /// A short sentence for people, without a full stop.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "circuit open",
            Self::HalfOpenFull => "circuit half-open, its probes are under way",
            Self::ForcedOpen => "circuit forced open",
            Self::TableFull => "no room for another peer",
        }
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for RejectReason {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{=str}", self.as_str());
    }
}

/// The error of a guarded call: rejected, or what the call itself returned.
///
/// ```
/// use fusebox::{CircuitBreaker, Error, clock::ManualClock};
///
/// let clock = ManualClock::<1_000>::new();
/// let breaker = CircuitBreaker::new(&clock);
/// match breaker.call(|| Err::<(), _>("no answer")) {
///     Err(Error::Inner(error)) => assert_eq!(error, "no answer"),
///     Err(Error::Rejected(rejected)) => panic!("{rejected}"),
///     Ok(()) => {}
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error<E> {
    /// The breaker did not let the call through: it was never made.
    Rejected(Rejected),
    /// The call was made and failed.
    Inner(E),
}

impl<E> Error<E> {
    /// The call's own error, if it was made.
    pub fn into_inner(self) -> Option<E> {
        match self {
            Self::Rejected(_) => None,
            Self::Inner(error) => Some(error),
        }
    }

    /// The time until another attempt may be let through, if the call was rejected and time will help.
    pub const fn retry_after(&self) -> Option<Ticks> {
        match self {
            Self::Rejected(rejected) => rejected.retry_after,
            Self::Inner(_) => None,
        }
    }
}

impl<E> From<Rejected> for Error<E> {
    fn from(rejected: Rejected) -> Self {
        Self::Rejected(rejected)
    }
}

impl<E: core::fmt::Display> core::fmt::Display for Error<E> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Rejected(rejected) => rejected.fmt(f),
            Self::Inner(error) => error.fmt(f),
        }
    }
}

#[cfg(feature = "defmt")]
impl<E: defmt::Format> defmt::Format for Error<E> {
    fn format(&self, f: defmt::Formatter<'_>) {
        match self {
            Self::Rejected(rejected) => defmt::write!(f, "{}", rejected),
            Self::Inner(error) => defmt::write!(f, "{}", error),
        }
    }
}

impl<E: core::error::Error> core::error::Error for Error<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Rejected(_) => None,
            Self::Inner(error) => error.source(),
        }
    }
}
