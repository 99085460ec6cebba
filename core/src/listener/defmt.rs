//! A listener that logs, and how events read in a log.

#![allow(clippy::match_same_arms, reason = "the arms differ in their texts, which the macros take out")]

use core::fmt;

use super::Listener;
use crate::event::{Cause, Event, Transition, Trip, TripReason};
use crate::outcome::{Outcome, State};

/// Logs events through `defmt`, a line each that names the circuit.
///
/// ```text
/// ERROR radio 02:00:00:00:00:07: closed -> open, 4 failures in the window, probe in 10.000 s
/// DEBUG radio 02:00:00:00:00:07: open -> half_open, the wait is over, a probe goes out
/// INFO  radio 02:00:00:00:00:07: half_open -> closed, the probes succeeded
/// ```
///
/// | level | events |
/// |---|---|
/// | error | open |
/// | warn | forced open, disabled, observe; what would be open in observe mode; a full table |
/// | info | closed |
/// | debug | half-open, evicted, abandoned |
/// | trace | stale |
///
/// Open, closed and half-open are at the levels of python-circuit. `DEFMT_LOG` filters while compiling, and
/// without it there are errors only: `DEFMT_LOG=info,fusebox=debug` logs all but late results. What is
/// filtered out costs nothing.
///
/// ```no_run
/// use fusebox::clock::TickCounter;
/// use fusebox::policy::MaxFailures;
/// use fusebox::{CircuitBreaker, CircuitBreakerSet, DefmtListener, Settings};
///
/// static UPTIME: TickCounter<1_000> = TickCounter::new();
///
/// // One breaker: its lines begin with "modem: ".
/// static MODEM: CircuitBreaker<&TickCounter<1_000>, MaxFailures<3>, DefmtListener> =
///     CircuitBreaker::with_listener(&UPTIME, Settings::DEFAULT, DefmtListener::named("modem"));
///
/// /// An address on the radio, as people write it.
/// #[derive(Clone, PartialEq, Eq, Hash)]
/// struct Address([u8; 6]);
///
/// impl defmt::Format for Address {
///     fn format(&self, f: defmt::Formatter<'_>) {
///         let [first, rest @ ..] = self.0;
///         defmt::write!(f, "{=u8:02x}", first);
///         for byte in rest {
///             defmt::write!(f, ":{=u8:02x}", byte);
///         }
///     }
/// }
///
/// // A set of peers: its lines begin with "radio 02:00:00:00:00:07: ".
/// let radio = DefmtListener::named("radio");
/// let mut links = CircuitBreakerSet::<Address, _, 16, _, _>::with_listener(&UPTIME, Settings::DEFAULT, radio);
/// let peer = links.peer(&Address([0x02, 0, 0, 0, 0, 0x07]))?;
/// peer.call(|| Err::<(), _>("no acknowledgement")).ok();
/// MODEM.open();
/// # Ok::<(), fusebox::Rejected>(())
/// ```
///
/// Every key that has a `defmt::Format` will do: integers, byte arrays, strings of `heapless`, and the
/// addresses of `core::net` with the feature `ip_in_core` of `defmt`. An empty key, as a single breaker's
/// `()`, is not printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DefmtListener {
    name: &'static str,
}

impl DefmtListener {
    /// Calls the circuit, or each circuit of a set, `circuit`.
    pub const fn new() -> Self {
        Self::named("circuit")
    }

    /// Calls the circuit, or each circuit of a set, by this name. A set's lines have the key after it.
    pub const fn named(name: &'static str) -> Self {
        Self { name }
    }
}

impl Default for DefmtListener {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: defmt::Format + ?Sized> Listener<K> for DefmtListener {
    #[cold]
    #[inline(never)]
    fn on_event(&self, peer: &K, event: &Event) {
        let line = Line { name: self.name, peer, event };
        match Level::of(event) {
            Level::Error => defmt::error!("{}", line),
            Level::Warn => defmt::warn!("{}", line),
            Level::Info => defmt::info!("{}", line),
            Level::Debug => defmt::debug!("{}", line),
            Level::Trace => defmt::trace!("{}", line),
        }
    }
}

impl fmt::Debug for DefmtListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DefmtListener({})", self.name)
    }
}

impl defmt::Format for DefmtListener {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "DefmtListener({=str})", self.name);
    }
}

/// What a log is filtered by.
#[derive(Debug, PartialEq, Eq)]
enum Level {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl Level {
    fn of(event: &Event) -> Self {
        match event {
            Event::Transition(transition) => match transition.to {
                State::Open if !transition.observed => Self::Error,
                State::Open | State::ForcedOpen | State::Disabled | State::Observe => Self::Warn,
                State::Closed => Self::Info,
                State::HalfOpen => Self::Debug,
            },
            Event::TableFull { .. } => Self::Warn,
            Event::Evicted | Event::Abandoned(_) => Self::Debug,
            Event::Stale(_) => Self::Trace,
        }
    }
}

struct Line<'a, K: ?Sized> {
    name: &'static str,
    peer: &'a K,
    event: &'a Event,
}

