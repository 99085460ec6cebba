//! What has to hold, in the words of `docs/design.md`, and what has to be possible at all.

use stateright::Property;

use crate::machine::left;
use crate::word::{Phase, Rule};

use super::circuit::Words;
use super::{Protocol, Setup, State};

/// What a single step can break. The observer notes it in the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    Generation,
    EarlyProbe,
    EarlyLease,
    ByHand,
    Told,
    Stale,
    Once,
    Clear,
    Apart,
}

impl Claim {
    pub(crate) const fn bit(self) -> u16 {
        1 << self as u16
    }
}

macro_rules! steps {
    ($($claim:ident: $text:literal),* $(,)?) => {
        vec![$(Property::always($text, |_, state: &State| state.broken & Claim::$claim.bit() == 0)),*]
    };
}

/// The properties of a setup.
pub(crate) fn properties<P: Words>(setup: &Setup) -> Vec<Property<Protocol<P>>> {
    let mut all = steps! {
        Generation: "the generation rises with every opening and every lost lease, and with nothing else but a hand",
        EarlyProbe: "no probe before the wait is over, by the opener's clock",
        EarlyLease: "no probe is given up before its lease is over",
        ByHand: "forced modes survive time and results",
        Told: "a transition is told once, and a trip is counted once",
        Stale: "a stale permit changes nothing of the state",
        Once: "a result changes the state once at most",
        Clear: "the history is clear when a circuit becomes closed",
        Apart: "what is done to one circuit does nothing to another",
    };
    all.extend([
        Property::always("a transition, its time and its generation change together", |_, state: &State| {
            state.circuits.iter().all(|line| line.shared.word().since.ticks() == line.since)
        }),
        Property::always(
            "never more than the probes are in flight, and the word counts them",
            |model: &Protocol<P>, state| model.counts_its_probes(state),
        ),
        Property::always(
            "no failure is lost or counted twice, and the last of racing ones trips",
            |model: &Protocol<P>, state| model.counts_its_failures(state),
        ),
        Property::always("a wait never grows", |model: &Protocol<P>, state| model.waits_shrink(state)),
        Property::always("a circuit can never be stuck", |model: &Protocol<P>, state| model.recovers(state)),
        Property::sometimes("a circuit opens", |_, state: &State| {
            state.circuits.iter().any(|line| line.shared.word().phase() == Phase::Open)
        }),
        Property::sometimes("a probe is under way", |_, state: &State| {
            state.circuits.iter().any(|line| line.shared.word().in_flight() > 0)
        }),
        Property::sometimes("a circuit closes again", |_, state: &State| {
            state.circuits.iter().any(|line| {
                let word = line.shared.word();
                word.phase() == Phase::Closed && word.generation() != Protocol::<P>::GENERATION
            })
        }),
        Property::sometimes("a race for the state word is lost", |_, state: &State| {
            let lost = |seen: &_| matches!(seen, crate::stepping::Seen::Lost(_));
            state.threads.iter().any(|thread| thread.log.iter().any(lost))
        }),
    ]);
    if setup.hands == 0 {
        // A known limit, which this would tell the end of.
        all.push(Property::sometimes("a result that a whole opening overtakes counts after it", |_, state: &State| {
            let late = |line: &super::state::Line| line.stray && line.shared.word().phase() == Phase::Closed;
            state.threads.iter().all(|thread| thread.running.is_none()) && state.circuits.iter().any(late)
        }));
    }
    if setup.losses > 0 {
        all.push(Property::sometimes("a lost probe is given up", |_, state: &State| {
            let word = |ticket: &super::state::Ticket| state.circuits[usize::from(ticket.circuit)].shared.word();
            state.lost.iter().any(|ticket| {
                let word = word(ticket);
                word.phase() == Phase::HalfOpen && word.generation() == ((ticket.low >> 24) as u8).wrapping_add(1)
            })
        }));
    }
    all
}

impl<P: Words> Protocol<P> {
    fn counts_its_probes(&self, state: &State) -> bool {
        (0u8..).zip(&state.circuits).all(|(circuit, line)| {
            let (word, probes) = (line.shared.word(), state.probes(circuit));
            word.phase() != Phase::HalfOpen || (probes <= self.setup.probes.into() && word.in_flight() == probes)
        })
    }

    /// Wherever nobody is in the middle of a result.
    fn counts_its_failures(&self, state: &State) -> bool {
        (0u8..).zip(&state.circuits).all(|(circuit, line)| {
            let busy = state.threads.iter().any(|thread| thread.at() == Some(circuit));
            let closed = line.shared.word().phase() == Phase::Closed;
            let known = self.failures(line);
            busy || !closed || line.stray || (known == u32::from(line.recorded) && line.recorded < self.setup.failures)
        })
    }

    fn waits_shrink(&self, state: &State) -> bool {
        let now = self.now(state);
        state.circuits.iter().all(|line| {
            let word = line.shared.word();
            let waited = now.elapsed_since(crate::Instant::from_ticks(line.since));
            word.rule() != Rule::Open
                || left(word, now, &self.shared.settings.rules) <= u32::from(self.setup.wait).saturating_sub(waited)
        })
    }
}
