//! A set and a list of breakers, each by itself with the time of its last use, side by side. `fuzz` runs this too.

use std::time::Duration;

use fusebox::clock::ManualClock;
use fusebox::{CircuitBreakerSet, Outcome, Peer, RejectReason, Settings, State, Ticket, policy::MaxFailures};

const PLACES: usize = 4;

type Clock = ManualClock<1_000>;
type Set<'a, const N: usize> = CircuitBreakerSet<u16, &'a Clock, N>;
type Handle<'a> = Peer<'a, &'a Clock, MaxFailures<3>, (), u16>;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    Advance(u16),
    /// Looks a peer up, which makes it if there is room.
    Use(u16),
    Acquire(u16),
    /// Which of the tickets, as what.
    Settle(usize, Outcome),
    /// The end of which one nobody saw.
    Abandon(usize),
    ByHand(u16, Command),
    Remove(u16),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Command {
    Open,
    ForceOpen,
    Disable,
    Observe,
    Automatic,
    Reset,
}

impl Command {
    fn give(self, peer: Handle<'_>) {
        match self {
            Self::Open => peer.open(),
            Self::ForceOpen => peer.force_open(),
            Self::Disable => peer.disable(),
            Self::Observe => peer.observe(),
            Self::Automatic => peer.automatic(),
            Self::Reset => peer.reset(),
        }
    }
}

/// Each peer alone in a set of its own, for its tickets; what left the list is kept for the late ones.
struct Model<'a> {
    clock: &'a Clock,
    settings: Settings<&'a Clock>,
    circuits: Vec<Set<'a, 1>>,
    /// Key, number of the circuit, time of the last use.
    present: Vec<(u16, usize, u64)>,
    uses: u64,
}

impl Model<'_> {
    fn find(&self, key: u16) -> Option<usize> {
        self.present.iter().find(|(present, ..)| *present == key).map(|(_, circuit, _)| *circuit)
    }

    fn peer(&self, key: u16) -> Option<Handle<'_>> {
        self.circuits[self.find(key)?].get(&key)
    }

    /// The circuit of a peer, made in place of the clean one that was not used for longest.
    fn place(&mut self, key: u16) -> Option<usize> {
        if self.find(key).is_none() {
            if self.present.len() == PLACES {
                let clean = |key: u16| {
                    self.peer(key).is_some_and(|peer| peer.state() == State::Closed && peer.tally().is_clean())
                };
                let oldest = self.present.iter().filter(|(key, ..)| clean(*key)).min_by_key(|(.., used)| *used)?.0;
                self.remove(oldest);
            }
            self.circuits.push(Set::with_settings(self.clock, self.settings));
            self.present.push((key, self.circuits.len() - 1, 0));
            self.circuits.last_mut()?.peer(&key).ok()?;
        }
        self.uses += 1;
        let entry = self.present.iter_mut().find(|(present, ..)| *present == key)?;
        entry.2 = self.uses;
        Some(entry.1)
    }

    fn remove(&mut self, key: u16) -> bool {
        let before = self.present.len();
        self.present.retain(|(present, ..)| *present != key);
        self.present.len() < before
    }

    fn is_present(&self, circuit: usize) -> bool {
        self.present.iter().any(|(_, present, _)| *present == circuit)
    }
}

/// Runs the operations on both and compares all that can be seen after each.
pub(crate) fn agree(ops: &[Op]) {
    let clock = Clock::new();
    let settings = Settings::builder().lease(Duration::from_secs(30)).build().unwrap();
    let mut set = Set::<PLACES>::with_settings(&clock, settings);
    let mut model = Model { clock: &clock, settings, circuits: vec![], present: vec![], uses: 0 };
    let mut tickets: Vec<(Ticket, Ticket, usize)> = vec![];
    for (turn, op) in ops.iter().enumerate() {
        match *op {
            Op::Advance(ticks) => clock.advance_ticks(ticks.into()),
            Op::Use(key) => assert_eq!(set.peer(&key).is_ok(), model.place(key).is_some(), "turn {turn}"),
            Op::Acquire(key) => {
                let expected = match model.place(key) {
                    Some(circuit) => model.circuits[circuit].try_acquire(&key).map(|ticket| (ticket, circuit)),
                    None => Err(set.peer(&key).expect_err("the table is full")),
                };
                match (set.try_acquire(&key), expected) {
                    (Ok(ticket), Ok((twin, circuit))) => tickets.push((ticket, twin, circuit)),
                    (actual, expected) => {
                        let expected = expected.map(|_| ()).unwrap_err();
                        assert_eq!(actual.map(|_| ()), Err(expected), "turn {turn}");
                        assert!(expected.reason() != RejectReason::TableFull || set.get(&key).is_none());
                    }
                }
            }
            Op::Settle(which, _) if which >= tickets.len() => {}
            Op::Settle(which, outcome) => {
                let (ticket, twin, circuit) = tickets.remove(which);
                set.settle(ticket, outcome);
                if model.is_present(circuit) {
                    model.circuits[circuit].settle(twin, outcome);
                }
            }
            Op::Abandon(which) if which >= tickets.len() => {}
            Op::Abandon(which) => {
                let (ticket, twin, circuit) = tickets.remove(which);
                set.abandon(ticket);
                if model.is_present(circuit) {
                    model.circuits[circuit].abandon(twin);
                }
            }
            Op::ByHand(key, command) => {
                for peer in set.get(&key).into_iter().chain(model.peer(key)) {
                    command.give(peer);
                }
            }
            Op::Remove(key) => assert_eq!(set.remove(&key), model.remove(key), "turn {turn}"),
        }
        let seen = |peer: Handle<'_>| (peer.state(), peer.tally(), peer.retry_after());
        for key in 0..8 {
            assert_eq!(set.get(&key).map(seen), model.peer(key).map(seen), "peer {key} after turn {turn}, {op:?}");
        }
        assert_eq!((set.len(), set.iter().count()), (model.present.len(), model.present.len()));
    }
}
