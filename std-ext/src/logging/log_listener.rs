//! The `log` facade.

use std::fmt::{self, Display};

use fusebox::{Event, Listener, Transition};
use log::{Level, log};

use super::{TARGET, Weight, weight};
use crate::wording::{Because, state};

/// Logs transitions through the `log` facade, with the peer in front, as python-circuit's `log.getChild(id)` does.
///
/// ```
/// use fusebox_std::{CircuitBreakerSet, LogListener};
///
/// let upstreams = CircuitBreakerSet::<String>::builder().listener(LogListener::named("upstreams")).build()?;
/// upstreams.handle("inventory")?.open();
/// // ERROR circuit_breaker: upstreams.inventory: closed -> open: somebody said so, a probe in 10s
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogListener {
    name: &'static str,
}

impl LogListener {
    /// Calls the set by this name.
    pub const fn named(name: &'static str) -> Self {
        Self { name }
    }
}

impl<K: Display + ?Sized> Listener<K> for LogListener {
    fn on_event(&self, peer: &K, event: &Event) {
        let name = self.name;
        match event {
            Event::Transition(transition) => {
                let level = match weight(transition) {
                    Weight::Error => Level::Error,
                    Weight::Warn => Level::Warn,
                    Weight::Info => Level::Info,
                    Weight::Debug => Level::Debug,
                };
                log!(target: TARGET, level, "{name}.{peer}: {}", Line(*transition));
            }
            Event::TableFull { admitted: true } => {
                log::warn!(target: TARGET, "{name}.{peer}: the set is full, its calls go through unguarded");
            }
            Event::TableFull { admitted: false } => {
                log::warn!(target: TARGET, "{name}.{peer}: the set is full, its calls are rejected");
            }
            Event::Evicted => log::debug!(target: TARGET, "{name}.{peer}: made room for another peer"),
            _ => {}
        }
    }
}

/// A transition, displayed as a line of a log.
struct Line(Transition);

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(transition) = self;
        write!(f, "{} -> {}: {}", state(transition.from()), state(transition.to()), Because(transition.cause()))?;
        if let Some(wait) = transition.wait() {
            write!(f, ", a probe in {:?}", wait.as_duration())?;
        }
        f.write_str(if transition.observed() { " (observed: calls go through)" } else { "" })
    }
}
