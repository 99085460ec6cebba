//! What a recorder of the `metrics` facade is told.
#![cfg(feature = "metrics")]
#![allow(clippy::float_cmp, reason = "what is exported is exact")]

mod common;

use common::recorder::Recorder;
use common::{builder, clock, fail, secs, succeed, trip};
use fusebox::State;
use fusebox::policy::{CountWindow, Rates};
use fusebox_prometheus::{CallDurations, Exporter};
use fusebox_std::CircuitBreakerSet;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};

#[test]
fn y10_all_series_are_there_from_the_start_and_the_sum_over_states_is_1() {
    let (mut recorder, exporter, clock) = (Recorder::default(), Exporter::new(), clock());
    let set = builder(clock).build().unwrap();
    exporter.register("upstreams", &set).unwrap();
    let circuit = set.handle("inventory").unwrap();
    recorder.sync(&exporter);
    for (metric, labels) in [
        ("calls_total", "outcome=success"),
        ("calls_total", "outcome=abandoned"),
        ("rejections_total", "reason=open"),
        ("transitions_total", "from=closed,to=open"),
        ("transitions_total", "from=half_open,to=closed"),
        ("state_seconds_total", "state=open"),
    ] {
        assert_eq!(recorder.counter(metric, "inventory", labels), Some(0), "{metric} {labels}");
    }
    for state in State::ALL {
        match state {
            State::Closed => circuit.close(),
            State::Open => circuit.open(),
            State::HalfOpen => assert!(circuit.half_open()),
            State::ForcedOpen => circuit.force_open(),
            State::Disabled => circuit.disable(),
            State::Observe => circuit.observe(),
        }
        let found = recorder.sync(&exporter).states("inventory");
        assert_eq!(found, State::ALL.map(|other| f64::from(u8::from(other == state))), "{state}");
    }
}

#[test]
fn counters_are_told_what_came_and_gauges_what_is() {
    let (mut recorder, exporter, clock) = (Recorder::default(), Exporter::new(), clock());
    let set = builder(clock).build().unwrap();
    exporter.register("upstreams", &set).unwrap();
    let circuit = set.handle("inventory").unwrap();
    (0..3).for_each(|_| succeed(&circuit));
    trip(&circuit);
    fail(&circuit);
    recorder.sync(&exporter);
    let calls = Recorder::name("calls_total", "inventory", "outcome=success");
    assert_eq!(recorder.came[&calls], 3);
    assert_eq!(recorder.counter("calls_total", "inventory", "outcome=failure"), Some(4));
    assert_eq!(recorder.counter("rejections_total", "inventory", "reason=open"), Some(1));
    assert_eq!(recorder.counter("transitions_total", "inventory", "from=closed,to=open"), Some(1));
    assert_eq!(recorder.gauge("open_wait_seconds", "inventory", ""), Some(10.0));
    clock.advance(secs(9));
    recorder.sync(&exporter);
    assert_eq!(recorder.came[&calls], 0, "nothing came");
    assert_eq!(recorder.gauge("open_wait_seconds", "inventory", ""), Some(1.0));
    clock.advance(secs(1));
    succeed(&circuit);
    recorder.sync(&exporter);
    assert_eq!((recorder.came[&calls], recorder.counters[&calls]), (1, 4));
    assert_eq!(recorder.gauges["circuit_breaker_circuits set=upstreams"], 1.0);
    assert_eq!(recorder.gauges["circuit_breaker_capacity set=upstreams"], 10_000.0);
}

/// As recorders do that pass on what they are told: the debugging recorder forgets a gauge with every snapshot.
#[test]
fn a_recorder_that_keeps_nothing_is_told_of_every_gauge_each_time() {
    let (recorder, exporter, clock) = (DebuggingRecorder::new(), Exporter::new(), clock());
    let set = builder(clock).build().unwrap();
    exporter.register("upstreams", &set).unwrap();
    let circuit = set.handle("inventory").unwrap();
    let told = || {
        metrics::with_local_recorder(&recorder, || exporter.sync());
        let snapshot = recorder.snapshotter().snapshot().into_vec();
        let states = snapshot.into_iter().filter(|(key, ..)| key.key().name() == "circuit_breaker_state");
        states.map(|(.., value)| u32::from(value == DebugValue::Gauge(1.0.into()))).sum::<u32>()
    };
    assert_eq!([told(), told(), told()], [1; 3]);
    circuit.open();
    assert_eq!([told(), told()], [1; 2]);
}

