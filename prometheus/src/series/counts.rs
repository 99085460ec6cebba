//! What is counted of a circuit, each with a number.

use fusebox::State;

/// What ends calls, in the order of the first counts.
pub(crate) const OUTCOMES: [&str; 4] = ["success", "failure", "ignored", "abandoned"];
pub(crate) const CALLS: usize = 0;
pub(crate) const REJECTIONS: usize = 4;
pub(crate) const SLOW: usize = 8;
pub(crate) const TRANSITIONS: usize = 11;
/// Those that observe mode simulates, among the first three states.
pub(crate) const OBSERVED: usize = TRANSITIONS + 36;
/// The times in each state come after all counts.
pub(crate) const TIMES: usize = OBSERVED + 9;

pub(crate) const fn transition(from: State, to: State) -> usize {
    TRANSITIONS + position(from) * 6 + position(to)
}

/// `None` for states that are not simulated.
pub(crate) const fn observed(from: State, to: State) -> Option<usize> {
    match (position(from), position(to)) {
        (from @ 0..3, to @ 0..3) => Some(OBSERVED + from * 3 + to),
        _ => None,
    }
}

/// Where a state is in [`State::ALL`].
pub(crate) const fn position(state: State) -> usize {
    match state {
        State::Closed => 0,
        State::Open => 1,
        State::HalfOpen => 2,
        State::ForcedOpen => 3,
        State::Disabled => 4,
        State::Observe => 5,
    }
}

/// The transitions that a circuit makes by itself: they are there from the start, others once somebody made them.
const AUTOMATIC: [(State, State); 5] = [
    (State::Closed, State::Open),
    (State::Open, State::HalfOpen),
    (State::HalfOpen, State::Closed),
    (State::HalfOpen, State::Open),
    (State::HalfOpen, State::HalfOpen),
];

/// Some of the counts and times, by bit.
pub(crate) type Bits = u64;

/// All counts.
pub(crate) const COUNTS: Bits = run(0, TIMES);

/// Those of the transitions that a circuit makes by itself, and those of them that observe mode simulates.
pub(crate) const AUTOMATIC_BITS: [Bits; 2] = {
    let (mut bits, mut at) = ([0, 0], 0);
    while at < AUTOMATIC.len() {
        let (from, to) = AUTOMATIC[at];
        bits[0] |= 1 << transition(from, to);
        if let Some(index) = observed(from, to) {
            bits[1] |= 1 << index;
        }
        at += 1;
    }
    bits
};

/// As many as `len` from `start` on.
pub(crate) const fn run(start: usize, len: usize) -> Bits {
    ((1 << len) - 1) << start
}
