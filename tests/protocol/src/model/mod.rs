//! The protocol as stateright explores it.

mod circuit;
mod claims;
mod observer;
mod recovery;
mod setup;
mod state;

pub(crate) use circuit::{Ticking, Words};
pub use setup::Setup;
pub(crate) use state::State;

use stateright::{Model, Property};

use crate::policy::Tally;
use crate::stepping::{self, Stepped};
use crate::word::{Phase, Rule, Word};
use crate::{Instant, Peer, Settings};
use circuit::{Ear, Shared};
use state::{Line, Op, Thread, Ticket};

/// Threads that call circuits of one kind.
pub(crate) struct Protocol<P: Words> {
    pub(crate) setup: Setup,
    shared: crate::Shared<Ticking, Ear, Settings<Ticking, P>>,
}

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// A thread sets out to do something, and takes the first step.
    Start(usize, Op),
    /// It takes the next one.
    Step(usize),
    /// Its permit is lost.
    Lose(usize),
    /// A tick passes.
    Tick,
}

/// What came of a call to the library.
enum Answer {
    Granted(u32),
    Refused,
    Done,
}

type Handle<'a, P> = Peer<'a, Ticking, P, Ear, (), Settings<Ticking, P>>;

impl<P: Words> Protocol<P> {
    /// The first generation: the next but one wraps.
    pub(crate) const GENERATION: u8 = 254;

    pub(crate) const fn new(setup: Setup, settings: Settings<Ticking, P>) -> Self {
        Self { setup, shared: crate::Shared::new(settings, Ticking, Ear) }
    }

    pub(crate) fn now(&self, state: &State) -> Instant {
        Instant::from_ticks(Setup::START).after(state.ticks.into())
    }

    /// The time as this thread's core sees it.
    fn now_at(&self, state: &State, thread: usize) -> u32 {
        self.now(state).before(u32::from(self.setup.skewed && thread == 0)).ticks()
    }

    /// Failures that the history knows of.
    fn failures(&self, line: &Line) -> u32 {
        let circuit = line.shared.circuit::<P>();
        let Tally { failures, .. } =
            self.shared.settings.policy.tally::<Ticking>(&circuit.history, Instant::from_ticks(line.since));
        failures
    }

    /// Makes the library's own call.
    fn call(&self, peer: Handle<'_, P>, op: Op, ticket: Option<Ticket>) -> Answer {
        match op {
            Op::Acquire { .. } => {
                return peer.grant().map_or(Answer::Refused, |grant| Answer::Granted(grant.low));
            }
            Op::ForceOpen { .. } => peer.force_open(),
            Op::Automatic { .. } => peer.automatic(),
            Op::Open { .. } => peer.open(),
            Op::Reset { .. } => peer.reset(),
            Op::Succeed | Op::Fail | Op::Ignore | Op::Drop => {
                if let (Some(ticket), Some(outcome)) = (ticket, op.outcome()) {
                    let grant = Ticket { low: self.checked(peer, ticket.low), ..ticket }.grant();
                    if op == Op::Drop { peer.abandon(grant) } else { peer.settle(grant, outcome, None) }
                }
            }
        }
        if stepping::take_unclear() {
            self.shared.settings.policy.clear(&peer.circuit.history);
        }
        Answer::Done
    }

    /// A permit as it is compared: if generations are not to be, it has the right one.
    fn checked(&self, peer: Handle<'_, P>, low: u32) -> u32 {
        match self.setup.defect {
            Some(crate::Defect::GenerationUnchecked) => {
                let word = peer.circuit.word.load();
                Word { low, ..word }.in_generation(word.generation()).low
            }
            _ => low,
        }
    }