#[test]
fn fractions_of_seconds_are_not_lost() {
    let (mut recorder, exporter, clock) = (Recorder::default(), Exporter::new(), clock());
    let set = builder(clock).build().unwrap();
    exporter.register("upstreams", &set).unwrap();
    set.handle("inventory").unwrap();
    for third in 1..=100_u32 {
        clock.advance(std::time::Duration::from_millis(300));
        let told = recorder.sync(&exporter).counter("state_seconds_total", "inventory", "state=closed");
        assert_eq!(told, Some(u64::from(third * 3 / 10)));
    }
}

#[test]
fn a_ratio_that_is_not_known_any_more_is_not_a_number() {
    let (mut recorder, exporter) = (Recorder::default(), Exporter::new());
    let settings = fusebox::Settings::builder().count_window(10, Rates::failures(80).min_calls(2)).build().unwrap();
    let set = CircuitBreakerSet::<String>::builder().clock(clock(), settings).build().unwrap();
    let set: CircuitBreakerSet<_, _, CountWindow> = set;
    exporter.register("upstreams", &set).unwrap();
    let circuit = set.handle("inventory").unwrap();
    assert_eq!(recorder.sync(&exporter).gauge("window_failure_ratio", "inventory", ""), None);
    succeed(&circuit);
    fail(&circuit);
    assert_eq!(recorder.sync(&exporter).gauge("window_failure_ratio", "inventory", ""), Some(0.5));
    circuit.reset();
    assert!(recorder.sync(&exporter).gauge("window_failure_ratio", "inventory", "").unwrap().is_nan());
}

