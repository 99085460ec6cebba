//! What is told about circuits, as plain data that serializes to JSON.

use std::fmt::{Display, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fusebox::policy::{Tally, TripPolicy};
use fusebox::{Cause, Listener, State, Trip};
use humantime::format_rfc3339_millis;
use serde::Serialize;

use crate::clock::Uptime;
use crate::counts::Counts;
use crate::handle::Handle;
use crate::record::{Record, StateTimes};
use crate::wording::Because;

/// A circuit in short: its state, since when and until when, and why.
///
/// ```
/// use fusebox_std::CircuitBreakerSet;
/// use fusebox_std::admin::CircuitReport;
///
/// let upstreams = CircuitBreakerSet::<String>::new();
/// let inventory = upstreams.handle("inventory")?;
/// inventory.open();
/// let report = CircuitReport::new("upstreams", &inventory);
/// assert_eq!((report.state, report.cause), ("open", Some("manual")));
/// assert_eq!(report.retry_after_seconds.map(f64::ceil), Some(10.0));
/// # Ok::<(), fusebox::Rejected>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CircuitReport {
    /// The name of its set.
    pub set: String,
    /// Its key, as displayed.
    pub circuit: String,
    /// [`State::as_str`].
    pub state: &'static str,
    /// Since when, by the wall clock, in RFC 3339; `None` if nothing happened to it yet.
    pub since: Option<String>,
    /// The time until another attempt may help; `None` if calls go through, or if time alone will not help.
    pub retry_after_seconds: Option<f64>,
    /// [`Cause::as_str`] of its last transition.
    pub cause: Option<&'static str>,
    /// The evidence, where results were the cause.
    pub trip: Option<TripReport>,
    /// What the trip policy would judge now.
    pub tally: TallyReport,
    /// All this as a sentence.
    pub explanation: String,
}

impl CircuitReport {
    /// Looks at a circuit of the set with this name.
    pub fn new<K, C, P, L>(set: &str, circuit: &Handle<K, C, P, L>) -> Self
    where
        K: Display,
        C: Uptime + Clone,
        P: TripPolicy,
        L: Listener<K>,
    {
        let explained = circuit.explain();
        Self {
            set: set.to_owned(),
            circuit: circuit.key().to_string(),
            state: explained.state.as_str(),
            since: explained.since.and_then(rfc3339),
            retry_after_seconds: explained.retry_after.map(|left| left.as_secs_f64()),
            cause: explained.cause.map(|cause| cause.as_str()),
            trip: explained.cause.and_then(|cause| cause.trip()).map(TripReport::new),
            tally: TallyReport::new(explained.tally),
            explanation: explained.to_string(),
        }
    }
}

/// All that is known of a circuit.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CircuitDetails {
    /// It in short. In JSON these fields stand beside the others.
    #[serde(flatten)]
    pub report: CircuitReport,
    /// How many calls ended, by outcome; `None` if its set counts none.
    pub calls_total: Option<CallsReport>,
    /// How many calls were rejected, by reason; `None` if its set counts none.
    pub rejections_total: Option<RejectionsReport>,
    /// How long it was in each state.
    pub state_seconds_total: ByState<f64>,
    /// Its last transitions, oldest first.
    pub records: Vec<RecordReport>,
}

impl CircuitDetails {
    /// Looks at a circuit of the set with this name.
    pub fn new<K, C, P, L>(set: &str, circuit: &Handle<K, C, P, L>) -> Self
    where
        K: Display,
        C: Uptime + Clone,
        P: TripPolicy,
        L: Listener<K>,
    {
        let (counted, counts) = (circuit.0.common.counts, circuit.counts());
        let calls = CallsReport {
            success: (counted == Counts::All).then_some(counts.successes),
            failure: counts.failures,
            ignored: counts.ignored,
            abandoned: counts.abandoned,
        };
        let rejections = RejectionsReport {
            open: counts.rejected_open,
            half_open_full: counts.rejected_half_open,
            forced_open: counts.rejected_forced_open,
            would_reject: counts.would_reject,
        };
        let times = circuit.state_times();
        Self {
            report: CircuitReport::new(set, circuit),
            calls_total: (counted != Counts::None).then_some(calls),
            rejections_total: (counted != Counts::None).then_some(rejections),
            state_seconds_total: ByState::of(|state| times.get(state).as_secs_f64()),
            records: circuit.records().iter().map(RecordReport::new).collect(),
        }
    }
}

