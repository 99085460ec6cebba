//! The metrics by name.

/// One of the metrics of a circuit, for [`ExporterBuilder::only`](crate::ExporterBuilder::only).
///
/// ```
/// use fusebox_prometheus::Metric;
///
/// assert_eq!(Metric::StateSeconds.name(), "state_seconds");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Metric {
    /// `call_duration_seconds`
    CallDurations,
    /// `calls_total`
    Calls,
    /// `last_transition_timestamp_seconds`
    LastTransition,
    /// `observed_transitions_total`
    ObservedTransitions,
    /// `open_wait_seconds`
    OpenWait,
    /// `rejections_total`
    Rejections,
    /// `slow_calls_total`
    SlowCalls,
    /// `state`
    State,
    /// `state_seconds_total`
    StateSeconds,
    /// `transitions_total`
    Transitions,
    /// `window_failure_ratio`
    WindowFailureRatio,
}

impl Metric {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::CallDurations,
        Self::Calls,
        Self::LastTransition,
        Self::ObservedTransitions,
        Self::OpenWait,
        Self::Rejections,
        Self::SlowCalls,
        Self::State,
        Self::StateSeconds,
        Self::Transitions,
        Self::WindowFailureRatio,
    ];

    /// Its name, without what the names of an exporter begin with and without the `_total` of counters.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CallDurations => "call_duration_seconds",
            Self::Calls => "calls",
            Self::LastTransition => "last_transition_timestamp_seconds",
            Self::ObservedTransitions => "observed_transitions",
            Self::OpenWait => "open_wait_seconds",
            Self::Rejections => "rejections",
            Self::SlowCalls => "slow_calls",
            Self::State => "state",
            Self::StateSeconds => "state_seconds",
            Self::Transitions => "transitions",
            Self::WindowFailureRatio => "window_failure_ratio",
        }
    }

    pub(crate) const fn bit(self) -> u16 {
        1 << self as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::{OURS, Of};

    #[test]
    fn each_family_of_circuits_is_a_metric() {
        let names = OURS.iter().filter(|family| !matches!(family.of, Of::Sets(_))).map(|family| family.name);
        assert!(names.eq(Metric::ALL.iter().map(|metric| metric.name())));
    }
}