#[test]
fn counters_go_on_where_a_circuit_is_made_anew() {
    let (mut recorder, exporter) = (Recorder::default(), Exporter::new());
    let set = builder(clock()).capacity(1).build().unwrap();
    exporter.register("upstreams", &set).unwrap();
    let failures = |recorder: &Recorder| recorder.counter("calls_total", "inventory", "outcome=failure");
    set.handle("inventory").unwrap();
    (0..3).for_each(|_| fail(&set.handle("inventory").unwrap()));
    assert_eq!(failures(recorder.sync(&exporter)), Some(3));

    // Made anew between two looks.
    set.remove("inventory");
    fail(&set.handle("inventory").unwrap());
    assert_eq!(failures(recorder.sync(&exporter)), Some(4));
    // Gone at a look, and there at the next.
    trip(&set.handle("inventory").unwrap());
    set.remove("inventory");
    set.handle("prices").unwrap();
    recorder.sync(&exporter);
    assert_eq!(recorder.states("inventory"), [0.0; 6]);
    assert_eq!(recorder.states("prices"), [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    set.remove("prices");
    fail(&set.handle("inventory").unwrap());
    let told = failures(recorder.sync(&exporter));
    assert_eq!(told, Some(5), "what failed after the last look at the one before is lost with it");
    assert_eq!(recorder.states("inventory"), [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(recorder.states("prices"), [0.0; 6]);
}

#[test]
fn a_circuit_that_comes_back_is_not_counted_twice() {
    let (mut recorder, exporter) = (Recorder::default(), Exporter::new());
    let set = builder(clock()).capacity(1).build().unwrap();
    exporter.register("upstreams", &set).unwrap();
    let circuit = set.handle("inventory").unwrap();
    (0..5).for_each(|_| succeed(&circuit));
    recorder.sync(&exporter);
    set.handle("prices").unwrap();
    recorder.sync(&exporter);
    fail(&circuit);
    assert!(set.get("inventory").is_some(), "it failed, so it came back");
    recorder.sync(&exporter);
    assert_eq!(recorder.counter("calls_total", "inventory", "outcome=success"), Some(5));
    assert_eq!(recorder.counter("calls_total", "inventory", "outcome=failure"), Some(1));
}

#[test]
fn names_are_told_for_good_so_there_is_an_end_to_them() {
    let (mut recorder, exporter) = (Recorder::default(), Exporter::builder().max_circuits(2).build().unwrap());
    let set = builder(clock()).capacity(1).build().unwrap();
    exporter.register("upstreams", &set).unwrap();
    for peer in ["a", "b", "c", "d", "a", "d"] {
        succeed(&set.handle(peer).unwrap());
        recorder.sync(&exporter);
    }
    let successes = |circuit: &str| recorder.counter("calls_total", circuit, "outcome=success");
    assert_eq!(["a", "b", "c", "d", "_other"].map(successes), [Some(2), Some(1), None, None, Some(3)]);
    assert_eq!(recorder.states("_other"), [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(recorder.counters["circuit_breaker_circuits_evicted_total set=upstreams"], 5);
}

#[test]
fn of_a_set_that_is_gone_the_counters_stay_and_the_states_do_not() {
    let (mut recorder, exporter) = (Recorder::default(), Exporter::new());
    let set = builder(clock()).build().unwrap();
    exporter.register("upstreams", &set).unwrap();
    trip(&set.handle("inventory").unwrap());
    recorder.sync(&exporter);
    let weak = set.downgrade();
    drop(set);
    assert!(weak.upgrade().is_none());
    recorder.sync(&exporter);
    assert_eq!(recorder.states("inventory"), [0.0; 6]);
    assert_eq!(recorder.gauge("open_wait_seconds", "inventory", ""), Some(0.0));
    for gauge in ["circuits", "capacity"] {
        assert_eq!(recorder.gauges[&format!("circuit_breaker_{gauge} set=upstreams")], 0.0, "{gauge}");
    }
    assert_eq!(recorder.counter("calls_total", "inventory", "outcome=failure"), Some(4));
    let another = builder(clock()).build().unwrap();
    exporter.register("upstreams", &another).unwrap();
    fail(&another.handle("inventory").unwrap());
    recorder.sync(&exporter);
    assert_eq!(recorder.counter("calls_total", "inventory", "outcome=failure"), Some(5));
    assert_eq!(recorder.states("inventory"), [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
}

#[test]
fn a_recorder_that_comes_later_is_told_everything() {
    let (mut recorder, exporter) = (Recorder::default(), Exporter::new());
    let set = builder(clock()).build().unwrap();
    exporter.register("upstreams", &set).unwrap();
    trip(&set.handle("inventory").unwrap());
    // Nobody listens yet.
    exporter.sync();
    fail(&set.handle("inventory").unwrap());
    exporter.sync();
    recorder.sync(&exporter);
    assert_eq!(recorder.counter("calls_total", "inventory", "outcome=failure"), Some(4));
    assert_eq!(recorder.counter("rejections_total", "inventory", "reason=open"), Some(1));
    assert_eq!(recorder.counter("transitions_total", "inventory", "from=closed,to=open"), Some(1));
}

#[test]
fn pages_and_recorders_take_nothing_from_each_other() {
    let (mut recorder, exporter) = (Recorder::default(), Exporter::builder().max_circuits(1).build().unwrap());
    let set = builder(clock()).build().unwrap();
    exporter.register("upstreams", &set).unwrap();
    for round in 1..=3 {
        for peer in ["a", "b"] {
            succeed(&set.handle(peer).unwrap());
        }
        let page = common::Page::of(&exporter);
        recorder.sync(&exporter);
        for circuit in ["a", "_other"] {
            assert_eq!(recorder.counter("calls_total", circuit, "outcome=success"), Some(round), "{circuit}");
            let on_page = page.circuit("calls_total", circuit, "outcome=\"success\"").unwrap();
            assert_eq!(on_page.to_string(), round.to_string(), "{circuit}");
        }
    }
}

#[test]
fn counters_are_the_programs_own_totals_while_two_threads_call() {
    let (mut recorder, exporter) = (Recorder::default(), Exporter::new());
    let set = builder(clock()).build().unwrap();
    exporter.register("upstreams", &set).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for round in 0..30_000 {
                    let _ = set.call(if round % 2 == 0 { "a" } else { "b" }, || Ok::<_, ()>(()));
                }
            });
        }
        for _ in 0..50 {
            recorder.sync(&exporter);
        }
    });
    recorder.sync(&exporter);
    for circuit in ["a", "b"] {
        assert_eq!(recorder.counter("calls_total", circuit, "outcome=success"), Some(30_000), "{circuit}");
    }
}

#[test]
fn callers_tell_the_recorder_how_long_they_took() {
    let (mut recorder, exporter, clock) = (Recorder::default(), Exporter::new(), clock());
    let set = builder(clock).build().unwrap();
    let durations = CallDurations::new();
    exporter.register_timed("upstreams", &set, &durations).unwrap();
    let timed = durations.of(&set.handle("inventory").unwrap());
    recorder.sync(&exporter);
    let _ = timed.run(|()| fusebox::Outcome::Success, || clock.advance(secs(3)));
    let _ = timed.run(|()| fusebox::Outcome::Failure, || clock.advance(secs(1)));
    recorder.sync(&exporter);
    let of = |outcome: &str| &recorder.histograms[&Recorder::name("call_duration_seconds", "inventory", outcome)];
    assert_eq!((of("outcome=success"), of("outcome=failure")), (&vec![3.0], &vec![1.0]));
    assert!(of("outcome=abandoned").is_empty());
}

#[test]
fn a_peer_by_any_name_can_be_read_back_from_a_recorder() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let exporter = Exporter::new();
    let set = builder(clock()).build().unwrap();
    exporter.register("a\"b\n\\", &set).unwrap();
    succeed(&set.handle("a\"b\n\\").unwrap());
    metrics::with_local_recorder(&recorder, || exporter.sync());
    let page = recorder.handle().render();
    let line = r#"circuit_breaker_calls_total{set="a\"b\n\\",circuit="a\"b\n\\",outcome="success"} 1"#;
    assert!(page.lines().any(|found| found == line), "{page}");
    // The direct way out says the same.
    assert!(exporter.render().lines().any(|found| found == line));
}

#[test]
fn resilience4js_names_are_told_too_on_request() {
    let (mut recorder, exporter) = (Recorder::default(), Exporter::builder().resilience4j_names(true).build().unwrap());
    let set = builder(clock()).build().unwrap();
    exporter.register("upstreams", &set).unwrap();
    trip(&set.handle("inventory").unwrap());
    recorder.sync(&exporter);
    let who = "set=upstreams,name=inventory";
    for (name, value) in [("calls_seconds_count", 4), ("not_permitted_calls_total", 0)] {
        let kind = if value == 4 { "failed" } else { "not_permitted" };
        assert_eq!(recorder.counters[&format!("resilience4j_circuitbreaker_{name} {who},kind={kind}")], value);
    }
    assert_eq!(recorder.gauges[&format!("resilience4j_circuitbreaker_state {who},state=open")], 1.0);
    assert_eq!(recorder.gauges[&format!("resilience4j_circuitbreaker_failure_rate {who}")], -1.0);
}

/// `metrics-exporter-prometheus` keeps gauges as they were last told, which the debugging recorder does not.
#[test]
fn y10_what_is_gone_is_in_no_state_any_more() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let (exporter, clock) = (Exporter::builder().resilience4j_names(true).build().unwrap(), clock());
    let set = builder(clock).build().unwrap();
    exporter.register("upstreams", &set).unwrap();
    let page = || {
        metrics::with_local_recorder(&recorder, || exporter.sync());
        common::Page::read(&recorder.handle().render())
    };
    let states = |circuit: &str| {
        let page = page();
        State::ALL.map(|state| page.circuit("state", circuit, &format!("state=\"{state}\"")).unwrap())
    };
    let open = [0.0, 1.0, 0.0, 0.0, 0.0, 0.0];
    trip(&set.handle("inventory").unwrap());
    assert_eq!(states("inventory"), open);
    clock.advance(secs(10));
    succeed(&set.handle("inventory").unwrap());
    assert_eq!(states("inventory"), [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    trip(&set.handle("inventory").unwrap());
    assert_eq!(states("inventory"), open);
    set.remove("inventory");
    assert_eq!(states("inventory"), [0.0; 6]);
    assert_eq!(page().circuit("open_wait_seconds", "inventory", ""), Some(0.0));
    trip(&set.handle("inventory").unwrap());
    assert_eq!(states("inventory"), open);
    drop(set);
    assert_eq!(states("inventory"), [0.0; 6]);
    let page = page();
    assert_eq!(page.get("circuits", "set=\"upstreams\""), Some(0.0));
    assert_eq!(page.circuit("calls_total", "inventory", "outcome=\"failure\""), Some(12.0));
    let theirs = "resilience4j_circuitbreaker_state{set=\"upstreams\",name=\"inventory\",state=\"open\"}";
    assert_eq!(page.0.get(theirs), Some(&0.0));
}
