//! The transitions once more, in plain numbers and without a thought to what they cost: each answer of the machine is
//! compared with the whole of what it should be.

use super::*;
use crate::policy::Tally;

/// A word's fields, as numbers.
#[derive(Clone, Copy)]
struct Plain {
    phase: Phase,
    since: Instant,
    generation: u8,
    exponent: u32,
    in_flight: u32,
    successes: u32,
    failures: u32,
    slow: u32,
}

impl Plain {
    fn of(word: Word) -> Self {
        Self {
            phase: word.phase(),
            since: word.since,
            generation: (word.low >> 24) as u8,
            exponent: word.low >> 3 & 31,
            in_flight: word.low >> 8 & 15,
            successes: word.low >> 12 & 15,
            failures: word.low >> 16 & 15,
            slow: word.low >> 20 & 15,
        }
    }

    fn word(self) -> Word {
        let count = |count: u32| count.min(15);
        let low = self.phase as u32
            | self.exponent.min(16) << 3
            | count(self.in_flight) << 8
            | count(self.successes) << 12
            | count(self.failures) << 16
            | count(self.slow) << 20
            | u32::from(self.generation) << 24;
        Word { low, since: self.since }
    }

    /// In another phase from now on, with no probes.
    fn switched(self, phase: Phase, now: Instant) -> Self {
        Self { phase, since: now, in_flight: 0, successes: 0, failures: 0, slow: 0, ..self }
    }

    /// By another rule in the same mode.
    fn moved(self, rule: Rule, now: Instant) -> Self {
        self.switched(Phase::of(self.phase as u32 & 4 | rule as u32), now)
    }

    fn opened(self, exponent: u32, now: Instant) -> Self {
        Self { exponent, generation: self.generation.wrapping_add(1), ..self.moved(Rule::Open, now) }
    }

    fn closed(self, now: Instant, rules: &Rules) -> Self {
        let closed = self.moved(Rule::Closed, now);
        if rules.quiet == 0 { Self { exponent: 0, ..closed } } else { Self { successes: 1, ..closed } }
    }

    /// What is left of the exponent after quiet times, and whether the last close was too short ago.
    fn damped(self, now: Instant, rules: &Rules) -> (u32, bool) {
        let quiet = elapsed(self.word(), now, rules);
        let periods = quiet.checked_div(rules.quiet).unwrap_or(u32::MAX);
        (self.exponent.saturating_sub(periods), self.successes > 0 && quiet < rules.quiet)
    }

    /// How many results decide on half-open, of how many there are.
    fn verdict(self, rules: &Rules, rates: Option<Rates>) -> (u32, u32) {
        let probes = u32::from(rules.probes);
        match rates {
            Some(Rates { min_calls, .. }) if (1..probes).contains(&min_calls) => {
                (min_calls, self.successes + self.failures)
            }
            Some(_) => (probes, self.successes + self.failures),
            None => (rules.close_after.into(), self.successes),
        }
    }

    fn is_decided(self, rules: &Rules, rates: Option<Rates>) -> bool {
        let (needed, there) = self.verdict(rules, rates);
        there >= needed
    }
}

type Answer = (Word, Effect);

fn acquired(plain: Plain, now: Instant, rules: &Rules, rates: Option<Rates>) -> Answer {
    let probes = u32::from(rules.probes);
    let taken = match rates {
        Some(_) => plain.in_flight + plain.successes + plain.failures,
        None => plain.in_flight,
    };
    let to_come = match rates {
        Some(_) => u32::MAX,
        None => u32::from(rules.close_after).saturating_sub(plain.successes),
    };
    let waited = elapsed(plain.word(), now, rules);
    if !plain.is_decided(rules, rates) && taken < probes && plain.in_flight < to_come {
        let next = Plain { in_flight: plain.in_flight + 1, since: now, ..plain };
        (next.word(), Effect::Admitted(None))
    } else if plain.in_flight == 0 || waited >= rules.lease {
        let next = plain.moved(Rule::HalfOpen, now);
        let next = Plain { in_flight: 1, generation: plain.generation.wrapping_add(1), ..next };
        (next.word(), Effect::Admitted(Some(Cause::LeaseExpired)))
    } else {
        (plain.word(), Effect::Rejected(Refusal::HalfOpenFull(rules.lease - waited)))
    }
}

