//! Plays the steps of a scenario on a breaker and compares.

use std::collections::BTreeMap;
use std::fmt;

use fusebox::clock::ManualClock;
use fusebox::policy::{Tally, TripPolicy};
use fusebox::{CircuitBreaker, Instant, Permit, Rejected, SettingsError, State, Ticks};

use super::step::{Ending, Expect, Label, Manual, Op, Retry, Step};
use super::time::Millis;

/// The first step that did not come out as expected.
#[derive(Debug)]
pub(crate) struct Failure {
    number: usize,
    text: String,
    at: Millis,
    reason: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {}: `{}` at {} ms: {}", self.number, self.text, self.at, self.reason)
    }
}

/// A breaker of any policy, on a clock of any rate. Dynamic, so that the player is compiled once and not
/// for every policy.
pub(crate) trait Breaker {
    /// Sets the clock, which wraps.
    fn set_time(&self, time: Millis);

    fn acquire(&self) -> Result<Box<dyn Held + '_>, Rejected>;

    /// Whether it was accepted, where it can be refused.
    fn by_hand(&self, manual: Manual) -> Result<Option<bool>, SettingsError>;

    fn state(&self) -> State;

    fn tally(&self) -> Tally;

    fn retry_after(&self) -> Option<Ticks>;
}

/// A permit.
pub(crate) trait Held {
    fn settle(self: Box<Self>, ending: Ending);

    fn would_reject(&self) -> bool;
}

impl<const HZ: u32, P: TripPolicy> Breaker for CircuitBreaker<&ManualClock<HZ>, P> {
    fn set_time(&self, time: Millis) {
        let ticks = u128::from(time.as_micros()) * u128::from(HZ) / 1_000_000;
        self.clock().set(Instant::from_ticks(ticks as u32));
    }

    fn acquire(&self) -> Result<Box<dyn Held + '_>, Rejected> {
        match self.try_acquire() {
            Ok(permit) => Ok(Box::new(permit)),
            Err(rejected) => Err(rejected),
        }
    }

    fn by_hand(&self, manual: Manual) -> Result<Option<bool>, SettingsError> {
        match manual {
            Manual::Open => self.open(),
            Manual::OpenFor(time) => self.open_for(time.as_duration())?,
            Manual::HalfOpen => return Ok(Some(self.half_open())),
            Manual::Close => self.close(),
            Manual::Reset => self.reset(),
            Manual::ForceOpen => self.force_open(),
            Manual::Disable => self.disable(),
            Manual::Observe => self.observe(),
            Manual::Automatic => self.automatic(),
        }
        Ok(None)
    }

    fn state(&self) -> State {
        self.state()
    }

    fn tally(&self) -> Tally {
        self.tally()
    }

    fn retry_after(&self) -> Option<Ticks> {
        self.retry_after()
    }
}

impl<const HZ: u32, P: TripPolicy> Held for Permit<'_, &ManualClock<HZ>, P> {
    fn settle(self: Box<Self>, ending: Ending) {
        match ending.took {
            Some(took) => self.settle_timed(ending.outcome, took.as_duration()),
            None => (*self).settle(ending.outcome),
        }
    }

    fn would_reject(&self) -> bool {
        self.would_reject()
    }
}

/// Does the steps one after the other, up to the first that fails.
pub(crate) fn play(breaker: &dyn Breaker, steps: &[Step]) -> Result<(), Failure> {
    let mut player = Player { breaker, unlabelled: Vec::new(), labelled: BTreeMap::new() };
    for (number, step) in (1..).zip(steps) {
        breaker.set_time(step.at);
        player.step(step).map_err(|reason| Failure { number, text: step.text.clone(), at: step.at, reason })?;
    }
    Ok(())
}

struct Player<'a> {
    breaker: &'a dyn Breaker,
    unlabelled: Vec<Box<dyn Held + 'a>>,
    labelled: BTreeMap<Label, Box<dyn Held + 'a>>,
}

/// What an operation came to, as far as it can be seen.
#[derive(Default)]
struct Seen {
    admitted: Option<bool>,
    would_reject: Option<bool>,
    /// What a rejection said.
    retry_after: Option<Retry>,
}

