//! Random steps: calls, results, hands and resets, at the times of a clock that does as it likes.

use fusebox::Outcome;

use super::chance::Chance;
use super::settings::Unit;
use crate::millis::Millis;
use crate::step::{Ending, Key, Label, Manual, Op};

/// Twice as many peers as a set has room for.
const KEYS: Key = 6;
/// Fewer than a chip has room for.
const LABELS: Label = 8;

/// The steps of one trace.
pub(super) struct Steps<'c> {
    chance: &'c mut Chance,
    unit: Unit,
    now: u32,
    /// How often the clock does something odd: once in so many steps.
    odd: u32,
    /// How many of 16 calls fail.
    failing: u32,
}

/// One step.
pub(super) struct Step {
    /// What the clock's counter shows then.
    pub(super) at: u32,
    /// Whether the counter went over its end, forward or back.
    pub(super) wraps: bool,
    pub(super) peer: Key,
    pub(super) what: Do,
}

pub(super) enum Do {
    Op(Op),
    Save,
    /// With the time since it was saved.
    Restore(Millis),
}

impl<'c> Steps<'c> {
    pub(super) fn new(chance: &'c mut Chance, hz: u32, unit: Unit) -> Self {
        let now = match chance.within(0, 2) {
            0 => chance.any(),
            1 => u32::MAX - chance.within(0, 50) * unit.ticks,
            _ => chance.within(0, hz),
        };
        let odd = if chance.once_in(4) { 2 } else { 20 };
        let failing = chance.within(4, 15);
        Self { chance, unit, now, odd, failing }
    }

    pub(super) fn next(&mut self) -> Step {
        let before = self.now;
        let (by, back) = self.gap();
        let (now, wraps) = if back { before.overflowing_sub(by) } else { before.overflowing_add(by) };
        self.now = now;
        Step { at: now, wraps, peer: self.chance.within(0, KEYS - 1), what: self.what() }
    }

    /// How far the clock moves, and whether it does so backward.
    fn gap(&mut self) -> (u32, bool) {
        let Self { chance, unit, odd, .. } = self;
        if !chance.once_in(*odd) {
            let units = match chance.within(0, 9) {
                0..=3 => 0,
                4..=8 => chance.within(1, 6),
                _ => chance.within(7, 60),
            };
            // One tick more now and then, for the ends that are met exactly.
            return (units * unit.ticks + u32::from(chance.once_in(8)), false);
        }
        match chance.within(0, 5) {
            0 => (chance.within(1, 3), true),
            1 => (chance.within(1, 30) * unit.ticks, true),
            2 => (chance.any() >> 8, true),
            3 => (chance.any() >> 4, false),
            // Up to almost a whole wrap.
            4 => (chance.any(), false),
            _ => (1 << 30, false),
        }
    }

    fn what(&mut self) -> Do {
        let label = self.chance.within(0, LABELS - 1);
        Do::Op(match self.chance.within(0, 39) {
            0..=14 => Op::Call(self.ending()),
            15..=22 => Op::Acquire(Some(label)),
            23..=30 => Op::Release(label, self.ending()),
            31 => Op::Drop(Some(label)),
            32 | 33 => Op::Manual(self.manual()),
            34 | 35 => return Do::Save,
            36 => return Do::Restore(self.unit.times(self.chance.within(0, 30))),
            _ => Op::Look,
        })
    }

    fn ending(&mut self) -> Ending {
        let outcome = match self.chance.within(0, 15) {
            0 => Outcome::Ignored,
            failed if failed <= self.failing => Outcome::Failure,
            _ => Outcome::Success,
        };
        Ending { outcome, took: self.chance.once_in(4).then(|| self.unit.times(self.chance.within(0, 12))) }
    }

    fn manual(&mut self) -> Manual {
        match self.chance.within(0, 13) {
            0 => Manual::Open,
            1 => Manual::OpenFor(self.unit.times(self.chance.within(0, 30))),
            2 | 3 => Manual::WaitAtLeast(self.unit.times(self.chance.within(0, 30))),
            4 => Manual::HalfOpen,
            5 => Manual::Close,
            6 => Manual::Reset,
            7 => Manual::ForceOpen,
            8 => Manual::Disable,
            9 => Manual::Observe,
            _ => Manual::Automatic,
        }
    }
}
