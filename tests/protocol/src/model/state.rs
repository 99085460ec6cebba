//! All that there is at one moment: clock, circuits, threads, and what an observer knows besides.

use core::fmt;

use crate::guard::Grant;
use crate::outcome::Outcome;
use crate::stepping::Seen;
use crate::time::Instant;
use crate::word::{Rule, Word};

use super::circuit::Shared;

/// One moment.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct State {
    /// Ticks since the start.
    pub(crate) ticks: u8,
    pub(crate) losses: u8,
    pub(crate) hands: u8,
    pub(crate) circuits: Vec<Line>,
    pub(crate) threads: Vec<Thread>,
    /// Probes that never come back.
    pub(crate) lost: Vec<Ticket>,
    /// The claims that did not hold, a bit each.
    pub(crate) broken: u16,
}

/// One circuit, and what an observer of all threads knows of it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Line {
    pub(crate) shared: Shared,
    /// The last transition or admission of a probe, by the clock of the thread that made it.
    pub(crate) since: u32,
    /// Failures taken in since the history was last cleared.
    pub(crate) recorded: u8,
    /// A result was taken in whose permit went out of date between the look at the word and this.
    pub(crate) stray: bool,
}

/// One thread.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Thread {
    pub(crate) calls: u8,
    pub(crate) ticket: Option<Ticket>,
    /// What it is in the middle of, and what it has seen there so far.
    pub(crate) running: Option<Op>,
    pub(crate) log: Vec<Seen>,
}

/// A permit, and the circuit it is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Ticket {
    pub(crate) circuit: u8,
    pub(crate) low: u32,
}

/// What a thread may set out to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Op {
    Acquire { circuit: u8 },
    Succeed,
    Fail,
    Ignore,
    Drop,
    ForceOpen { circuit: u8 },
    Automatic { circuit: u8 },
    Open { circuit: u8 },
    Reset { circuit: u8 },
}

impl Op {
    /// The circuit it is about, if that is not its ticket's.
    pub(crate) const fn circuit(self) -> Option<u8> {
        match self {
            Self::Acquire { circuit }
            | Self::ForceOpen { circuit }
            | Self::Automatic { circuit }
            | Self::Open { circuit }
            | Self::Reset { circuit } => Some(circuit),
            Self::Succeed | Self::Fail | Self::Ignore | Self::Drop => None,
        }
    }

    pub(crate) const fn is_by_hand(self) -> bool {
        matches!(self, Self::ForceOpen { .. } | Self::Automatic { .. } | Self::Open { .. } | Self::Reset { .. })
    }

    /// The outcome that a ticket is settled with. One that is dropped counts as failed here.
    pub(crate) const fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Succeed => Some(Outcome::Success),
            Self::Fail | Self::Drop => Some(Outcome::Failure),
            Self::Ignore => Some(Outcome::Ignored),
            _ => None,
        }
    }
}

impl Ticket {
    pub(crate) const fn grant(self) -> Grant {
        Grant { low: self.low, started: Instant::from_ticks(0) }
    }

    pub(crate) const fn is_probe(self) -> bool {
        matches!(Rule::of(self.low), Rule::HalfOpen)
    }

    pub(crate) const fn counts_in(self, word: Word) -> bool {
        same_phase_and_generation(self.low, word.low)
    }
}

/// The observer's own comparison, so that the library's may be wrong.
pub(crate) const fn same_phase_and_generation(one: u32, other: u32) -> bool {
    one & 7 == other & 7 && one >> 24 == other >> 24
}

impl Thread {
    /// The circuit that it is in the middle of something with.
    pub(crate) fn at(&self) -> Option<u8> {
        self.running?.circuit().or_else(|| self.ticket.map(|ticket| ticket.circuit))
    }

    /// Whether it has changed the state word in what it is in the middle of.
    pub(crate) fn has_won(&self) -> bool {
        self.log.contains(&Seen::Won)
    }

    /// Whether it is about to settle a ticket.
    pub(crate) fn settles(&self) -> bool {
        self.running.is_some_and(|op| op.outcome().is_some())
    }
}

impl State {
    /// Probes of a circuit that are under way, as an observer counts them.
    pub(crate) fn probes(&self, circuit: u8) -> u32 {
        let word = self.circuits[usize::from(circuit)].shared.word();
        let counts = |ticket: &&Ticket| ticket.circuit == circuit && ticket.is_probe() && ticket.counts_in(word);
        let held = self.threads.iter().filter(|thread| !(thread.settles() && thread.has_won()));
        let held = held.filter_map(|thread| thread.ticket.as_ref()).filter(counts).count();
        (held + self.lost.iter().filter(counts).count()) as u32
    }

    /// One of the states that differ from this only in who is who.
    pub(crate) fn representative(&self) -> Self {
        let mut one = self.clone();
        one.sort();
        if one.circuits.len() == 2 {
            let mut other = one.clone();
            other.circuits.swap(0, 1);
            for thread in &mut other.threads {
                thread.running = thread.running.map(Op::elsewhere);
                thread.ticket = thread.ticket.map(Ticket::elsewhere);
            }
            for lost in &mut other.lost {
                *lost = lost.elsewhere();
            }
            other.sort();
            one = one.min(other);
        }
        one
    }

    fn sort(&mut self) {
        self.threads.sort();
        self.lost.sort();
    }
}

impl Op {
    const fn elsewhere(self) -> Self {
        match self {
            Self::Acquire { circuit } => Self::Acquire { circuit: 1 - circuit },
            Self::ForceOpen { circuit } => Self::ForceOpen { circuit: 1 - circuit },
            Self::Automatic { circuit } => Self::Automatic { circuit: 1 - circuit },
            Self::Open { circuit } => Self::Open { circuit: 1 - circuit },
            Self::Reset { circuit } => Self::Reset { circuit: 1 - circuit },
            Self::Succeed | Self::Fail | Self::Ignore | Self::Drop => self,
        }
    }
}

impl Ticket {
    const fn elsewhere(self) -> Self {
        Self { circuit: 1 - self.circuit, ..self }
    }
}

/// In one line, for the path to a counterexample.
impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tick {}", self.ticks)?;
        for line in &self.circuits {
            let word = line.shared.word();
            let (phase, since) = (word.phase(), word.since.ticks());
            write!(f, "; {phase:?} since {since:#x}, generation {}", word.generation())?;
            if word.rule() == Rule::HalfOpen {
                write!(f, ", {} in flight, {} succeeded", word.in_flight(), word.successes())?;
            }
            write!(f, ", history {:x?}", line.shared.history)?;
        }
        Ok(())
    }
}
