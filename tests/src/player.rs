//! A trace played by fusebox, and two ways of playing compared.

use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};
use fusebox::clock::ManualClock;
use fusebox::policy::MaxFailures;
use fusebox::{CircuitBreakerSet, Error, Instant, Jitter, Outcome, Peer, Rejected, State, Ticket, by_error};

use crate::trace::{Ending, Settings, Step, Trace, What};

/// More peers than any trace has, except where a test is about that.
pub const CAPACITY: usize = 64;
/// The most failures a trace's settings may allow.
pub const MAX_FAILURES: usize = 5;

type Clock = ManualClock<1_000>;
type Policy = MaxFailures<MAX_FAILURES>;
type Circuits<'a> = CircuitBreakerSet<u16, &'a Clock, CAPACITY, Policy>;

/// What came of a step: `+` admitted, `-` rejected or `.` not asked, and the state after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// `+`, `-` or `.`.
    pub admission: char,
    /// `c`, `o` or `h`, as scenarios write it.
    pub state: char,
}

/// What came of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Played {
    /// One a step.
    pub verdicts: Vec<Verdict>,
    /// How many circuits the set holds in the end.
    pub circuits: usize,
}

impl Played {
    /// Reads verdicts written one after another, as in `+c+o-o`.
    pub fn parse(verdicts: &str, circuits: usize) -> Result<Self> {
        let mut signs = verdicts.chars();
        let mut parsed = Vec::new();
        while let Some(admission) = signs.next() {
            let state = signs.next().context("a verdict is two characters")?;
            parsed.push(Verdict { admission, state });
        }
        Ok(Self { verdicts: parsed, circuits })
    }
}

/// The verdicts one after another, as in `+c +o -o`.
impl fmt::Display for Played {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Verdict { admission, state }) in self.verdicts.iter().enumerate() {
            let gap = if index == 0 { "" } else { " " };
            write!(f, "{gap}{admission}{state}")?;
        }
        Ok(())
    }
}

/// What fusebox does with a trace whose time 0 is `origin` ticks on its clock.
pub fn play(trace: &Trace, origin: u32) -> Result<Played> {
    let clock = Clock::new();
    let mut player =
        Player { circuits: Circuits::with_settings(&clock, settings(&trace.settings)?), begun: HashMap::new() };
    let mut verdicts = Vec::with_capacity(trace.steps.len());
    for step in &trace.steps {
        clock.set(Instant::from_ticks(origin.wrapping_add(step.at)));
        verdicts.push(player.step(step).with_context(|| format!("at {step}"))?);
    }
    Ok(Played { verdicts, circuits: player.circuits.len() })
}

fn settings<'a>(of: &Settings) -> Result<fusebox::Settings<&'a Clock, Policy>> {
    let millis = |count: u32| Duration::from_millis(count.into());
    let mut builder = fusebox::Settings::<&Clock>::builder()
        .max_failures::<MAX_FAILURES>(of.max_failures, millis(of.window))
        .wait(millis(of.wait))
        // Python-circuit knows no lease, so none may end here.
        .lease(millis(i32::MAX as u32));
    builder = match of.backoff_cap {
        Some(Settings::UNCAPPED) => builder.backoff_uncapped(),
        Some(cap) => builder.backoff_cap(Duration::from_millis(cap)),
        None => builder,
    };
    if of.keep_history {
        builder = builder.keep_history();
    }
    if of.jitter {
        builder = builder.jitter(Jitter::Full);
    }
    builder.build().map_err(|error| anyhow!("settings {of:?}: {error}"))
}

struct Player<'a> {
    circuits: Circuits<'a>,
    begun: HashMap<u32, Ticket>,
}

impl Player<'_> {
    fn step(&mut self, step: &Step) -> Result<Verdict> {
        let admission = self.admission(step.peer, step.what)?;
        // A peer that was only told of has no circuit yet.
        let state = match self.circuits.get(&step.peer).map_or(State::Closed, Peer::state) {
            State::Closed => 'c',
            State::Open => 'o',
            State::HalfOpen => 'h',
            other => return Err(anyhow!("{other} is no state of python-circuit's")),
        };
        Ok(Verdict { admission, state })
    }

    fn admission(&mut self, peer: u16, what: What) -> Result<char> {
        match what {
            What::Call(ending) => self.call(peer, ending),
            What::Begin(number) => match self.circuits.try_acquire(&peer) {
                Ok(ticket) => {
                    let lost = self.begun.insert(number, ticket);
                    ensure!(lost.is_none(), "call {number} begins twice");
                    Ok('+')
                }
                Err(_) => Ok('-'),
            },
            What::End(number, ending) => {
                if let Some(ticket) = self.begun.remove(&number) {
                    self.circuits.settle(ticket, outcome(ending));
                }
                Ok('.')
            }
            What::Open => {
                self.circuits.peer(&peer).map_err(refused)?.open();
                Ok('.')
            }
            What::Close => {
                self.circuits.peer(&peer).map_err(refused)?.close();
                Ok('.')
            }
        }
    }

    fn call(&mut self, peer: u16, ending: Ending) -> Result<char> {
        let circuit = self.circuits.peer(&peer).map_err(refused)?;
        let called = circuit.call_with(by_error(|error: &Ending| outcome(*error)), || match ending {
            Ending::Ok => Ok(()),
            error => Err(error),
        });
        Ok(match called {
            Err(Error::Rejected(_)) => '-',
            Ok(()) | Err(Error::Inner(_)) => '+',
        })
    }
}

fn refused(rejected: Rejected) -> anyhow::Error {
    anyhow!("the set has no room: {:?}", rejected.reason())
}

const fn outcome(ending: Ending) -> Outcome {
    match ending {
        Ending::Ok => Outcome::Success,
        Ending::Fail | Ending::Subclass => Outcome::Failure,
        Ending::Ignored => Outcome::Ignored,
    }
}

/// Tells the first difference between two ways of playing a trace, with all that led to it, or
/// `None` if there is none.
pub fn first_difference(trace: &Trace, python: &Played, ours: &Played) -> Option<String> {
    let differs = (0..trace.steps.len()).find(|&at| python.verdicts.get(at) != ours.verdicts.get(at))?;
    let culprit = trace.steps.get(differs)?;
    let mut story = format!("{:?}\n{:<32} python-circuit, fusebox\n", trace.settings, "");
    for (at, step) in trace.steps.iter().enumerate().take(differs + 1).filter(|(_, step)| step.peer == culprit.peer) {
        let sign = |played: &Played| {
            played.verdicts.get(at).map_or_else(|| "none".into(), |v| format!("{}{}", v.admission, v.state))
        };
        let line = format!("{step}");
        // Writing to a string cannot fail.
        let _ = writeln!(story, "{line:<40} {} {}", sign(python), sign(ours));
    }
    Some(story)
}
