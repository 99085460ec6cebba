//! The rules of the machine: `(word, input, now, rules) -> (next word, effect)`, and nothing else.
//!
//! No atomics, no clock and no history here. [`Circuit`](crate::Circuit) carries the words from one
//! thread to the next with a compare-exchange and does what the effect says.

#![allow(clippy::inline_always, reason = "flash: what a caller's input and policy cannot reach is left out")]

use crate::event::{Cause, Trip, TripReason};
use crate::guard::Refusal;
use crate::jitter::Jitter;
use crate::outcome::Outcome;
use crate::policy::{Rates, Tally};
use crate::time::Instant;
use crate::word::{Hold, Phase, Rule, Word, same_epoch};

/// What happens to a circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// A call asks to be let through.
    Acquire,
    /// A probe is over. The low half is its permit's.
    Settle { permit: u32, outcome: Outcome, slow: bool },
    /// The policy found too many failures with the result of this permit.
    Trip { permit: u32 },
    /// The circuit may close: who says so was told `Closing`.
    Finish { permit: u32 },
    /// By hand.
    Command(Command),
}

/// What a hand can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Open,
    OpenFor(Hold),
    HalfOpen,
    Close,
    Reset,
    ForceOpen,
    Disable,
    Observe,
    Automatic,
}

/// What follows from an input, besides the next word.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(test, derive(PartialEq, Eq))]
pub(crate) enum Effect {
    /// Nothing to tell.
    Unchanged,
    /// The next word's low half is the permit.
    Admitted(Option<Cause>),
    /// Admitted, and what comes of it will not count.
    Untracked,
    /// Not now.
    Rejected(Refusal),
    /// The permit belongs to another time.
    Stale,
    /// A probe was counted and decided nothing.
    Counted,
    /// The rates of the probes are good. Others may be under way, so this one goes on with `Finish`.
    Closing,
    /// The circuit opened; the policy knows why.
    Tripped,
    /// A transition.
    Moved(Cause),
    /// What was asked for by hand cannot be done from this state.
    Refused,
}

/// The settings that the machine itself needs, in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) wait: u32,
    /// The longest doubled wait; 0 does not double.
    pub(crate) cap: u32,
    pub(crate) lease: u32,
    /// The quiet period of damping; 0 does not damp.
    pub(crate) quiet: u32,
    pub(crate) skew: u32,
    pub(crate) seed: u32,
    pub(crate) jitter: Jitter,
    pub(crate) probes: u8,
    pub(crate) close_after: u8,
}

/// The whole machine: the next word, if there is one, and the effect. Where there are `rates`, they judge half-open.
///
/// Inlined, so that each caller, whose input is of one kind, keeps that part alone.
#[inline(always)]
pub(crate) fn step(
    word: Word,
    input: Input,
    now: Instant,
    rules: &Rules,
    rates: Option<Rates>,
) -> (Option<Word>, Effect) {
    use Rule::{ByHand, Closed, HalfOpen, Open};
    let rule = word.rule();
    let stay = |effect| (None, effect);
    match input {
        Input::Acquire => match (rule, left(word, now, rules)) {
            (Closed, _) => stay(Effect::Admitted(None)),
            (Open, 0) => {
                (Some(word.moved_to(HalfOpen, now).with_in_flight(1)), Effect::Admitted(Some(Cause::WaitOver)))
            }
            (Open, left) => stay(Effect::Rejected(Refusal::Open(left))),
            (HalfOpen, _) if has_room(word, rules, rates) => {
                (Some(word.with_in_flight(word.in_flight() + 1).at(now)), Effect::Admitted(None))
            }
            (HalfOpen, 0) => {
                let next = word.moved_to(HalfOpen, now).with_in_flight(1).next_generation();
                (Some(next), Effect::Admitted(Some(Cause::LeaseExpired)))
            }
            (HalfOpen, left) => stay(Effect::Rejected(Refusal::HalfOpenFull(left))),
            (ByHand, _) if matches!(word.phase(), Phase::ForcedOpen) => stay(Effect::Rejected(Refusal::ForcedOpen)),
            (ByHand, _) => stay(Effect::Untracked),
        },
        Input::Settle { permit, .. } | Input::Trip { permit, .. } | Input::Finish { permit }
            if !same_epoch(permit, word.low) =>
        {
            stay(Effect::Stale)
        }
        Input::Settle { outcome, slow, .. } if matches!(rule, HalfOpen) => {
            let (next, effect) = settle(word, outcome, slow, now, rules, rates);
            (Some(next), effect)
        }
        Input::Trip { .. } if matches!(rule, Closed) => {
            (Some(opened(word, tripped_exponent(word, now, rules), now)), Effect::Tripped)
        }
        Input::Finish { .. } if matches!(rule, HalfOpen) && is_decided(word, rules, rates) => {
            (Some(closed(word, now, rules)), Effect::Moved(Cause::ProbesSucceeded))
        }
        Input::Settle { .. } | Input::Trip { .. } | Input::Finish { .. } => stay(Effect::Unchanged),
        Input::Command(command) => obey(word, command, now, rules),
    }
}