impl<K: defmt::Format + ?Sized> defmt::Format for Line<'_, K> {
    fn format(&self, f: defmt::Formatter<'_>) {
        // A key of no bytes tells nothing.
        if size_of_val(self.peer) == 0 {
            defmt::write!(f, "{=str}: {}", self.name, self.event);
        } else {
            defmt::write!(f, "{=str} {}: {}", self.name, self.peer, self.event);
        }
    }
}

impl defmt::Format for Event {
    fn format(&self, f: defmt::Formatter<'_>) {
        match self {
            Self::Transition(transition) => defmt::write!(f, "{}", transition),
            Self::Abandoned(Outcome::Success) => defmt::write!(f, "a call was abandoned, it counts as a success"),
            Self::Abandoned(Outcome::Failure) => defmt::write!(f, "a call was abandoned, it counts as a failure"),
            Self::Abandoned(Outcome::Ignored) => defmt::write!(f, "a call was abandoned, it does not count"),
            Self::Stale(Outcome::Success) => defmt::write!(f, "a success came too late to count"),
            Self::Stale(Outcome::Failure) => defmt::write!(f, "a failure came too late to count"),
            Self::Stale(Outcome::Ignored) => defmt::write!(f, "an ignored result came too late"),
            Self::Evicted => defmt::write!(f, "evicted, to make room for another peer"),
            Self::TableFull { admitted: true } => defmt::write!(f, "the table is full, calls go through unguarded"),
            Self::TableFull { admitted: false } => defmt::write!(f, "the table is full, calls are rejected"),
        }
    }
}

impl defmt::Format for Transition {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{} -> {}, {}", self.from, self.to, self.cause);
        if let Some(wait) = self.wait {
            defmt::write!(f, ", probe in {}", wait);
        }
        if self.observed {
            defmt::write!(f, " (observed: calls go through)");
        }
    }
}

impl defmt::Format for Cause {
    fn format(&self, f: defmt::Formatter<'_>) {
        match self {
            Self::Tripped(trip) => trip.write("calls", f),
            Self::ProbesFailed(trip) => trip.write("probes", f),
            Self::WaitOver => defmt::write!(f, "the wait is over, a probe goes out"),
            Self::ProbesSucceeded => defmt::write!(f, "the probes succeeded"),
            Self::LeaseExpired => defmt::write!(f, "no result within the lease, a new probe goes out"),
            Self::Manual => defmt::write!(f, "by hand"),
            Self::Restored => defmt::write!(f, "restored from a snapshot"),
        }
    }
}

impl Trip {
    fn write(&self, calls: &str, f: defmt::Formatter<'_>) {
        let (failed, slow, all) = (self.failures(), self.slow(), self.calls());
        let s = if failed == 1 { "" } else { "s" };
        match self.reason {
            TripReason::MaxFailures => defmt::write!(f, "{=u32} failure{=str} in the window", failed, s),
            TripReason::Consecutive => defmt::write!(f, "{=u32} failure{=str} in a row", failed, s),
            TripReason::FailureRate => defmt::write!(f, "{=u32} of {=u32} {=str} failed", failed, all, calls),
            TripReason::SlowRate => defmt::write!(f, "{=u32} of {=u32} {=str} were slow", slow, all, calls),
            TripReason::Probe => defmt::write!(f, "a probe failed"),
            TripReason::SlowProbe => defmt::write!(f, "a probe was slow"),
            TripReason::Custom => {
                defmt::write!(f, "{=u32} of {=u32} {=str} failed, too many for a custom policy", failed, all, calls);
            }
        }
    }
}

impl defmt::Format for Trip {
    fn format(&self, f: defmt::Formatter<'_>) {
        self.write("calls", f);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_those_of_the_table() {
        let level = |to, observed| {
            let transition = Transition { from: State::HalfOpen, to, cause: Cause::Manual, wait: None, observed };
            Level::of(&Event::Transition(transition))
        };
        assert_eq!(State::ALL.map(|to| level(to, false)), {
            use Level::{Debug, Error, Info, Warn};
            [Info, Error, Debug, Warn, Warn, Warn]
        });
        assert_eq!(level(State::Open, true), Level::Warn, "nothing is rejected");
        for admitted in [false, true] {
            assert_eq!(Level::of(&Event::TableFull { admitted }), Level::Warn);
        }
        assert_eq!(Level::of(&Event::Evicted), Level::Debug);
        assert_eq!(Level::of(&Event::Abandoned(Outcome::Failure)), Level::Debug);
        assert_eq!(Level::of(&Event::Stale(Outcome::Failure)), Level::Trace);
    }
}
