//! Events in words.

use std::fmt;

use fusebox::{Cause, State, Trip, TripReason};

/// A state's name in a sentence.
pub(crate) const fn state(state: State) -> &'static str {
    match state {
        State::Closed => "closed",
        State::Open => "open",
        State::HalfOpen => "half-open",
        State::ForcedOpen => "forced open",
        State::Disabled => "disabled",
        State::Observe => "observed",
    }
}

/// A cause, displayed as what it was.
pub(crate) struct Because(pub(crate) Cause);

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Cause::Tripped(trip) => tripped(trip, f),
            Cause::WaitOver => f.write_str("the wait was over and a call came"),
            Cause::ProbesFailed(trip) => match trip.reason() {
                TripReason::Probe => f.write_str("a probe failed"),
                TripReason::SlowProbe => f.write_str("a probe was slow"),
                _ => {
                    f.write_str("of the probes ")?;
                    tripped(trip, f)
                }
            },
            Cause::ProbesSucceeded => f.write_str("probes succeeded"),
            Cause::LeaseExpired => f.write_str("probes did not come back"),
            Cause::Manual => f.write_str("somebody said so"),
            Cause::Restored => f.write_str("that was saved"),
            _ => f.write_str("of another cause"),
        }
    }
}

fn tripped(trip: Trip, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (calls, failures, slow) = (trip.calls(), trip.failures(), trip.slow());
    match trip.reason() {
        TripReason::MaxFailures => write!(f, "{failures} calls failed within the window"),
        TripReason::Consecutive => write!(f, "{failures} calls in a row failed"),
        TripReason::SlowRate => write!(f, "{slow} of {calls} calls were slow"),
        _ => write!(f, "{failures} of {calls} calls failed"),
    }
}
