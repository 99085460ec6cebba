//! Random traces: fusebox and the published python-circuit must agree call for call, once the
//! documented differences are mended there.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::env;

use fusebox_tests::oracle::{Mend, Oracle};
use fusebox_tests::player::{self, MAX_FAILURES, Played};
use fusebox_tests::skip::skip;
use fusebox_tests::trace::{Ending, Settings, Step, Trace, What};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

/// How many calls each test compares at least, if it is to be more than one batch of traces has.
const CALLS: &str = "FUSEBOX_ORACLE_CALLS";
/// In a batch.
const TRACES: u32 = 330;
/// On average half of it, so that a trace can shrink.
const STEPS: usize = 1_000;
const PEERS: u16 = 4;

#[test]
fn whole_calls_agree() {
    let Some(mut oracle) = Oracle::start().unwrap() else { return skip("whole_calls_agree", Oracle::MISSING) };
    let seen = compare(&mut oracle, traces(whole_calls), &[Mend::Reopen]);
    assert!(seen.calls >= 150_000 && seen.rejections >= 15_000, "{seen:?}");
    assert!(seen.trips >= 3_000 && seen.failed_probes >= 3_000 && seen.recoveries >= 3_000, "{seen:?}");
}

#[test]
fn overlapping_calls_and_hand_moved_circuits_agree() {
    let Some(mut oracle) = Oracle::start().unwrap() else {
        return skip("overlapping_calls_and_hand_moved_circuits_agree", Oracle::MISSING);
    };
    let mends = [Mend::Reopen, Mend::OneProbe, Mend::Stale, Mend::Open];
    let seen = compare(&mut oracle, traces(overlapping_calls), &mends);
    assert!(seen.steps >= 150_000 && seen.rejections >= 15_000, "{seen:?}");
    assert!(seen.trips >= 800 && seen.failed_probes >= 800 && seen.recoveries >= 800, "{seen:?}");
}

/// What the traces made the breakers do: a test in which nothing happens proves nothing.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    steps: usize,
    /// Steps at which a circuit was asked.
    calls: usize,
    rejections: usize,
    trips: usize,
    failed_probes: usize,
    recoveries: usize,
}

/// Plays all traces both ways and shows the smallest trace that differs, if one does.
fn compare(oracle: &mut Oracle, traces: impl Strategy<Value = (Trace, u32)>, mends: &[Mend]) -> Seen {
    let config = Config { cases: TRACES, failure_persistence: None, max_shrink_iters: 4_000, ..Config::default() };
    let wanted = env::var(CALLS).map_or(0, |calls| calls.parse().expect("a number of calls"));
    let oracle = RefCell::new(oracle);
    let seen = Cell::new(Seen::default());
    let play = |trace: &Trace, origin: u32| {
        let mut mends = mends.to_vec();
        if !trace.settings.keep_history {
            mends.push(Mend::History);
        }
        let python = oracle.borrow_mut().play(trace, &mends)?;
        anyhow::Ok((python, player::play(trace, origin)?))
    };
    for batch in 0u64.. {
        let verdict = TestRunner::new_with_rng(config.clone(), rng(batch)).run(&traces, |(trace, origin)| {
            let (python, ours) = play(&trace, origin).map_err(|error| TestCaseError::fail(format!("{error:#}")))?;
            seen.set(seen.get().and(&trace, &python));
            prop_assert!(python == ours);
            Ok(())
        });
        match verdict {
            Ok(()) => {}
            Err(TestError::Fail(_, (trace, origin))) => {
                let (python, ours) = play(&trace, origin).unwrap();
                let story = player::first_difference(&trace, &python, &ours);
                panic!("clock starts at {origin}: {}", story.unwrap_or("only the number of circuits differs".into()));
            }
            Err(TestError::Abort(reason)) => panic!("no traces: {reason}"),
        }
        if seen.get().calls >= wanted {
            break;
        }
    }
    let seen = seen.get();
    println!("compared {} calls in {} steps", seen.calls, seen.steps);
    seen
}

/// Other traces for each batch, and the same ones in every run.
fn rng(batch: u64) -> TestRng {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&batch.to_le_bytes());
    TestRng::from_seed(RngAlgorithm::ChaCha, &seed)
}

