//! Random settings: small multiples of a unit of time, so that exact ends of waits and windows are met often.

use super::chance::Chance;
use crate::config::{Abandoned, Backoff, Close, Config, Jitter, Policy, Rates, Tick, WhenFull};
use crate::millis::Millis;

/// The clock of a trace, and how many of its ticks its times are multiples of.
#[derive(Clone, Copy)]
pub(super) struct Unit {
    tick: Tick,
    pub(super) ticks: u32,
}

impl Unit {
    pub(super) const fn times(self, count: u32) -> Millis {
        let micros = match self.tick {
            Tick::Millisecond => 1_000,
            Tick::Microsecond => 1,
        };
        Millis::from_micros(count as u64 * self.ticks as u64 * micros)
    }
}

pub(super) fn unit(chance: &mut Chance) -> Unit {
    let tick = if chance.once_in(3) { Tick::Microsecond } else { Tick::Millisecond };
    let ticks = match chance.within(0, 3) {
        0 => 1,
        1 => 7,
        2 => 1_000,
        _ => 60_000,
    };
    Unit { tick, ticks }
}

/// Settings that can be.
pub(super) fn config(chance: &mut Chance, unit: Unit) -> Config {
    let slow_call = chance.once_in(3).then(|| unit.times(chance.within(0, 8)));
    let policy = policy(chance, unit, slow_call.is_some());
    let second = chance.once_in(3).then(|| self::policy(chance, unit, slow_call.is_some()));
    let by_rate = matches!(policy, Policy::CountWindow { .. } | Policy::TimeWindow { .. }) && chance.once_in(3);
    Config {
        tick: unit.tick,
        policy,
        second,
        set: (second.is_none() && unit.tick == Tick::Millisecond && !chance.once_in(3))
            .then(|| if chance.once_in(2) { WhenFull::Refuse } else { WhenFull::Admit }),
        wait: unit.times(chance.within(0, 20)),
        backoff: match chance.within(0, 2) {
            0 => Backoff::Constant,
            1 => Backoff::UpTo(unit.times(chance.within(1, 200))),
            _ => Backoff::Uncapped,
        },
        jitter: match chance.within(0, 5) {
            0 => Jitter::Equal,
            1 => Jitter::Full,
            _ => Jitter::None,
        },
        seed: chance.once_in(2).then(|| chance.any()),
        probes: chance.small(1, 4),
        close: if by_rate { Close::ByRate } else { Close::After(chance.small(1, 4)) },
        lease: (!chance.once_in(4)).then(|| unit.times(chance.within(1, 20))),
        damping: chance.once_in(3).then(|| unit.times(chance.within(1, 30))),
        abandoned: match chance.within(0, 3) {
            0 => Some(Abandoned::Failure),
            1 => Some(Abandoned::Ignored),
            2 => Some(Abandoned::After(unit.times(chance.within(0, 8)))),
            _ => None,
        },
        slow_call,
        keep_history: chance.once_in(3),
    }
}

fn policy(chance: &mut Chance, unit: Unit, slow: bool) -> Policy {
    match chance.within(0, 4) {
        0 => Policy::Consecutive { failures: chance.within(1, 4) },
        1 => Policy::MaxFailures { max: chance.within(0, 5), window: unit.times(chance.within(1, 60)) },
        2 => Policy::CountWindow { calls: chance.within(8, 31), rates: rates(chance, slow) },
        3 => Policy::CountWindow { calls: chance.within(32, 100), rates: rates(chance, slow) },
        _ => Policy::TimeWindow {
            buckets: chance.within(1, 10),
            bucket: unit.times(chance.within(1, 20)),
            rates: rates(chance, slow),
        },
    }
}

fn rates(chance: &mut Chance, slow: bool) -> Rates {
    Rates {
        failures: chance.small(20, 100),
        slow_calls: (slow && chance.once_in(2)).then(|| chance.small(20, 100)),
        min_calls: chance.within(1, 8),
    }
}
