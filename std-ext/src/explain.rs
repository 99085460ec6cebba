//! Why a circuit is in its state.

use std::fmt;
use std::time::{Duration, SystemTime};

use fusebox::policy::Tally;
use fusebox::{Cause, State, TripReason};

use crate::record::Record;

/// Why a circuit is in its state, since when and until when, on which evidence. Displayed, it is a sentence.
///
/// ```
/// use fusebox_std::CircuitBreakerSet;
///
/// let upstreams = CircuitBreakerSet::<String>::new();
/// let inventory = upstreams.handle("inventory")?;
/// for _ in 0..4 {
///     let _ = inventory.call(|| Err::<(), _>("no answer"));
/// }
/// assert_eq!(inventory.explain().to_string(), "open, since 4 calls failed within the window; a probe in 10s");
/// # Ok::<(), fusebox::Rejected>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Explanation {
    /// The state.
    pub state: State,
    /// Since when, by the wall clock; `None` if nothing happened to it yet.
    pub since: Option<SystemTime>,
    /// Why, with the evidence; `None` if nothing happened to it yet.
    pub cause: Option<Cause>,
    /// How long until time alone changes something.
    pub retry_after: Option<Duration>,
    /// What would be judged now.
    pub tally: Tally,
}

impl Explanation {
    pub(crate) fn new(state: State, latest: Option<Record>, retry_after: Option<Duration>, tally: Tally) -> Self {
        let since = latest.map(|record| record.at);
        let cause = latest.map(|record| record.transition.cause());
        Self { state, since, cause, retry_after, tally }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.state {
            State::Closed => "closed",
            State::Open => "open",
            State::HalfOpen => "half-open",
            State::ForcedOpen => "forced open",
            State::Disabled => "disabled",
            State::Observe => "observed",
        })?;
        match self.cause {
            None => f.write_str(", since nothing happened yet")?,
            Some(Cause::Tripped(trip)) => {
                let (calls, failures, slow) = (trip.calls(), trip.failures(), trip.slow());
                match trip.reason() {
                    TripReason::MaxFailures => {
                        write!(f, ", since {failures} calls failed within the window")?;
                    }
                    TripReason::Consecutive => write!(f, ", since {failures} calls in a row failed")?,
                    TripReason::SlowRate => write!(f, ", since {slow} of {calls} calls were slow")?,
                    _ => write!(f, ", since {failures} of {calls} calls failed")?,
                }
            }
            Some(Cause::WaitOver) => f.write_str(", since the wait was over and a call came")?,
            Some(Cause::ProbesFailed(trip)) => {
                let slow = matches!(trip.reason(), TripReason::SlowProbe | TripReason::SlowRate);
                f.write_str(if slow { ", since a probe was slow" } else { ", since a probe failed" })?;
            }
            Some(Cause::ProbesSucceeded) => f.write_str(", since probes succeeded")?,
            Some(Cause::LeaseExpired) => f.write_str(", since probes did not come back")?,
            Some(Cause::Manual) => f.write_str(", since somebody said so")?,
            Some(Cause::Restored) => f.write_str(", since that was saved")?,
            Some(_) => {}
        }
        match (self.state, self.retry_after) {
            (State::Open, Some(left)) => write!(f, "; a probe in {left:?}"),
            (State::HalfOpen, Some(left)) => write!(f, "; probes have {left:?} left"),
            _ => Ok(()),
        }
    }
}