/// A probe's result. A slow success fails it, unless the rates are to judge.
#[inline(always)]
fn settle(
    word: Word,
    outcome: Outcome,
    slow: bool,
    now: Instant,
    rules: &Rules,
    rates: Option<Rates>,
) -> (Word, Effect) {
    let settled = word.with_in_flight(word.in_flight().saturating_sub(1));
    // Only rates can have decided already and wait for who closes.
    if outcome == Outcome::Ignored || rates.is_some() && is_decided(word, rules, rates) {
        return (settled, Effect::Counted);
    }
    let failed = outcome == Outcome::Failure;
    let Some(rates) = rates else {
        if failed || slow {
            let tally = Tally { calls: word.successes() + 1, failures: failed.into(), slow: slow.into() };
            let reason = if failed { TripReason::Probe } else { TripReason::SlowProbe };
            return fail_probes(word, Trip { reason, tally }, now);
        }
        let counted = settled.with_successes(word.successes() + 1);
        // The last success that it takes is the only probe under way, so nobody else can close.
        return if is_decided(counted, rules, None) {
            (closed(word, now, rules), Effect::Moved(Cause::ProbesSucceeded))
        } else {
            (counted, Effect::Counted)
        };
    };
    let counted =
        if failed { settled.with_failures(word.failures() + 1) } else { settled.with_successes(word.successes() + 1) };
    let counted = if slow { counted.with_slow(word.slow() + 1) } else { counted };
    let tally = probed(counted);
    // Few probes are enough to judge them, however many calls it takes to trip.
    match (Rates { min_calls: 0, ..rates }).exceeded_by(tally) {
        Some(reason) if is_decided(counted, rules, Some(rates)) => fail_probes(word, Trip { reason, tally }, now),
        _ if is_decided(counted, rules, Some(rates)) => (counted.with_in_flight(word.in_flight()), Effect::Closing),
        _ => (counted, Effect::Counted),
    }
}

/// What half-open's probes came to so far.
const fn probed(word: Word) -> Tally {
    Tally { calls: word.successes() + word.failures(), failures: word.failures(), slow: word.slow() }
}

/// Whether the verdict on the probes is reached. A half-open circuit that is judged by rates stays in
/// this state while its closer clears the history, and keeps the closer's slot meanwhile: should the
/// closer be lost, the lease ends this too.
#[inline(always)]
const fn is_decided(word: Word, rules: &Rules, rates: Option<Rates>) -> bool {
    match rates {
        Some(rates) => {
            let probes = rules.probes as u32;
            // No number of calls is said to be enough: then all probes are.
            let enough = if rates.min_calls == 0 || rates.min_calls > probes { probes } else { rates.min_calls };
            word.successes() + word.failures() >= enough
        }
        None => word.successes() >= rules.close_after as u32,
    }
}

#[inline(always)]
const fn has_room(word: Word, rules: &Rules, rates: Option<Rates>) -> bool {
    let probes = rules.probes as u32;
    if is_decided(word, rules, rates) {
        false
    } else if rates.is_some() {
        word.in_flight() + word.successes() + word.failures() < probes
    } else {
        word.in_flight() < probes && word.in_flight() + word.successes() < rules.close_after as u32
    }
}

#[inline(always)]
const fn fail_probes(word: Word, trip: Trip, now: Instant) -> (Word, Effect) {
    (opened(word, word.exponent() + 1, now), Effect::Moved(Cause::ProbesFailed(trip)))
}

#[inline(always)]
const fn opened(word: Word, exponent: u32, now: Instant) -> Word {
    word.moved_to(Rule::Open, now).with_exponent(exponent).next_generation()
}

/// Damping keeps the exponent over a close and marks the circuit as one that had been open.
const fn closed(word: Word, now: Instant, rules: &Rules) -> Word {
    let next = word.moved_to(Rule::Closed, now);
    if rules.quiet == 0 { next.with_exponent(0) } else { next.with_successes(1) }
}

/// The exponent of a trip: one less per quiet period since the last close, one more if there was none.
const fn tripped_exponent(word: Word, now: Instant, rules: &Rules) -> u32 {
    let quiet = now.waited_since(word.since, rules.skew);
    let flapping = word.successes() > 0 && quiet < rules.quiet;
    damped_exponent(word, now, rules) + flapping as u32
}