/// A value per state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the fields are the states")]
pub struct ByState<T> {
    pub closed: T,
    pub open: T,
    pub half_open: T,
    pub forced_open: T,
    pub disabled: T,
    pub observe: T,
}

impl<T> ByState<T> {
    /// The value that each state has.
    pub fn of(value: impl Fn(State) -> T) -> Self {
        let [closed, open, half_open, forced_open, disabled, observe] = StateTimes::STATES.map(value);
        Self { closed, open, half_open, forced_open, disabled, observe }
    }

    pub(super) const fn get_mut(&mut self, state: State) -> &mut T {
        match state {
            State::Closed => &mut self.closed,
            State::Open => &mut self.open,
            State::HalfOpen => &mut self.half_open,
            State::ForcedOpen => &mut self.forced_open,
            State::Disabled => &mut self.disabled,
            State::Observe => &mut self.observe,
        }
    }
}

/// What a trip policy looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TallyReport {
    /// All calls that count now; for policies that look at failures only, those.
    pub calls: u32,
    /// The failed ones among them.
    pub failures: u32,
    /// The slow ones among them.
    pub slow: u32,
}

impl TallyReport {
    const fn new(Tally { calls, failures, slow }: Tally) -> Self {
        Self { calls, failures, slow }
    }
}

/// The evidence for an opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TripReport {
    /// The rule that was broken: [`TripReason::as_str`](fusebox::TripReason::as_str).
    pub reason: &'static str,
    /// The calls that were judged.
    pub calls: u32,
    /// The failed ones among them.
    pub failures: u32,
    /// The slow ones among them.
    pub slow: u32,
    /// The rate that was judged, in percent rounded down.
    pub rate_percent: u8,
}

impl TripReport {
    const fn new(trip: Trip) -> Self {
        Self {
            reason: trip.reason().as_str(),
            calls: trip.calls(),
            failures: trip.failures(),
            slow: trip.slow(),
            rate_percent: trip.rate(),
        }
    }
}

/// How many calls ended in each way. The numbers only rise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CallsReport {
    /// Successes; `None` unless the set [counts all](Counts::All).
    pub success: Option<u64>,
    /// Failures, abandoned calls not among them.
    pub failure: u64,
    /// Calls that said nothing about the peer.
    pub ignored: u64,
    /// Calls that nobody saw the end of.
    pub abandoned: u64,
}

/// How many calls were rejected, and why. The numbers only rise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RejectionsReport {
    /// The circuit was open.
    pub open: u64,
    /// It was half-open, with enough probes under way.
    pub half_open_full: u64,
    /// It was forced open.
    pub forced_open: u64,
    /// It was in observe mode: these calls were let through.
    pub would_reject: u64,
}

/// A transition that is remembered.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RecordReport {
    /// When, by the wall clock, in RFC 3339.
    pub at: Option<String>,
    /// The state before.
    pub from: &'static str,
    /// The state after.
    pub to: &'static str,
    /// [`Cause::as_str`].
    pub cause: &'static str,
    /// The evidence, where results were the cause.
    pub trip: Option<TripReport>,
    /// How long the circuit was to stay open, if that is what it became.
    pub wait_seconds: Option<f64>,
    /// Whether it was simulated, in observe mode.
    pub observed: bool,
    /// The cause in words.
    pub because: String,
}

impl RecordReport {
    fn new(record: &Record) -> Self {
        let transition = &record.transition;
        let cause: Cause = transition.cause();
        Self {
            at: rfc3339(record.at),
            from: transition.from().as_str(),
            to: transition.to().as_str(),
            cause: cause.as_str(),
            trip: cause.trip().map(TripReport::new),
            wait_seconds: transition.wait().map(|wait| Duration::as_secs_f64(&wait.as_duration())),
            observed: transition.observed(),
            because: Because(cause).to_string(),
        }
    }
}

/// `None` for what has no such form: a wall clock before 1970, or after the year 9999.
fn rfc3339(at: SystemTime) -> Option<String> {
    let mut text = String::new();
    (at >= UNIX_EPOCH && write!(text, "{}", format_rfc3339_millis(at)).is_ok()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wall_clock_that_is_far_off_has_no_timestamp() {
        let at = |seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).and_then(rfc3339);
        assert_eq!(at(1_790_000_000).as_deref(), Some("2026-09-21T14:13:20.000Z"));
        assert_eq!(at(253_402_300_800), None);
        assert_eq!(UNIX_EPOCH.checked_sub(Duration::from_millis(1)).and_then(rfc3339), None);
    }
}
