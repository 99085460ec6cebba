//! Sets agree with a list of breakers, each by itself; none makes room where something was learned.

#[path = "../../../core/tests/set_model/agree.rs"]
mod agree;
mod server;

use arbitrary::{Arbitrary, Unstructured};
use fusebox::Outcome;

use agree::{Command, Op};

/// As many as tell something: after each, all peers are compared.
const MOST_STEPS: usize = 300;

/// The first byte says whether the others are for a set on a chip or for one on a server.
pub fn check(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else { return };
    let mut input = Unstructured::new(rest);
    let mut steps = Vec::new();
    while !input.is_empty() && steps.len() < MOST_STEPS {
        steps.extend(input.arbitrary::<Step>());
    }
    if kind % 2 == 0 {
        agree::agree(&steps.iter().map(Step::op).collect::<Vec<_>>());
    } else {
        server::agree(&steps);
    }
}

/// What is done, as bytes say it. There are eight peers for four places.
#[derive(Arbitrary, Debug)]
enum Step {
    Advance(u16),
    Use(u8),
    Acquire(u8),
    Settle(u8, Ending),
    Abandon(u8),
    ByHand(u8, Hand),
    Remove(u8),
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Ending {
    Failure,
    Success,
    Ignored,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Hand {
    Open,
    ForceOpen,
    Disable,
    Observe,
    Automatic,
    Reset,
}

impl Ending {
    const fn outcome(self) -> Outcome {
        match self {
            Self::Failure => Outcome::Failure,
            Self::Success => Outcome::Success,
            Self::Ignored => Outcome::Ignored,
        }
    }
}

impl Step {
    fn op(&self) -> Op {
        match *self {
            Self::Advance(ticks) => Op::Advance(ticks),
            Self::Use(key) => Op::Use(peer(key)),
            Self::Acquire(key) => Op::Acquire(peer(key)),
            Self::Settle(which, ending) => Op::Settle(usize::from(which % 8), ending.outcome()),
            Self::Abandon(which) => Op::Abandon(usize::from(which % 8)),
            Self::ByHand(key, hand) => Op::ByHand(
                peer(key),
                match hand {
                    Hand::Open => Command::Open,
                    Hand::ForceOpen => Command::ForceOpen,
                    Hand::Disable => Command::Disable,
                    Hand::Observe => Command::Observe,
                    Hand::Automatic => Command::Automatic,
                    Hand::Reset => Command::Reset,
                },
            ),
            Self::Remove(key) => Op::Remove(peer(key)),
        }
    }
}

fn peer(key: u8) -> u16 {
    u16::from(key % 8)
}
