//! The `tracing` facade.

use std::fmt::Display;

use fusebox::{Cause, Event, Listener, Transition};
use tracing::{debug, error, info, warn};

use super::{Weight, weight};
use crate::wording::{Because, cause_value, state_value};

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