    /// Takes the next step of a thread.
    fn step(&self, before: &State, thread: usize, op: Op) -> State {
        let mut after = before.clone();
        let Thread { ticket, log, .. } = &before.threads[thread];
        let place = op.circuit().or(ticket.map(|ticket| ticket.circuit)).map_or(0, usize::from);
        let circuit = before.circuits[place].shared.circuit::<P>();
        let peer = Peer::new(&(), &circuit, &self.shared);
        let now = self.now_at(before, thread);
        let Stepped { result, log, told } = stepping::one(log, now, self.setup.defect, || self.call(peer, op, *ticket));
        after.circuits[place].shared = Shared::of(&circuit);
        let one = &mut after.threads[thread];
        one.log = log;
        one.running = Some(op);
        self.observe(before, &mut after, thread, place, told);
        if let Some(answer) = result {
            let one = &mut after.threads[thread];
            one.running = None;
            one.log.clear();
            one.ticket = match answer {
                Answer::Granted(low) => Some(Ticket { circuit: place as u8, low }),
                Answer::Done if op.is_by_hand() => one.ticket,
                Answer::Refused | Answer::Done => None,
            };
        }
        after
    }

    /// What an idle thread may set out to do.
    fn choices(&self, state: &State, thread: usize, actions: &mut Vec<Action>) {
        let one = &state.threads[thread];
        let mut may = |op| actions.push(Action::Start(thread, op));
        let circuits = 0..self.setup.circuits as u8;
        match one.ticket {
            None if one.calls > 0 => circuits.clone().for_each(|circuit| may(Op::Acquire { circuit })),
            None => {}
            Some(ticket) => match Rule::of(ticket.low) {
                Rule::HalfOpen => [Op::Succeed, Op::Fail, Op::Ignore].into_iter().for_each(&mut may),
                Rule::Closed if P::COUNTS_SUCCESSES => [Op::Succeed, Op::Fail].into_iter().for_each(&mut may),
                Rule::Closed => may(Op::Fail),
                Rule::Open | Rule::ByHand => {}
            },
        }
        if one.ticket.is_some() && self.setup.drops {
            may(Op::Drop);
        }
        if state.hands > 0 {
            for circuit in circuits {
                let by_hand = match state.circuits[usize::from(circuit)].shared.word().phase() {
                    Phase::ForcedOpen => [Op::Automatic { circuit }, Op::Reset { circuit }],
                    _ => [Op::ForceOpen { circuit }, Op::Open { circuit }],
                };
                by_hand.into_iter().for_each(&mut may);
            }
        }
        if state.losses > 0 && one.ticket.is_some_and(Ticket::is_probe) {
            actions.push(Action::Lose(thread));
        }
    }
}

impl<P: Words> Model for Protocol<P> {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let shared = Shared { word: Word::NEW.in_generation(Self::GENERATION).to_bits(), history: [0; 2] };
        let line = Line { shared, since: 0, recorded: 0, stray: false };
        let thread = Thread { calls: self.setup.calls, ticket: None, running: None, log: Vec::new() };
        vec![State {
            ticks: 0,
            losses: self.setup.losses,
            hands: self.setup.hands,
            circuits: vec![line; self.setup.circuits],
            threads: vec![thread; self.setup.threads],
            lost: Vec::new(),
            broken: 0,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (thread, one) in state.threads.iter().enumerate() {
            match one.running {
                Some(_) => actions.push(Action::Step(thread)),
                None => self.choices(state, thread, actions),
            }
        }
        if state.ticks < self.setup.ticks {
            actions.push(Action::Tick);
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        match action {
            Action::Tick => next.ticks += 1,
            Action::Lose(thread) => {
                next.losses -= 1;
                next.lost.extend(next.threads[thread].ticket.take());
            }
            Action::Step(thread) => return Some(self.step(state, thread, state.threads[thread].running?)),
            Action::Start(thread, op) => {
                match op {
                    Op::Acquire { .. } => next.threads[thread].calls -= 1,
                    _ if op.is_by_hand() => next.hands -= 1,
                    _ => {}
                }
                return Some(self.step(&next, thread, op));
            }
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        claims::properties(&self.setup)
    }
}