impl Seen {
    fn and(mut self, trace: &Trace, played: &Played) -> Self {
        let mut states = HashMap::new();
        for (step, verdict) in trace.steps.iter().zip(&played.verdicts) {
            let before = states.insert(step.peer, verdict.state).unwrap_or('c');
            let by_hand = matches!(step.what, What::Open | What::Close);
            self.steps += 1;
            self.calls += usize::from(verdict.admission != '.');
            self.rejections += usize::from(verdict.admission == '-');
            self.trips += usize::from((before, verdict.state) == ('c', 'o') && !by_hand);
            self.recoveries += usize::from(before != 'c' && verdict.state == 'c' && !by_hand);
            let failed_call = before == 'o' && verdict.admission == '+';
            let failed_late = before == 'h' && !by_hand;
            self.failed_probes += usize::from((failed_call || failed_late) && verdict.state == 'o');
        }
        self
    }
}

/// Traces whose times and settings are small multiples of one unit, give or take a millisecond. So the
/// exact ends of windows and waits are met all the time, at every scale.
fn traces<S: Strategy<Value = What> + Clone>(whats: fn(u32) -> S) -> impl Strategy<Value = (Trace, u32)> {
    let unit = prop::sample::select(vec![1, 7, 1_000, 60_000]);
    let failing = prop::sample::select(vec![10, 50, 85]);
    (unit, failing).prop_flat_map(move |(unit, failing)| {
        let step = (gap(), -1..=1i64, prop::bool::weighted(0.2), 0..PEERS, whats(failing));
        let steps = prop::collection::vec(step, 1..=STEPS);
        (settings(unit), steps, clock_start()).prop_map(move |(settings, raw, origin)| {
            let mut at = 0i64;
            let mut steps = Vec::with_capacity(raw.len());
            for (number, (gap, nudge, nudged, peer, what)) in (0..).zip(raw) {
                let next = at + i64::from(gap * unit) + if nudged { nudge } else { 0 };
                // Half a wrap is what a circuit's memory reaches over.
                at = next.clamp(at, i32::MAX.into());
                let at = u32::try_from(at).unwrap();
                steps.push(match what {
                    What::Begin(_) => Step { at, peer, what: What::Begin(number) },
                    What::End(ago, ending) => {
                        let begun = number.saturating_sub(ago);
                        let peer = steps.get(begun as usize).map_or(peer, |step: &Step| step.peer);
                        Step { at, peer, what: What::End(begun, ending) }
                    }
                    what => Step { at, peer, what },
                });
            }
            (Trace { settings, steps }, origin)
        })
    })
}

/// Mostly short ones, now and then far beyond every window and wait.
fn gap() -> impl Strategy<Value = u32> {
    prop_oneof![20 => Just(0), 30 => 1..=3u32, 10 => 1..=25u32, 1 => 26..=2_000u32]
}

/// Anywhere, and often shortly before the tick counter wraps.
fn clock_start() -> impl Strategy<Value = u32> {
    prop_oneof![any::<u32>(), (0..100_000u32).prop_map(|before| u32::MAX - before)]
}

fn settings(unit: u32) -> impl Strategy<Value = Settings> {
    let most = u32::try_from(MAX_FAILURES).unwrap();
    let backoff_cap = prop_oneof![
        3 => Just(None),
        1 => Just(Some(Settings::UNCAPPED)),
        3 => (1..=200u64).prop_map(move |units| Some(units * u64::from(unit))),
    ];
    (0..=most, 0..=20u32, 1..=20u32, backoff_cap, any::<bool>()).prop_map(
        move |(max_failures, wait, window, backoff_cap, keep_history)| Settings {
            max_failures,
            wait: wait * unit,
            window: window * unit,
            backoff_cap,
            keep_history,
            jitter: false,
        },
    )
}

fn ending(failing: u32) -> impl Strategy<Value = Ending> + Clone {
    prop_oneof![
        failing => Just(Ending::Fail),
        95 - failing => Just(Ending::Ok),
        5 => Just(Ending::Ignored),
    ]
}

fn whole_calls(failing: u32) -> impl Strategy<Value = What> + Clone {
    ending(failing).prop_map(What::Call)
}

/// The numbers of calls are given later; what ends began a few steps before, if it was a beginning.
fn overlapping_calls(failing: u32) -> impl Strategy<Value = What> + Clone {
    prop_oneof![
        40 => ending(failing).prop_map(What::Call),
        40 => Just(What::Begin(0)),
        60 => (1..=20u32, ending(failing)).prop_map(|(ago, ending)| What::End(ago, ending)),
        2 => Just(What::Open),
        3 => Just(What::Close),
    ]
}
