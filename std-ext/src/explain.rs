//! Why a circuit is in its state.

use std::fmt;
use std::time::{Duration, SystemTime};

use fusebox::policy::Tally;
use fusebox::{Cause, State};

use crate::record::Record;
use crate::wording::{self, Because};

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
/// let why = inventory.explain().to_string(); // … a probe in 10s
/// assert!(why.starts_with("open, since 4 calls failed within the window; a probe in "));
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
        f.write_str(wording::state(self.state))?;
        match self.cause {
            None => f.write_str(", since nothing happened yet")?,
            Some(cause) => write!(f, ", since {}", Because(cause))?,
        }
        match (self.state, self.retry_after) {
            (State::Open, Some(left)) => write!(f, "; a probe in {left:?}"),
            (State::HalfOpen, Some(left)) => write!(f, "; probes have {left:?} left"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use fusebox::Settings;
    use fusebox::clock::ManualClock;

    use crate::CircuitBreakerSet;

    #[test]
    fn each_state_is_a_sentence() {
        let clock: &'static ManualClock<1_000> = Box::leak(Box::new(ManualClock::new()));
        let set = CircuitBreakerSet::<u8>::builder().clock(clock, Settings::<_>::DEFAULT).build().unwrap();
        let circuit = set.handle(&1).unwrap();
        let explained = || circuit.explain().to_string();
        assert_eq!(explained(), "closed, since nothing happened yet");
        circuit.open();
        clock.advance_ticks(2_500);
        assert_eq!(explained(), "open, since somebody said so; a probe in 7.5s");
        clock.advance_ticks(7_500);
        let probe = circuit.try_acquire().unwrap();
        assert_eq!(explained(), "half-open, since the wait was over and a call came; probes have 60s left");
        probe.failure();
        circuit.force_open();
        assert_eq!(explained(), "forced open, since somebody said so");
    }
}
