//! From which tick a scenario is played, and on what.

use core::fmt;
use core::iter::once;

use crate::config::{Config, Jitter};
use crate::packed::Scenario;
use crate::step::Step;

/// One way to play a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    /// What the clock shows at the scenario's time 0.
    pub(crate) start: u32,
    /// On the only peer of a set instead of on a breaker. Scenarios of sets are about peers anyway.
    pub(crate) in_set: bool,
    /// Whether it must come out as expected. If not, only what is seen counts: it must be the same
    /// everywhere.
    pub(crate) judged: bool,
}

impl Trial {
    /// From tick 0, on a breaker of its own.
    pub const PLAIN: Self = Self { start: 0, in_set: false, judged: true };
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on = if self.in_set { " in a set" } else { "" };
        write!(f, "from tick {}{on}", self.start)
    }
}

impl<'a> Scenario<'a> {
    /// All ways to play it, the plain one first.
    pub(crate) fn trials(&self) -> impl Iterator<Item = Trial> + use<'a> {
        let config = self.config;
        // Steps that cannot be unpacked are found by playing them.
        let shifted = self.steps().filter_map(Result::ok).flat_map(move |step| starts(&config, &step));
        once((0, true)).chain(shifted).flat_map(move |(start, shift_is_unseen)| {
            let alone = Trial { start, in_set: false, judged: shift_is_unseen };
            // The peers of a set draw other waits than a breaker of its own.
            let in_set = Trial { in_set: true, judged: shift_is_unseen && config.jitter == Jitter::None, ..alone };
            once(alone).chain((config.set.is_none() && config.fits_set()).then_some(in_set))
        })
    }
}

/// Starts at which the counter wraps, or crosses half of its range, just with this step or just after it,
/// and whether a scenario comes out the same then.
fn starts(config: &Config, step: &Step<'_>) -> impl Iterator<Item = (u32, bool)> + use<> {
    let hz = config.tick.hz();
    let at = step.at.as_tick(hz);
    // Buckets of time are aligned, so a shift by anything but whole buckets can be seen.
    let buckets = [Some(config.policy), config.second].into_iter().flatten().filter_map(crate::config::Policy::bucket);
    let unit = buckets.map(|bucket| bucket.as_tick(hz).max(1)).fold(1, common_multiple);
    let drawn = config.jitter != Jitter::None;
    [at, at.wrapping_add(1)].into_iter().flat_map(move |lead| {
        let before_half = HALF.wrapping_sub(lead);
        let before_half = before_half - before_half % unit;
        let lead = lead.checked_next_multiple_of(unit).unwrap_or(lead);
        let before_wrap = lead.wrapping_neg();
        // Up to an hour before tick 0, buckets are aligned to it from there on, beyond to the tick 0 before.
        let aligned = unit == 1 || lead <= (hz * 3_600).min(1 << 26);
        [(before_half, !drawn), (before_wrap, !drawn && aligned)]
    })
}

const HALF: u32 = 1 << 31;

fn common_multiple(one: u32, other: u32) -> u32 {
    let (mut divisor, mut rest) = (one, other);
    while rest != 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    (one / divisor).saturating_mul(other)
}
