//! The library's circuits, made from a state and turned into one again.

use crate::policy::{Cell, Consecutive, MaxFailures, TripPolicy};
use crate::word::Word;
use crate::{Circuit, Clock, Event, Instant, Listener, stepping};

/// The clock of the model, which is read in a step of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticking;

impl Clock for Ticking {
    const HZ: u32 = 1_000;

    fn now(&self) -> Instant {
        Instant::from_ticks(stepping::clock())
    }
}

/// Notes what is told of transitions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ear;

impl<K: ?Sized> Listener<K> for Ear {
    fn on_event(&self, _: &K, event: &Event) {
        if let Event::Transition(transition) = event {
            stepping::told(transition.is_trip());
        }
    }
}

/// What threads share of one circuit: the state word, and up to two words of history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Shared {
    pub(crate) word: u64,
    pub(crate) history: [u32; 2],
}

impl Shared {
    pub(crate) fn word(&self) -> Word {
        Word::from_bits(self.word)
    }

    pub(crate) fn circuit<P: Words>(&self) -> Circuit<P> {
        let circuit = Circuit::at(self.word());
        for (cell, value) in P::cells(&circuit.history).iter().zip(self.history) {
            cell.store(value);
        }
        circuit
    }

    pub(crate) fn of<P: Words>(circuit: &Circuit<P>) -> Self {
        let mut history = [0; 2];
        for (value, cell) in history.iter_mut().zip(P::cells(&circuit.history)) {
            *value = cell.load();
        }
        Self { word: circuit.word.load().to_bits(), history }
    }
}

/// A policy whose history the model can take apart.
pub(crate) trait Words: TripPolicy + Send + Sync + 'static {
    fn cells(history: &Self::History) -> &[Cell];
}

impl Words for Consecutive {
    fn cells(history: &Cell) -> &[Cell] {
        core::slice::from_ref(history)
    }
}

impl<const N: usize> Words for MaxFailures<N> {
    fn cells(history: &[Cell; N]) -> &[Cell] {
        history
    }
}
