//! The transition function over all states, all inputs, small ages and every kind of wrap.

mod restated;

use core::time::Duration;

use super::*;
use crate::circuit::Circuit;
use crate::clock::ManualClock;
use crate::guard::Grant;
use crate::peer::{Peer, Shared};
use crate::settings::Settings;
use crate::word::{MAX_EXPONENT, Rule, is_closed, same_epoch};

const AGES: [u32; 10] = [0, 1, 2, 3, 4, 5, 6, 40, 1 << 30, u32::MAX];

/// Moments around every wrap that there is: of 32 bits, of the sign, of nothing.
const MOMENTS: [u32; 9] = [0, 1, 3, 5, (1 << 31) - 2, 1 << 31, u32::MAX - 5, u32::MAX - 1, u32::MAX];

fn rule_sets() -> impl Iterator<Item = (Rules, Option<Rates>)> {
    let plain = Rules {
        wait: 3,
        cap: 0,
        lease: 4,
        quiet: 0,
        skew: 1,
        seed: 7,
        jitter: Jitter::None,
        probes: 1,
        close_after: 1,
    };
    let rates = Rates::failures(50).slow_calls(50).min_calls(2);
    [
        (plain, None),
        (Rules { probes: 2, close_after: 3, cap: 10, ..plain }, None),
        (Rules { wait: 0, lease: 1, quiet: 2, cap: i32::MAX as u32, ..plain }, None),
        (Rules { probes: 3, quiet: 5, ..plain }, Some(rates)),
        (Rules { probes: 15, close_after: 15, jitter: Jitter::Full, wait: 40, ..plain }, None),
    ]
    .into_iter()
}

/// Every word that a field-by-field enumeration reaches, with counts a little beyond the rules'.
fn words(rules: &Rules) -> Vec<u32> {
    let counts = || (0..=u32::from(rules.probes.max(rules.close_after)).min(3) + 1).chain([15]);
    let mut words = Vec::new();
    for phase in 0..8 {
        for exponent in [0, 1, 2, MAX_EXPONENT] {
            for generation in [0, 1, 255] {
                for in_flight in counts() {
                    for successes in counts() {
                        for failures in [0, 1, 2] {
                            for slow in [0, 1, 2] {
                                let fields = exponent << 3 | in_flight << 8 | successes << 12;
                                words.push(phase | fields | failures << 16 | slow << 20 | generation << 24);
                            }
                        }
                    }
                }
            }
        }
    }
    words.retain(|low| Word { low: *low, since: Instant::from_ticks(0) }.is_sound());
    for ticks in [0, 3, 70_000] {
        let hold = Hold::at_least(ticks).unwrap();
        let open = Word { low: Phase::Open as u32, since: Instant::from_ticks(0) };
        words.push(open.with_hold(hold).low);
    }
    words
}

fn inputs(low: u32) -> Vec<Input> {
    let mut inputs = vec![Input::Acquire];
    let other_generation = low.wrapping_add(1 << 24);
    for permit in [low, low ^ 1, low ^ 2, low ^ 4, other_generation] {
        for outcome in [Outcome::Success, Outcome::Failure, Outcome::Ignored] {
            for slow in [false, true] {
                inputs.push(Input::Settle { permit, outcome, slow });
            }
        }
        inputs.extend([Input::Trip { permit }, Input::Finish { permit }]);
    }
    let hold = Hold::at_least(5).unwrap();
    let by_hand = [
        Command::Open,
        Command::OpenFor(hold),
        Command::HalfOpen,
        Command::Close,
        Command::Reset,
        Command::ForceOpen,
        Command::Disable,
        Command::Observe,
        Command::Automatic,
    ];
    inputs.extend(by_hand.map(Input::Command));
    inputs
}