/// What is left of the exponent of a closed circuit: one less per quiet period since the last close.
const fn damped_exponent(word: Word, now: Instant, rules: &Rules) -> u32 {
    let mut quiet = now.waited_since(word.since, rules.skew);
    let mut exponent = word.exponent();
    while exponent > 0 && quiet >= rules.quiet {
        quiet -= rules.quiet;
        exponent -= 1;
    }
    exponent
}

/// Whether a closed circuit remembers no failed probe, and did not recover just now.
pub(crate) const fn is_calm(word: Word, now: Instant, rules: &Rules) -> bool {
    tripped_exponent(word, now, rules) == 0
}

/// How long this opening lasts, in ticks: by hand, or doubled per failed probe, capped and jittered.
pub(crate) const fn wait(word: Word, rules: &Rules) -> u32 {
    if let Some(hold) = word.hold() {
        return hold.ticks();
    }
    let wait = if rules.cap == 0 {
        rules.wait
    } else if rules.wait > rules.cap >> word.exponent() {
        rules.cap
    } else {
        rules.wait << word.exponent()
    };
    rules.jitter.applied_to(wait, rules.seed, word.since, word.generation())
}

/// Ticks until time alone changes something: an open circuit's wait, a probe's lease. 0 if there is
/// nothing to wait for.
#[inline(always)]
pub(crate) const fn left(word: Word, now: Instant, rules: &Rules) -> u32 {
    let whole = match word.rule() {
        Rule::Open => wait(word, rules),
        Rule::HalfOpen if word.in_flight() > 0 => rules.lease,
        _ => 0,
    };
    whole.saturating_sub(now.waited_since(word.since, rules.skew))
}

/// The word of an open circuit that stays so for at least these ticks from `now`; `None` where nothing has to change.
///
/// Neither state nor generation changes, so this is no input of the machine.
pub(crate) const fn held_open(word: Word, wait: u32, now: Instant, rules: &Rules) -> Option<Word> {
    let before = left(word, now, rules);
    if !matches!(word.phase(), Phase::Open) || before >= wait {
        return None;
    }
    // A wait that is over may be so for days. Counted from then, the new one would be rounded by minutes.
    let word = if before == 0 { word.at(now) } else { word };
    let whole = now.waited_since(word.since, rules.skew).saturating_add(wait);
    match Hold::at_least(whole) {
        Some(hold) => Some(word.with_hold(hold)),
        None => Some(word.with_hold(Hold::LONGEST)),
    }
}

/// By hand. Whatever was in flight no longer counts.
#[allow(clippy::match_same_arms, reason = "one line per command")]
const fn obey(word: Word, command: Command, now: Instant, rules: &Rules) -> (Option<Word>, Effect) {
    use Phase::{Closed, Disabled, ForcedOpen, HalfOpen, ObserveClosed, Open};
    let phase = word.phase();
    let calmed = match word.rule() {
        Rule::Closed => word.with_exponent(damped_exponent(word, now, rules)),
        _ => word,
    };
    let next = match (command, phase) {
        (Command::Open, Open) => word,
        (Command::Open, _) => calmed.switched_to(Open, now),
        (Command::OpenFor(hold), _) => calmed.switched_to(Open, now).with_hold(hold),
        (Command::HalfOpen, Open | ForcedOpen) => word.switched_to(HalfOpen, now),
        (Command::HalfOpen, HalfOpen) | (Command::Close, Closed) => word,
        (Command::HalfOpen, _) => return (None, Effect::Refused),
        (Command::Close, _) => closed(word.switched_to(HalfOpen, now), now, rules),
        (Command::Reset, _) => word.switched_to(Closed, now).with_exponent(0),
        (Command::ForceOpen, ForcedOpen) | (Command::Disable, Disabled) => word,
        (Command::ForceOpen, _) => calmed.switched_to(ForcedOpen, now),
        (Command::Disable, _) => word.switched_to(Disabled, now).with_exponent(0),
        (Command::Observe, _) if phase.observed() => word,
        (Command::Observe, _) => word.switched_to(ObserveClosed, now).with_exponent(0),
        (Command::Automatic, ForcedOpen) => word.switched_to(HalfOpen, now),
        (Command::Automatic, Disabled) => word.switched_to(Closed, now),
        (Command::Automatic, _) if phase.observed() => word.switched_to(word.rule().phase(), word.since),
        (Command::Automatic, _) => word,
    };
    let changed = next.low != word.low || next.since.ticks() != word.since.ticks();
    if matches!((command, phase), (Command::Reset, Closed)) {
        (Some(next.next_generation()), Effect::Unchanged)
    } else if changed {
        (Some(next.next_generation()), Effect::Moved(Cause::Manual))
    } else {
        (None, Effect::Unchanged)
    }
}

#[cfg(all(test, not(fusebox_loom)))]
mod tests;