fn settled(
    plain: Plain,
    (outcome, slow): (Outcome, bool),
    now: Instant,
    rules: &Rules,
    rates: Option<Rates>,
) -> Answer {
    let back = Plain { in_flight: plain.in_flight.max(1) - 1, ..plain };
    let failed = outcome == Outcome::Failure;
    let opened = |reason, tally| {
        let next = plain.opened(plain.exponent + 1, now);
        (next.word(), Effect::Moved(Cause::ProbesFailed(Trip { reason, tally })))
    };
    let Some(rates) = rates else {
        let tally = Tally { calls: plain.successes + 1, failures: failed.into(), slow: slow.into() };
        let counted = Plain { successes: (plain.successes + 1).min(15), ..back };
        return match outcome {
            Outcome::Ignored => (back.word(), Effect::Counted),
            Outcome::Failure => opened(TripReason::Probe, tally),
            Outcome::Success if slow => opened(TripReason::SlowProbe, tally),
            Outcome::Success if counted.is_decided(rules, None) => {
                (plain.closed(now, rules).word(), Effect::Moved(Cause::ProbesSucceeded))
            }
            Outcome::Success => (counted.word(), Effect::Counted),
        };
    };
    if outcome == Outcome::Ignored || plain.is_decided(rules, Some(rates)) {
        return (back.word(), Effect::Counted);
    }
    let counted = Plain {
        successes: (plain.successes + u32::from(!failed)).min(15),
        failures: (plain.failures + u32::from(failed)).min(15),
        slow: (plain.slow + u32::from(slow)).min(15),
        ..back
    };
    let Plain { successes, failures, slow, .. } = counted;
    let tally = Tally { calls: successes + failures, failures, slow };
    let reaches = |count: u32, percent: u8| count * 100 >= tally.calls * u32::from(percent);
    if !counted.is_decided(rules, Some(rates)) {
        (counted.word(), Effect::Counted)
    } else if reaches(failures, rates.failure) {
        opened(TripReason::FailureRate, tally)
    } else if rates.slow > 0 && reaches(slow, rates.slow) {
        opened(TripReason::SlowRate, tally)
    } else {
        // Who closes keeps the slot until then.
        (Plain { in_flight: plain.in_flight, ..counted }.word(), Effect::Closing)
    }
}

fn obeyed(plain: Plain, command: Command, now: Instant, rules: &Rules) -> Answer {
    use Phase::{Closed, Disabled, ForcedOpen, HalfOpen, ObserveClosed, Open};
    let calm = |next: Plain| {
        if [Closed, ObserveClosed].contains(&plain.phase) { plain.damped(now, rules).0 } else { next.exponent }
    };
    let calmed = |phase| {
        let next = plain.switched(phase, now);
        Plain { exponent: calm(next), ..next }
    };
    let forgotten = |phase| Plain { exponent: 0, ..plain.switched(phase, now) };
    let observed = plain.phase.observed();
    let next = match command {
        Command::Open if plain.phase == Open => plain.word(),
        Command::Open => calmed(Open).word(),
        Command::OpenFor(hold) => calmed(Open).word().with_hold(hold),
        Command::HalfOpen if plain.phase == HalfOpen => plain.word(),
        Command::HalfOpen if [Open, ForcedOpen].contains(&plain.phase) => plain.switched(HalfOpen, now).word(),
        Command::HalfOpen => return (plain.word(), Effect::Refused),
        Command::Close if plain.phase == Closed => plain.word(),
        Command::Close => plain.switched(HalfOpen, now).closed(now, rules).word(),
        Command::Reset => forgotten(Closed).word(),
        Command::ForceOpen if plain.phase == ForcedOpen => plain.word(),
        Command::ForceOpen => calmed(ForcedOpen).word(),
        Command::Disable if plain.phase == Disabled => plain.word(),
        Command::Disable => forgotten(Disabled).word(),
        Command::Observe if observed => plain.word(),
        Command::Observe => forgotten(ObserveClosed).word(),
        Command::Automatic if plain.phase == ForcedOpen => plain.switched(HalfOpen, now).word(),
        Command::Automatic if plain.phase == Disabled => plain.switched(Closed, now).word(),
        Command::Automatic if observed => plain.switched(Phase::of(plain.phase as u32 & 3), plain.since).word(),
        Command::Automatic => plain.word(),
    };
    let is_reset = command == Command::Reset && plain.phase == Closed;
    if next == plain.word() && !is_reset {
        return (next, Effect::Unchanged);
    }
    let next = next.in_generation(plain.generation.wrapping_add(1));
    (next, if is_reset { Effect::Unchanged } else { Effect::Moved(Cause::Manual) })
}