/// Runs `check` on every combination; says on how many.
fn everywhere(mut check: impl FnMut(Word, Input, Instant, &Rules, Option<Rates>, (Word, Effect))) -> u64 {
    let mut combinations = 0;
    for (rules, rates) in rule_sets() {
        for low in words(&rules) {
            for input in inputs(low) {
                for age in AGES {
                    // Where the outcome does not depend on the moment, one is enough: the next test shows
                    // that it does not.
                    let now = Instant::from_ticks(2);
                    let word = Word { low, since: now.before(age) };
                    let (next, effect) = step(word, input, now, &rules, rates);
                    check(word, input, now, &rules, rates, (next.unwrap_or(word), effect));
                    combinations += 1;
                }
            }
        }
    }
    combinations
}

#[test]
#[cfg_attr(miri, ignore = "pure arithmetic, and much of it")]
fn a_circuit_that_is_held_open_waits_so_long_and_changes_in_nothing_else() {
    let now = Instant::from_ticks(2);
    for (rules, _) in rule_sets() {
        for low in words(&rules) {
            for age in AGES {
                let word = Word { low, since: now.before(age) };
                let before = left(word, now, &rules);
                for wait in [0, 1, before.saturating_sub(1), before, before + 1, 70_000, Hold::MAX] {
                    let is_open = word.phase() == Phase::Open;
                    let Some(held) = held_open(word, wait, now, &rules) else {
                        assert!(!is_open || before >= wait, "{word:?} {wait}");
                        continue;
                    };
                    assert!(is_open && before < wait, "{word:?} {wait}");
                    let after = left(held, now, &rules);
                    let whole = elapsed(held, now, &rules).saturating_add(wait);
                    assert!(after >= wait || whole > Hold::MAX, "{word:?} {wait}: {after}");
                    assert!(after - after / 1_024 <= wait + whole / 1_024, "{word:?} {wait}: {after}");
                    assert_eq!((held.phase(), held.generation()), (word.phase(), word.generation()));
                    assert_eq!(held.exponent(), word.exponent());
                    assert_eq!(held.since, if before == 0 { now } else { word.since });
                    assert!(held.is_sound());
                }
            }
        }
    }
}

fn elapsed(word: Word, now: Instant, rules: &Rules) -> u32 {
    now.waited_since(word.since, rules.skew)
}

