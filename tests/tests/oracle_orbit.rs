//! Recorded radio links: fusebox and the published python-circuit must agree packet for packet.

use std::path::{Path, PathBuf};

use fusebox_tests::oracle::{Mend, Oracle};
use fusebox_tests::player::{self, Played};
use fusebox_tests::skip::skip;
use fusebox_tests::trace::{Ending, Settings, Step, Trace, What};

#[test]
fn recorded_links_agree_with_the_defaults() {
    let Some(steps) = recorded_steps("recorded_links_agree_with_the_defaults") else { return };
    let trace = Trace { settings: Settings::DEFAULT, steps };
    let played = player::play(&trace, 0).unwrap();
    let expected = Summary {
        calls: 36_000,
        permitted: 20_655,
        rejected: 15_345,
        failures: 277,
        failures_avoided: 13_559,
        successes_missed: 1_786,
        trips: 39,
        peers: 24,
    };
    assert_eq!(Summary::of(&trace, &played), expected);
    // The numbers hold without the package too; call for call it takes the package.
    if let Some(mut oracle) = oracle("recorded_links_agree_with_the_defaults") {
        agree(&mut oracle, &trace);
    }
}

#[test]
fn recorded_links_agree_whatever_the_settings() {
    let test = "recorded_links_agree_whatever_the_settings";
    let Some(mut steps) = recorded_steps(test) else { return };
    let Some(mut oracle) = oracle(test) else { return };
    for keep_history in [false, true] {
        for backoff_cap in [None, Some(60_000), Some(Settings::UNCAPPED)] {
            for (max_failures, wait, window) in
                [(3, 10_000, 60_000), (0, 500, 100), (5, 100, 2_000), (2, 30_000, 10_000)]
            {
                let settings = Settings { max_failures, wait, window, backoff_cap, keep_history, jitter: false };
                let trace = Trace { settings, steps };
                agree(&mut oracle, &trace);
                steps = trace.steps;
            }
        }
    }
}

/// The package, or none where it is not set up.
fn oracle(test: &str) -> Option<Oracle> {
    let oracle = Oracle::start().unwrap();
    if oracle.is_none() {
        skip(test, Oracle::MISSING);
    }
    oracle
}

fn agree(oracle: &mut Oracle, trace: &Trace) {
    let mends: &[Mend] = if trace.settings.keep_history { &[Mend::Reopen] } else { &[Mend::Reopen, Mend::History] };
    let python = oracle.play(trace, mends).unwrap();
    let ours = player::play(trace, u32::MAX - 60_000).unwrap();
    if let Some(story) = player::first_difference(trace, &python, &ours) {
        panic!("{story}");
    }
    assert_eq!(python.circuits, ours.circuits);
}

/// The rows of the recording, or none where it is not beside the repository.
fn recorded_steps(test: &str) -> Option<Vec<Step>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/traces/orbit-noise-24-links.csv");
    if !path.exists() {
        skip(test, "../shared/traces/orbit-noise-24-links.csv is not there");
        return None;
    }
    Some(read_steps(&path))
}

fn read_steps(path: &PathBuf) -> Vec<Step> {
    let mut peers: Vec<String> = Vec::new();
    let mut rows = csv::Reader::from_path(path).unwrap();
    let step = |row: (u32, String, String)| {
        let (at, name, outcome) = row;
        let index = peers.iter().position(|known| *known == name).unwrap_or_else(|| {
            peers.push(name);
            peers.len() - 1
        });
        let ending = match outcome.as_str() {
            "ok" => Ending::Ok,
            "fail" => Ending::Fail,
            other => panic!("unknown outcome {other}"),
        };
        Step { at, peer: u16::try_from(index).unwrap(), what: What::Call(ending) }
    };
    rows.deserialize().map(Result::unwrap).map(step).collect()
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Summary {
    calls: usize,
    permitted: usize,
    rejected: usize,
    failures: usize,
    failures_avoided: usize,
    successes_missed: usize,
    trips: usize,
    peers: usize,
}

impl Summary {
    fn of(trace: &Trace, played: &Played) -> Self {
        let mut sum = Self { calls: trace.steps.len(), peers: played.circuits, ..Self::default() };
        let mut states = std::collections::HashMap::new();
        for (step, verdict) in trace.steps.iter().zip(&played.verdicts) {
            let before = states.insert(step.peer, verdict.state).unwrap_or('c');
            let fails = step.what == What::Call(Ending::Fail);
            let admitted = verdict.admission == '+';
            sum.permitted += usize::from(admitted);
            sum.rejected += usize::from(!admitted);
            sum.failures += usize::from(admitted && fails);
            sum.failures_avoided += usize::from(!admitted && fails);
            sum.successes_missed += usize::from(!admitted && !fails);
            sum.trips += usize::from((before, verdict.state) == ('c', 'o'));
        }
        sum
    }
}
