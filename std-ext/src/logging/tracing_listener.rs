//! The `tracing` facade.

use std::fmt::Display;

use fusebox::{Cause, Event, Listener, State, Transition, TripReason};
use tracing::{debug, error, info, warn};

use super::{Weight, weight};
use crate::wording::Because;

/// Tells transitions through `tracing`, target `circuit_breaker`, with the fields `set`, `circuit`, `from`, `to`, `cause`,
/// `failures`, `calls` and `wait_ms`.
///
/// ```
/// use fusebox_std::{CircuitBreakerSet, TracingListener};
///
/// let upstreams = CircuitBreakerSet::<String>::builder().listener(TracingListener::named("upstreams")).build()?;
/// upstreams.handle("inventory")?.open();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TracingListener {
    name: &'static str,
}

impl TracingListener {
    /// Calls the set by this name.
    pub const fn named(name: &'static str) -> Self {
        Self { name }
    }
}

impl<K: Display + ?Sized> Listener<K> for TracingListener {
    fn on_event(&self, peer: &K, event: &Event) {
        match event {
            Event::Transition(transition) => self.tell(&peer, transition),
            Event::TableFull { admitted } => {
                warn!(target: "circuit_breaker", set = self.name, circuit = %peer, admitted, "the set is full");
            }
            Event::Evicted => {
                debug!(target: "circuit_breaker", set = self.name, circuit = %peer, "made room for another peer");
            }
            _ => {}
        }
    }
}

impl TracingListener {
    fn tell(&self, peer: &dyn Display, transition: &Transition) {
        let (from, to) = (state_value(transition.from()), state_value(transition.to()));
        let cause = cause_value(transition.cause());
        let trip = match transition.cause() {
            Cause::Tripped(trip) | Cause::ProbesFailed(trip) => Some(trip),
            _ => None,
        };
        let (failures, calls) = (trip.map(|trip| trip.failures()), trip.map(|trip| trip.calls()));
        let wait_ms = transition.wait().map(fusebox::Ticks::as_millis);
        macro_rules! tell {
            ($level:ident) => {
                $level!(
                    target: "circuit_breaker",
                    set = self.name,
                    circuit = %peer,
                    from,
                    to,
                    cause,
                    failures,
                    calls,
                    wait_ms,
                    observed = transition.observed(),
                    "{}",
                    Because(transition.cause())
                )
            };
        }
        match weight(transition) {
            Weight::Error => tell!(error),
            Weight::Warn => tell!(warn),
            Weight::Info => tell!(info),
            Weight::Debug => tell!(debug),
        }
    }
}

/// A state's name as a value.
const fn state_value(state: State) -> &'static str {
    match state {
        State::Closed => "closed",
        State::Open => "open",
        State::HalfOpen => "half_open",
        State::ForcedOpen => "forced_open",
        State::Disabled => "disabled",
        State::Observe => "observe",
    }
}

/// A cause's name as a value.
const fn cause_value(cause: Cause) -> &'static str {
    match cause {
        Cause::Tripped(trip) => match trip.reason() {
            TripReason::MaxFailures => "max_failures",
            TripReason::Consecutive => "consecutive",
            TripReason::FailureRate => "failure_rate",
            TripReason::SlowRate => "slow_rate",
            _ => "custom",
        },
        Cause::WaitOver => "wait_over",
        Cause::ProbesFailed(_) => "probes_failed",
        Cause::ProbesSucceeded => "probes_succeeded",
        Cause::LeaseExpired => "lease_expired",
        Cause::Manual => "manual",
        Cause::Restored => "restored",
        _ => "other",
    }
}