#[test]
#[cfg_attr(miri, ignore = "pure arithmetic, and millions of it")]
fn it_makes_no_difference_where_the_clock_stands() {
    for (rules, rates) in rule_sets().filter(|(rules, _)| rules.jitter == Jitter::None) {
        for low in words(&rules) {
            for input in inputs(low) {
                for age in AGES {
                    let at = |moment: u32| {
                        let now = Instant::from_ticks(moment);
                        let word = Word { low, since: now.before(age) };
                        let (next, effect) = step(word, input, now, &rules, rates);
                        let next = next.unwrap_or(word);
                        (next.low, now.elapsed_since(next.since), effect)
                    };
                    let first = at(MOMENTS[0]);
                    for moment in MOMENTS {
                        assert_eq!(at(moment), first, "{low:#x} {input:?} aged {age} at {moment}");
                    }
                }
            }
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "pure arithmetic, and millions of it")]
fn the_invariants_hold_for_every_state_and_input() {
    let combinations = everywhere(|word, input, now, rules, rates, (next, effect)| {
        let seen = || format!("{word:?} {input:?} at {now:?} became {next:?}, {effect:?}");
        let (before, after) = (word.rule(), next.rule());
        assert!(next.is_sound(), "a state that cannot be: {}", seen());
        assert!(next.since == word.since || next.since == now, "since is the time of something else: {}", seen());
        let generations = next.generation().wrapping_sub(word.generation());
        assert!(generations <= 1, "{}", seen());
        let opens = after == Rule::Open && (before != Rule::Open || generations == 1);
        if opens && !matches!(input, Input::Command(Command::Automatic)) {
            assert!(generations == 1 && next.since == now, "an opening voids earlier results: {}", seen());
        }
        match input {
            Input::Acquire => acquired(word, now, rules, rates, next, effect),
            Input::Settle { permit, .. } | Input::Trip { permit, .. } | Input::Finish { permit } => {
                if !same_epoch(permit, word.low) {
                    assert_eq!((next, effect), (word, Effect::Stale), "a stale permit changes nothing: {}", seen());
                }
                if matches!(before, Rule::Open | Rule::ByHand) {
                    assert_eq!(next, word, "nothing that comes back changes these: {}", seen());
                }
                if before == Rule::HalfOpen && after == Rule::HalfOpen {
                    assert!(next.in_flight() <= word.in_flight() && next.since == word.since, "{}", seen());
                }
                assert_eq!(word.phase().observed(), next.phase().observed(), "{}", seen());
            }
            Input::Command(_) => {
                assert_eq!(next == word, generations == 0, "by hand all or nothing: {}", seen());
                let silent = next == word || word.phase() == Phase::Closed && input == Input::Command(Command::Reset);
                assert_eq!(silent, !matches!(effect, Effect::Moved(Cause::Manual)), "{}", seen());
            }
        }
        // A probe's failure opens, whatever else is under way, unless rates are to judge.
        if let Input::Settle { permit, outcome: Outcome::Failure, .. } = input {
            if same_epoch(permit, word.low) && before == Rule::HalfOpen && !is_decided(word, rules, rates) {
                assert!(rates.is_some() || after == Rule::Open, "{}", seen());
            }
        }
    });
    assert!(combinations > 1_000_000, "{combinations} are not everything");
}

fn acquired(word: Word, now: Instant, rules: &Rules, rates: Option<Rates>, next: Word, effect: Effect) {
    let seen = || format!("{word:?} at {now:?} became {next:?}, {effect:?}");
    let elapsed = elapsed(word, now, rules);
    match word.rule() {
        Rule::Closed => assert_eq!((next, effect), (word, Effect::Admitted(None)), "{}", seen()),
        Rule::Open if elapsed >= wait(word, rules) => {
            assert_eq!(effect, Effect::Admitted(Some(Cause::WaitOver)), "{}", seen());
            assert_eq!((next.rule(), next.in_flight(), next.since), (Rule::HalfOpen, 1, now));
        }
        Rule::Open => {
            let refusal = Refusal::Open(wait(word, rules) - elapsed);
            assert_eq!((next, effect), (word, Effect::Rejected(refusal)));
        }
        Rule::HalfOpen => {
            let probes = u32::from(rules.probes);
            match effect {
                Effect::Admitted(None) => {
                    assert_eq!(next.in_flight(), word.in_flight() + 1, "{}", seen());
                    assert!(next.in_flight() <= probes, "never more than the probes: {}", seen());
                    assert!(!is_decided(word, rules, rates), "{}", seen());
                }
                Effect::Admitted(Some(Cause::LeaseExpired)) => {
                    assert!(word.in_flight() == 0 || elapsed >= rules.lease, "{}", seen());
                    assert_eq!((next.in_flight(), next.successes(), next.failures()), (1, 0, 0), "{}", seen());
                    assert_ne!(next.generation(), word.generation(), "{}", seen());
                }
                Effect::Rejected(Refusal::HalfOpenFull(left)) => {
                    assert!(word.in_flight() > 0, "nothing is under way and yet it is full: {}", seen());
                    assert_eq!(left, rules.lease - elapsed, "{}", seen());
                }
                _ => panic!("{}", seen()),
            }
        }
        Rule::ByHand if word.phase() == Phase::ForcedOpen => {
            assert_eq!((next, effect), (word, Effect::Rejected(Refusal::ForcedOpen)), "{}", seen());
        }
        Rule::ByHand => assert_eq!((next, effect), (word, Effect::Untracked), "{}", seen()),
    }
}

/// From every state there is a way back to closed that takes time and good calls only, unless a hand
/// forbids it.
#[test]
#[cfg_attr(miri, ignore = "pure arithmetic, and much of it")]
fn no_state_is_stuck() {
    for (rules, rates) in rule_sets() {
        for low in words(&rules) {
            let mut word = Word { low, since: Instant::from_ticks(0) };
            let by_hand = matches!(word.phase(), Phase::ForcedOpen | Phase::Disabled);
            let mut now = Instant::from_ticks(0);
            for _ in 0..64 {
                // Longer than every wait and every lease.
                now = now.after(1 << 25);
                let (next, effect) = step(word, Input::Acquire, now, &rules, rates);
                let next = next.unwrap_or(word);
                word = next;
                if matches!(effect, Effect::Admitted(_)) && word.rule() == Rule::HalfOpen {
                    let settle = Input::Settle { permit: word.low, outcome: Outcome::Success, slow: false };
                    let (next, effect) = step(word, settle, now, &rules, rates);
                    let next = next.unwrap_or(word);
                    word = next;
                    if effect == Effect::Closing {
                        word = step(word, Input::Finish { permit: word.low }, now, &rules, rates).0.unwrap_or(word);
                    }
                }
            }
            assert!(by_hand || word.rule() == Rule::Closed, "{low:#x} is stuck as {word:?}");
        }
    }
}

#[test]
fn the_wait_doubles_up_to_its_cap_and_no_further() {
    let (rules, _) = rule_sets().next().unwrap();
    let waits = |wait_ticks: u32, cap: u32| {
        let rules = Rules { wait: wait_ticks, cap, ..rules };
        (0..=MAX_EXPONENT).map(move |exponent| {
            let open = Word::NEW.moved_to(Rule::Open, Instant::from_ticks(0)).with_exponent(exponent);
            wait(open, &rules)
        })
    };
    assert!(waits(10, 0).all(|wait| wait == 10));
    assert!(waits(10, 1_000).take(8).eq([10, 20, 40, 80, 160, 320, 640, 1_000]));
    assert_eq!(waits(10, 1_000).next_back(), Some(1_000));
    assert!(waits(10, 7).all(|wait| wait == 7), "a cap below the wait is the wait");
    assert!(waits(3, 7).take(3).eq([3, 6, 7]), "a wait that doubles to less than the cap is not rounded up to it");
    assert_eq!(waits(1 << 20, i32::MAX as u32).next_back(), Some(i32::MAX as u32), "no overflow");
    assert_eq!(waits(3, i32::MAX as u32).next_back(), Some(3 << 16));
}

/// The look that turns away who comes too early, and the answer in two registers, against the machine.
#[test]
#[cfg_attr(miri, ignore = "pure arithmetic, and much of it")]
fn whoever_asks_is_answered_as_the_machine_says() {
    type Khz = ManualClock<1_000>;
    let now = Instant::from_ticks(2);
    for (rules, rates) in rule_sets() {
        let judged = rates.unwrap_or(Rates::failures(50).slow_calls(50));
        let settings = Settings::<Khz>::builder().slow_call(Duration::from_secs(1)).count_window::<1, 2>(15, judged);
        let mut settings = settings.build().unwrap();
        (settings.rules, settings.judged_by_rate) = (rules, rates.is_some());
        for timed in [false, true] {
            settings.timed = timed;
            let shared = Shared { settings, clock: Khz::new(), listener: () };
            shared.clock.set(now);
            for low in words(&rules) {
                for age in AGES {
                    let word = Word { low, since: now.before(age) };
                    let circuit = Circuit::at(word);
                    let granted = Peer { key: &(), circuit: &circuit, shared: &shared }.grant();
                    let (next, effect) = step(word, Input::Acquire, now, &rules, rates);
                    let after = next.unwrap_or(word);
                    let expected = match effect {
                        Effect::Rejected(_) if word.phase().observed() => Ok(Grant::WOULD_REJECT),
                        Effect::Rejected(refusal) => Err(refusal),
                        Effect::Untracked => Ok(Grant::UNTRACKED),
                        // A bit of its own says that the grant knows its time.
                        _ if timed && is_closed(after.low) => Ok(after.low | 1 << 8),
                        _ => Ok(after.low),
                    };
                    let started = if timed { now } else { Instant::from_ticks(0) };
                    assert_eq!(granted.map(|grant| (grant.low, grant.started)), expected.map(|low| (low, started)));
                    assert_eq!(circuit.word.load(), after, "{word:?} timed: {timed}");
                }
            }
        }
    }
}
