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
/// assert_eq!(inventory.explain().to_string(), "open, since 4 calls failed within the window; a probe in 10s");
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
