//! A set against a simple model of one: a list of breakers, each by itself, and the time of their last use.
#![cfg(not(fusebox_loom))]

mod common;

use common::{Khz, secs};
use fusebox::{CircuitBreakerSet, Outcome, Peer, RejectReason, Settings, State, Ticket, policy::MaxFailures};
use proptest::prelude::*;

const PLACES: usize = 4;

type Set<'a, const N: usize> = CircuitBreakerSet<u16, &'a Khz, N>;
type Handle<'a> = Peer<'a, &'a Khz, MaxFailures<3>, (), u16>;

#[derive(Clone, Copy, Debug)]
enum Op {
    Advance(u16),
    /// Looks a peer up, which makes it if there is room.
    Use(u16),
    Acquire(u16),
    /// Which of the tickets, as what.
    Settle(usize, Outcome),
    ByHand(u16, Command),
    Remove(u16),
}

#[derive(Clone, Copy, Debug)]
enum Command {
    Open,
    ForceOpen,
    Reset,
}

impl Command {
    fn give(self, peer: Handle<'_>) {
        match self {
            Self::Open => peer.open(),
            Self::ForceOpen => peer.force_open(),
            Self::Reset => peer.reset(),
        }
    }
}

fn ops() -> impl Strategy<Value = Op> {
    let outcomes = prop_oneof![4 => Just(Outcome::Failure), 3 => Just(Outcome::Success), 1 => Just(Outcome::Ignored)];
    let commands = prop_oneof![Just(Command::Open), Just(Command::ForceOpen), Just(Command::Reset)];
    let key = 0u16..8;
    prop_oneof![
        2 => prop_oneof![1u16..100, 9_000u16..11_000, Just(60_000)].prop_map(Op::Advance),
        3 => key.clone().prop_map(Op::Use),
        8 => key.clone().prop_map(Op::Acquire),
        8 => (0usize..6, outcomes).prop_map(|(which, outcome)| Op::Settle(which, outcome)),
        3 => (key.clone(), commands).prop_map(|(key, command)| Op::ByHand(key, command)),
        1 => key.prop_map(Op::Remove),
    ]
}

/// Each peer alone in a set of its own, for its tickets; what left the list is kept for the late ones.
struct Model<'a> {
    clock: &'a Khz,
    settings: Settings<&'a Khz>,
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

fn agree(ops: &[Op]) {
    let clock = Khz::new();
    let settings = Settings::builder().lease(secs(30)).build().unwrap();
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_set_agrees_with_a_list_of_breakers(ops in proptest::collection::vec(ops(), 1..150)) {
        agree(&ops);
    }
}

/// The count of uses is 16 bits wide: far beyond its wraps the least recently used peer still goes.
#[test]
fn the_order_of_use_survives_the_wraps_of_its_count() {
    let clock = Khz::new();
    let mut set = Set::<3>::new(&clock);
    for busy in [1_u32, 1_000, 40_000, 65_535, 65_536, 65_537, 200_000] {
        for key in [1, 2, 3] {
            assert!(set.peer(&key).is_ok());
        }
        for turn in 0..busy {
            assert!(set.peer(&(2 + (turn % 2) as u16)).is_ok());
        }
        assert!(set.peer(&4).is_ok());
        assert!(set.get(&1).is_none(), "{busy} uses of the others");
        assert!(set.remove(&4));
    }
}
