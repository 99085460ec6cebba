//! What a circuit tells about itself.

use crate::outcome::{Outcome, State};
use crate::policy::Tally;
use crate::time::Ticks;

/// Something happened that is worth telling. Plain calls are not: those are counted, not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The circuit changed its state.
    Transition(Transition),
    /// A permit was dropped without being settled, and counts as this.
    Abandoned(Outcome),
    /// A result came from another time: from before the circuit opened, or from a probe that had been
    /// given up. It changed nothing. Results that would change nothing anyway are not looked at, such as
    /// successes where the policy does not count them.
    Stale(Outcome),
    /// The peer's circuit left the set, to make room for another.
    Evicted,
    /// The set is full of peers that may not be evicted. `admitted` says whether the peer is called
    /// without a circuit or not at all.
    TableFull {
        /// Whether its calls go through, untracked.
        admitted: bool,
    },
}

/// A change of state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    pub(crate) from: State,
    pub(crate) to: State,
    pub(crate) cause: Cause,
    pub(crate) wait: Option<Ticks>,
    pub(crate) observed: bool,
}

impl Transition {
    /// The state before.
    pub const fn from(&self) -> State {
        self.from
    }

    /// The state after. From half-open to half-open is a new half-open period.
    pub const fn to(&self) -> State {
        self.to
    }

    /// Why.
    pub const fn cause(&self) -> Cause {
        self.cause
    }

    /// How long the circuit will stay open, if that is what it now is.
    pub const fn wait(&self) -> Option<Ticks> {
        self.wait
    }

    /// Whether this is simulated: in observe mode [`from`](Self::from) and [`to`](Self::to) are what
    /// the states would have been, and nothing is rejected.
    pub const fn observed(&self) -> bool {
        self.observed
    }

    /// Whether a working circuit was found to be broken: from closed to open.
    ///
    /// ```
    /// # use fusebox::{CircuitBreaker, Event, Settings, State, clock::ManualClock};
    /// # use core::cell::Cell;
    /// let clock = ManualClock::<1_000>::new();
    /// let trips = Cell::new(0);
    /// let count_trips = |_: &(), event: &Event| {
    ///     if let Event::Transition(transition) = event {
    ///         trips.set(trips.get() + u32::from(transition.is_trip()));
    ///     }
    /// };
    /// let breaker = CircuitBreaker::with_listener(&clock, Settings::DEFAULT, count_trips);
    /// for _ in 0..4 {
    ///     let _ = breaker.call(|| Err::<(), _>("no answer"));
    /// }
    /// assert_eq!((breaker.state(), trips.get()), (State::Open, 1));
    /// ```
    pub const fn is_trip(&self) -> bool {
        matches!((self.from, self.to), (State::Closed, State::Open))
    }
}

/// Why a circuit changed its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The trip policy found too many failures.
    Tripped(Trip),
    /// The wait was over and a call came: it is the first probe.
    WaitOver,
    /// A probe failed, or the probes' rates were too high.
    ProbesFailed(Trip),
    /// Enough probes succeeded.
    ProbesSucceeded,
    /// The probes did not come back within their lease and were given up; a new half-open period began.
    LeaseExpired,
    /// Somebody said so.
    Manual,
    /// A snapshot was restored.
    Restored,
}

impl Cause {
    /// The name used in logs: `tripped`, `wait_over`, `probes_failed`, `probes_succeeded`,
    /// `lease_expired`, `manual`, `restored`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Tripped(_) => "tripped",
            Self::WaitOver => "wait_over",
            Self::ProbesFailed(_) => "probes_failed",
            Self::ProbesSucceeded => "probes_succeeded",
            Self::LeaseExpired => "lease_expired",
            Self::Manual => "manual",
            Self::Restored => "restored",
        }
    }

    /// The evidence, where results were the cause.
    pub const fn trip(&self) -> Option<Trip> {
        match self {
            Self::Tripped(trip) | Self::ProbesFailed(trip) => Some(*trip),
            _ => None,
        }
    }
}

/// The evidence for an opening: which rule was broken, by what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trip {
    pub(crate) reason: TripReason,
    pub(crate) tally: Tally,
}

impl Trip {
    /// Evidence found by a policy of your own.
    pub const fn new(reason: TripReason, tally: Tally) -> Self {
        Self { reason, tally }
    }

    /// The rule that was broken.
    pub const fn reason(&self) -> TripReason {
        self.reason
    }

    /// The calls that were judged. Policies that look at failures only count those.
    pub const fn calls(&self) -> u32 {
        self.tally.calls
    }

    /// The failed ones among them.
    pub const fn failures(&self) -> u32 {
        self.tally.failures
    }

    /// The slow ones among them.
    pub const fn slow(&self) -> u32 {
        self.tally.slow
    }

    /// The rate that was judged, in percent rounded down: of slow calls where the reason is those, of
    /// failed ones otherwise.
    pub const fn rate(&self) -> u8 {
        let part = match self.reason {
            TripReason::SlowRate | TripReason::SlowProbe => self.tally.slow,
            _ => self.tally.failures,
        };
        match (part as u64 * 100).checked_div(self.tally.calls as u64) {
            Some(percent) if percent <= 100 => percent as u8,
            _ => 100,
        }
    }
}

/// Which rule a circuit broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum TripReason {
    /// [`MaxFailures`](crate::policy::MaxFailures): more failures in the window than allowed.
    MaxFailures,
    /// [`Consecutive`](crate::policy::Consecutive): so many failures in a row.
    Consecutive,
    /// A window's failure rate.
    FailureRate,
    /// A window's rate of slow calls.
    SlowRate,
    /// A probe failed.
    Probe,
    /// A probe succeeded, but slowly.
    SlowProbe,
    /// A policy of your own.
    Custom,
}

impl TripReason {
    /// The name used in logs: `max_failures`, `consecutive`, `failure_rate`, `slow_rate`, `probe`,
    /// `slow_probe`, `custom`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MaxFailures => "max_failures",
            Self::Consecutive => "consecutive",
            Self::FailureRate => "failure_rate",
            Self::SlowRate => "slow_rate",
            Self::Probe => "probe",
            Self::SlowProbe => "slow_probe",
            Self::Custom => "custom",
        }
    }
}
