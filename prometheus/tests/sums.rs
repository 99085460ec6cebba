//! What is told of circuits adds up, whatever happens to them, to the set and to the recorder.
#![cfg(feature = "metrics")]
#![allow(clippy::float_cmp, reason = "what is exported is exact")]

mod common;

use std::collections::HashMap;

use common::recorder::Recorder;
use common::{Clock, Page, Set, builder, clock, fail, secs, succeed};
use fusebox::State;
use fusebox_prometheus::Exporter;
use fusebox_std::{CallCounts, Handle, Incarnation, StateTimes, Transitions};
use proptest::prelude::*;

const PEERS: [&str; 5] = ["a", "b", "c", "d", "_other"];

#[derive(Clone, Copy, Debug)]
enum Step {
    Call {
        peer: usize,
        succeeds: bool,
    },
    /// Through a handle that was kept, whose circuit may be gone.
    CallKept {
        peer: usize,
        succeeds: bool,
    },
    Keep {
        peer: usize,
    },
    ForceOpen {
        peer: usize,
    },
    Close {
        peer: usize,
    },
    Remove {
        peer: usize,
    },
    Wait {
        seconds: u64,
    },
    /// The recorder panics at this series or gauge.
    Panic {
        at: usize,
    },
    AnotherRecorder,
    /// The first of them again.
    FirstRecorder,
    /// The exporter lets the set go and is given it again.
    RegisterAgain,
}

fn steps() -> impl Strategy<Value = Step> {
    let peer = 0..PEERS.len();
    prop_oneof![
        8 => (peer.clone(), any::<bool>()).prop_map(|(peer, succeeds)| Step::Call { peer, succeeds }),
        3 => (peer.clone(), any::<bool>()).prop_map(|(peer, succeeds)| Step::CallKept { peer, succeeds }),
        2 => peer.clone().prop_map(|peer| Step::Keep { peer }),
        1 => peer.clone().prop_map(|peer| Step::ForceOpen { peer }),
        1 => peer.clone().prop_map(|peer| Step::Close { peer }),
        1 => peer.prop_map(|peer| Step::Remove { peer }),
        2 => (0..20_u64).prop_map(|seconds| Step::Wait { seconds }),
        2 => (0..150_usize).prop_map(|at| Step::Panic { at }),
        1 => Just(Step::AnotherRecorder),
        1 => Just(Step::FirstRecorder),
        1 => Just(Step::RegisterAgain),
    ]
}

/// What the circuits themselves said of their pasts when they were last looked at.
#[derive(Default)]
struct Seen(HashMap<Incarnation, (CallCounts, Transitions, StateTimes)>);

impl Seen {
    fn look(&mut self, set: &Set) {
        for circuit in set.handles() {
            let said = (circuit.counts(), circuit.transitions(), circuit.state_times());
            self.0.insert(circuit.incarnation(), said);
        }
    }

    fn calls(&self, count: impl Fn(&CallCounts) -> u64) -> u64 {
        self.0.values().map(|(calls, ..)| count(calls)).sum()
    }

    fn transitions(&self, from: State, to: State) -> u64 {
        self.0.values().map(|(_, transitions, _)| transitions.get(from, to)).sum()
    }

    fn seconds(&self, state: State) -> u64 {
        self.0.values().map(|(.., times)| times.get(state)).sum::<std::time::Duration>().as_secs()
    }
}

fn check(recorder: &Recorder, seen: &Seen) {
    let calls = |outcome: &str| recorder.sum("calls_total", &format!("outcome={outcome}"));
    assert_eq!(calls("success"), seen.calls(|calls| calls.successes));
    assert_eq!(calls("failure"), seen.calls(|calls| calls.failures));
    let rejections = |reason: &str| recorder.sum("rejections_total", &format!("reason={reason}"));
    assert_eq!(rejections("open"), seen.calls(|calls| calls.rejected_open));
    assert_eq!(rejections("forced_open"), seen.calls(|calls| calls.rejected_forced_open));
    for from in State::ALL {
        for to in State::ALL {
            let told = recorder.sum("transitions_total", &format!("from={from},to={to}"));
            assert_eq!(told, seen.transitions(from, to), "{from} to {to}");
        }
        // Of the time of each name a fraction of a second is still to be told.
        let (told, all) = (recorder.sum("state_seconds_total", &format!("state={from}")), seen.seconds(from));
        assert!(told <= all && all <= told + 3, "{told} of {all} s {from}");
    }
}

/// Circuits on a page say what they say themselves.
fn check_page(exporter: &Exporter, set: &Set) {
    let page = Page::of(exporter);
    for circuit in set.handles().into_iter().filter(|circuit| circuit.key() != "_other") {
        let count = |outcome: &str| page.circuit("calls_total", circuit.key(), &format!("outcome=\"{outcome}\""));
        if let Some(successes) = count("success") {
            let CallCounts { successes: expected, failures, .. } = circuit.counts();
            let told = [successes, count("failure").unwrap()];
            assert_eq!(told.map(|count| count.to_string()), [expected, failures].map(|count| count.to_string()));
        }
    }
}

fn play(steps: &[Step], clock: Clock) {
    let set = builder(clock).capacity(3).build().unwrap();
    let exporter = Exporter::builder().max_circuits(2).build().unwrap();
    exporter.register("upstreams", &set).unwrap();
    // A recorder is known by its address, so all stay where they are.
    let (mut recorders, mut seen) = (vec![Box::new(Recorder::default())], Seen::default());
    let mut kept: HashMap<usize, Handle<String, Clock>> = HashMap::new();
    let call = |circuit: &Handle<String, Clock>, succeeds| if succeeds { succeed(circuit) } else { fail(circuit) };
    for step in steps {
        let with = |peer: usize, act: &dyn Fn(&Handle<String, Clock>)| set.handle(PEERS[peer]).iter().for_each(act);
        match step {
            Step::AnotherRecorder => recorders.push(Box::default()),
            Step::FirstRecorder => recorders.rotate_left(1),
            _ => {}
        }
        let Some(recorder) = recorders.last_mut() else { continue };
        match *step {
            Step::Call { peer, succeeds } => with(peer, &|circuit| call(circuit, succeeds)),
            Step::CallKept { peer, succeeds } => drop(kept.get(&peer).map(|circuit| call(circuit, succeeds))),
            Step::Keep { peer } => kept.extend(set.get(PEERS[peer]).map(|circuit| (peer, circuit))),
            Step::ForceOpen { peer } => with(peer, &Handle::force_open),
            Step::Close { peer } => with(peer, &Handle::close),
            Step::Remove { peer } => drop(set.remove(PEERS[peer])),
            Step::Wait { seconds } => clock.advance(secs(seconds)),
            Step::Panic { at } => {
                seen.look(&set);
                recorder.sync_until(at, &exporter);
                continue;
            }
            Step::RegisterAgain => {
                exporter.unregister("upstreams");
                exporter.register("upstreams", &set).unwrap();
            }
            Step::AnotherRecorder | Step::FirstRecorder => {}
        }
        seen.look(&set);
        recorder.sync(&exporter);
        check(recorder, &seen);
        check_page(&exporter, &set);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

    #[test]
    fn counters_add_up_whoever_comes_and_goes(steps in prop::collection::vec(steps(), 1..80)) {
        play(&steps, clock());
    }
}
