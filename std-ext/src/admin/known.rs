//! Sets and circuits of any key, clock, policy and listener.

use std::cmp::Ordering;
use std::fmt::{self, Display, Write};
use std::hash::Hash;
use std::time::Duration;

use fusebox::policy::TripPolicy;
use fusebox::{Listener, SettingsError, State};

use super::change::Change;
use super::report::{CircuitDetails, CircuitReport};
use crate::clock::Uptime;
use crate::handle::Handle;
use crate::set::CircuitBreakerSet;

/// A set of any type.
pub(super) trait AnySet: Send + Sync {
    /// Shows all circuits, in no particular order.
    fn each(&self, visit: &mut dyn FnMut(&dyn AnyCircuit));
    /// All circuits whose key is displayed like this. None is made.
    fn find(&self, key: &str) -> Vec<Box<dyn AnyCircuit>>;
    fn capacity(&self) -> usize;
    fn evicted(&self) -> u64;
    fn refused(&self) -> u64;
}

/// A circuit of any type.
pub(super) trait AnyCircuit {
    fn key(&self) -> String;
    /// How the key as displayed compares with this text, byte by byte.
    fn compare(&self, text: &str) -> Ordering;
    fn state(&self) -> State;
    fn retry_after(&self) -> Option<Duration>;
    fn explanation(&self) -> String;
    fn report(&self, set: &str) -> CircuitReport;
    fn details(&self, set: &str) -> CircuitDetails;
    fn apply(&self, change: Change) -> Result<(), NotChanged>;
}

/// Why a circuit stays as it is.
pub(super) enum NotChanged {
    /// It cannot be done in this state.
    State(State),
    /// The clock cannot measure it.
    Time(SettingsError),
}

impl<K, C, P, L> AnySet for CircuitBreakerSet<K, C, P, L>
where
    K: Display + Clone + Eq + Hash + Send + Sync + 'static,
    C: Uptime + Clone + Send + Sync + 'static,
    P: TripPolicy + Send + Sync + 'static,
    P::History: Send + Sync,
    L: Listener<K> + Send + Sync + 'static,
{
    fn each(&self, visit: &mut dyn FnMut(&dyn AnyCircuit)) {
        for circuit in self.handles() {
            visit(&circuit);
        }
    }

    fn find(&self, key: &str) -> Vec<Box<dyn AnyCircuit>> {
        let found = self.handles().into_iter().filter(|circuit| circuit.compare(key).is_eq());
        found.map(|circuit| Box::new(circuit) as Box<dyn AnyCircuit>).collect()
    }

    fn capacity(&self) -> usize {
        self.capacity()
    }

    fn evicted(&self) -> u64 {
        self.evicted()
    }

    fn refused(&self) -> u64 {
        self.refused()
    }
}

impl<K, C, P, L> AnyCircuit for Handle<K, C, P, L>
where
    K: Display,
    C: Uptime + Clone,
    P: TripPolicy,
    L: Listener<K>,
{
    fn key(&self) -> String {
        self.key().to_string()
    }

    fn compare(&self, text: &str) -> Ordering {
        compare(self.key(), text)
    }

    fn state(&self) -> State {
        self.state()
    }

    fn retry_after(&self) -> Option<Duration> {
        self.retry_after()
    }

    fn explanation(&self) -> String {
        self.explain().to_string()
    }

    fn report(&self, set: &str) -> CircuitReport {
        CircuitReport::new(set, self)
    }

    fn details(&self, set: &str) -> CircuitDetails {
        CircuitDetails::new(set, self)
    }

    fn apply(&self, change: Change) -> Result<(), NotChanged> {
        match change {
            Change::Open(None) => self.open(),
            Change::Open(Some(wait)) => self.open_for(wait).map_err(NotChanged::Time)?,
            Change::HalfOpen if !self.half_open() => return Err(NotChanged::State(self.state())),
            Change::HalfOpen => {}
            Change::Close => self.close(),
            Change::Reset => self.reset(),
            Change::ForceOpen => self.force_open(),
            Change::Disable => self.disable(),
            Change::Observe => self.observe(),
            Change::Automatic => self.automatic(),
        }
        Ok(())
    }
}

/// Compares without allocating, since this is done for each circuit of a set.
fn compare(key: &impl Display, text: &str) -> Ordering {
    struct Rest<'a>(&'a [u8], Ordering);
    impl Write for Rest<'_> {
        fn write_str(&mut self, part: &str) -> fmt::Result {
            let (same, rest) = self.0.split_at(part.len().min(self.0.len()));
            self.0 = rest;
            self.1 = part.as_bytes().cmp(same);
            if self.1.is_eq() { Ok(()) } else { Err(fmt::Error) }
        }
    }
    let mut rest = Rest(text.as_bytes(), Ordering::Equal);
    // What fails is the first difference.
    let _ = write!(rest, "{key}");
    rest.1.then(if rest.0.is_empty() { Ordering::Equal } else { Ordering::Less })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_compare_as_their_texts_do() {
        struct InPieces<'a>(&'a str);
        impl Display for InPieces<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.split_inclusive('a').try_for_each(|piece| f.write_str(piece))
            }
        }
        let texts = ["", "a", "aa", "ab", "aba", "abab", "b", "ba", "a\u{0}", "\u{fc}", "a\u{fc}a", "aab"];
        for (left, right) in texts.iter().flat_map(|left| texts.map(|right| (left, right))) {
            assert_eq!(compare(&InPieces(left), right), (**left).cmp(right), "{left:?} and {right:?}");
        }
    }
}