fn answer(word: Word, input: Input, now: Instant, rules: &Rules, rates: Option<Rates>) -> Option<Answer> {
    let plain = Plain::of(word);
    let rule = word.rule();
    Some(match input {
        Input::Acquire if rule == Rule::HalfOpen => acquired(plain, now, rules, rates),
        // What the other phases answer is an invariant.
        Input::Acquire => return None,
        Input::Command(command) => obeyed(plain, command, now, rules),
        Input::Settle { outcome, slow, .. } if rule == Rule::HalfOpen => {
            settled(plain, (outcome, slow), now, rules, rates)
        }
        Input::Trip { .. } if rule == Rule::Closed => {
            let (damped, flapping) = plain.damped(now, rules);
            (plain.opened(damped + u32::from(flapping), now).word(), Effect::Tripped)
        }
        Input::Finish { .. } if rule == Rule::HalfOpen && plain.is_decided(rules, rates) => {
            (plain.closed(now, rules).word(), Effect::Moved(Cause::ProbesSucceeded))
        }
        _ => (word, Effect::Unchanged),
    })
}

/// Whether a permit is of this word. What becomes of the others is an invariant.
fn is_fresh(input: Input, low: u32) -> bool {
    !matches!(input, Input::Settle { permit, .. } | Input::Trip { permit } | Input::Finish { permit } if permit != low)
}

/// Rates beside those of all tests: they ask for no number of calls, for more than there are probes, or not for slow ones.
fn more_rule_sets() -> impl Iterator<Item = (Rules, Option<Rates>)> {
    let (rules, _) = rule_sets().next().unwrap();
    let rates = [
        Rates::failures(40),
        Rates::failures(100).min_calls(10),
        Rates::failures(50).slow_calls(90).min_calls(3),
        Rates::failures(70).slow_calls(40).min_calls(1),
    ];
    rates.into_iter().map(move |rates| (Rules { probes: 3, ..rules }, Some(rates)))
}

#[test]
#[cfg_attr(miri, ignore = "pure arithmetic, and millions of it")]
fn every_answer_is_that_of_the_plain_numbers() {
    let now = Instant::from_ticks(2);
    let mut compared = 0;
    for (rules, rates) in rule_sets().chain(more_rule_sets()) {
        let held = Word { low: Phase::Open as u32, since: now }.with_hold(Hold::at_least(5).unwrap());
        for low in words(&rules).into_iter().chain([held.low]) {
            for age in AGES {
                let word = Word { low, since: now.before(age) };
                for input in inputs(low).into_iter().filter(|input| is_fresh(*input, low)) {
                    let Some(expected) = answer(word, input, now, &rules, rates) else { continue };
                    let (next, effect) = step(word, input, now, &rules, rates);
                    let seen = (next.unwrap_or(word), effect);
                    assert_eq!(seen, expected, "{word:?} {input:?} at {now:?}, {rules:?} {rates:?}");
                    compared += 1;
                }
                if word.rule() == Rule::Closed {
                    let calm = Plain::of(word).damped(now, &rules) == (0, false);
                    assert_eq!(is_calm(word, now, &rules), calm, "{word:?} at {now:?}, {rules:?}");
                }
            }
        }
    }
    assert!(compared > 1_000_000, "{compared} are not everything");
}