impl<'a> Player<'a> {
    fn step(&mut self, step: &Step) -> Result<(), String> {
        let Expect { admitted, would_reject, state, retry_after } = step.expect;
        let admission = |admitted| if admitted { "admitted" } else { "rejected" };
        let rejection = |would_reject| if would_reject { "would reject" } else { "would not reject" };
        for _ in 0..step.times {
            let seen = self.perform(step.op)?;
            same("", admitted, seen.admitted, admission)?;
            same("", would_reject, seen.would_reject, rejection)?;
            same("a rejection with ", retry_after, seen.retry_after, |retry| retry)?;
        }
        same("state ", state, Some(self.breaker.state()), |state| state.to_string())?;
        same("", retry_after, Some(self.breaker.retry_after().into()), |retry| retry)
    }

    fn perform(&mut self, op: Op) -> Result<Seen, String> {
        match op {
            Op::Call(ending) => Ok(self.acquire(|_, permit| permit.settle(ending))),
            Op::Settle(ending) => {
                match self.unlabelled.pop() {
                    Some(permit) => permit.settle(ending),
                    None => {
                        self.acquire(|_, permit| permit.settle(ending));
                    }
                }
                Ok(Seen::default())
            }
            Op::Acquire(None) => Ok(self.acquire(|player, permit| player.unlabelled.push(permit))),
            Op::Acquire(Some(label)) if self.labelled.contains_key(&label) => {
                Err(format!("permit {label} is already taken"))
            }
            Op::Acquire(Some(label)) => Ok(self.acquire(|player, permit| {
                player.labelled.insert(label, permit);
            })),
            Op::Release(label, ending) => {
                self.take(label)?.settle(ending);
                Ok(Seen::default())
            }
            Op::Drop(label) => {
                drop(match label {
                    Some(label) => self.take(label)?,
                    None => self.unlabelled.pop().ok_or("there is no permit to drop")?,
                });
                Ok(Seen::default())
            }
            Op::Manual(manual) => match self.breaker.by_hand(manual) {
                Ok(admitted) => Ok(Seen { admitted, ..Seen::default() }),
                Err(error) => Err(error.to_string()),
            },
            Op::Look => Ok(Seen::default()),
            Op::Window { calls, failures, slow } => {
                let tally = self.breaker.tally();
                let expected = (calls, failures, slow.unwrap_or(tally.slow));
                let text = |(calls, failures, slow)| format!("{calls} results, {failures} failed, {slow} slow");
                same("", Some(expected), Some((tally.calls, tally.failures, tally.slow)), text)?;
                Ok(Seen::default())
            }
        }
    }

    fn acquire(&mut self, then: impl FnOnce(&mut Self, Box<dyn Held + 'a>)) -> Seen {
        match self.breaker.acquire() {
            Ok(permit) => {
                let would_reject = Some(permit.would_reject());
                then(self, permit);
                Seen { admitted: Some(true), would_reject, retry_after: None }
            }
            Err(rejected) => {
                Seen { admitted: Some(false), would_reject: None, retry_after: Some(rejected.retry_after().into()) }
            }
        }
    }

    fn take(&mut self, label: Label) -> Result<Box<dyn Held + 'a>, String> {
        self.labelled.remove(&label).ok_or_else(|| format!("there is no permit {label}"))
    }
}

impl From<Option<Ticks>> for Retry {
    fn from(left: Option<Ticks>) -> Self {
        match left {
            Some(left) => Self::In(Millis::from_micros(u64::from(left.count()) * 1_000_000 / u64::from(left.hz()))),
            None => Self::Unknown,
        }
    }
}

impl fmt::Display for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::In(time) => write!(f, "retry in {time} ms"),
            Self::Unknown => f.write_str("no time to retry"),
        }
    }
}

/// Compares what is expected with what came, if both are there.
fn same<T: Copy + PartialEq, S: fmt::Display>(
    what: &str,
    expected: Option<T>,
    came: Option<T>,
    show: impl Fn(T) -> S,
) -> Result<(), String> {
    match (expected, came) {
        (Some(expected), Some(came)) if expected != came => {
            Err(format!("expected {what}{}, came {what}{}", show(expected), show(came)))
        }
        _ => Ok(()),
    }
}
