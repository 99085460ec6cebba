//! Pages: all that is on them, and what is not.
#![allow(clippy::float_cmp, reason = "what is exported is exact")]

mod common;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use common::{Page, Set, builder, clock, fail, secs, succeed, timeless, trip};
use fusebox::policy::{CountWindow, Rates, SlowCountWindow};
use fusebox::{CircuitBreaker, Outcome, Settings, State};
use fusebox_prometheus::{CallDurations, Exporter, Format, Metric, Sample, from_fn};
use fusebox_std::{CircuitBreakerSet, Counts};

/// Two sets: one with three circuits of which one is open, one with a rate, slow calls and observe mode.
fn shop(exporter: &Exporter) -> (Set, impl Sized + use<>) {
    let clock = clock();
    let upstreams = builder(clock).build().unwrap();
    let rates = Rates::failures(50).slow_calls(90).min_calls(4);
    let settings = Settings::builder().count_window(20, rates).slow_call(secs(1)).build().unwrap();
    let shards = CircuitBreakerSet::<u8>::builder().clock(clock, settings).counts(Counts::All).capacity(1);
    let shards: CircuitBreakerSet<u8, _, SlowCountWindow> = shards.build().unwrap();
    // Not in the order of their names.
    exporter.register("upstreams", &upstreams).unwrap();
    exporter.register("shards", &shards).unwrap();

    let inventory = upstreams.handle("inventory").unwrap();
    let prices = upstreams.handle("prices").unwrap();
    let odd = upstreams.handle("a\"b\n\\").unwrap();
    (0..3).for_each(|_| succeed(&prices));
    let _ = prices.run(|()| Outcome::Ignored, || ());
    drop(prices.try_acquire());
    clock.advance(Duration::from_millis(1_500));
    trip(&inventory);
    fail(&inventory);
    odd.force_open();
    succeed(&odd);
    clock.advance(secs(4));

    let seven = shards.handle(&7).unwrap();
    seven.observe();
    for failed in [false, false, true] {
        let outcome = if failed { Outcome::Failure } else { Outcome::Success };
        let _ = seven.run(|()| outcome, || clock.advance(secs(if failed { 2 } else { 0 })));
    }
    fail(&seven);
    fail(&seven);
    assert!(shards.handle(&8).is_err());
    (upstreams, shards)
}

/// With `BLESS=1` it is written instead.
fn compare(page: &str, golden: &str) {
    let path = format!("{}/tests/golden/{golden}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("BLESS").is_some() {
        return std::fs::write(path, page).unwrap();
    }
    let expected = std::fs::read_to_string(path).unwrap();
    for (number, (line, expected)) in page.lines().zip(expected.lines()).enumerate() {
        assert_eq!(line, expected, "line {}", number + 1);
    }
    assert_eq!(page, expected);
}

#[test]
fn both_formats_are_as_they_were_written_down() {
    let exporter = Exporter::new();
    let _sets = shop(&exporter);
    compare(&timeless(&exporter, Format::Prometheus), "prometheus.txt");
    compare(&timeless(&exporter, Format::OpenMetrics), "openmetrics.txt");
    // Nothing depends on how often somebody looked.
    compare(&timeless(&exporter, Format::Prometheus), "prometheus.txt");
}

#[test]
fn all_that_can_be_switched_on_is_as_it_was_written_down() {
    let exporter = Exporter::builder().prefix("shop_").created(true).resilience4j_names(true).build().unwrap();
    let _sets = shop(&exporter);
    let timed = builder(clock()).build().unwrap();
    let durations = CallDurations::with_bounds(&[Duration::from_millis(250), secs(2)]).unwrap();
    exporter.register_timed("timed", &timed, &durations).unwrap();
    let inventory = durations.of(&timed.handle("inventory").unwrap());
    inventory.record(Outcome::Success, secs(1));
    inventory.record(Outcome::Failure, secs(3));
    compare(&timeless(&exporter, Format::OpenMetrics), "everything.txt");
}

#[test]
fn an_exporter_without_circuits_has_no_metrics() {
    let exporter = Exporter::new();
    assert_eq!(exporter.render(), "");
    assert_eq!(exporter.render_as(Format::OpenMetrics), "# EOF\n");
}

/// Takes in nothing.
struct Full;
impl fmt::Write for Full {
    fn write_str(&mut self, _: &str) -> fmt::Result {
        Err(fmt::Error)
    }
}

#[test]
fn whatever_writes_gets_the_same_page() {
    let exporter = Exporter::new();
    let _sets = shop(&exporter);
    let (mut text, mut bytes) = (String::new(), Vec::new());
    exporter.write(Format::OpenMetrics, &mut text).unwrap();
    exporter.write_to(Format::OpenMetrics, &mut bytes).unwrap();
    assert_eq!(text, exporter.render_as(Format::OpenMetrics));
    assert_eq!(text.as_bytes(), bytes);
    assert!(exporter.write(Format::Prometheus, &mut Full).is_err());
}

#[test]
fn what_is_not_asked_for_is_left_out() {
    let exporter = Exporter::builder().only([Metric::State, Metric::Calls, Metric::Rejections]).build().unwrap();
    let _sets = shop(&exporter);
    let page = Page::of(&exporter);
    let full = Exporter::new();
    let _sets = shop(&full);
    let mut expected = Page::of(&full);
    let of_circuits = ["state{", "calls_total{", "rejections_total{"];
    let of_sets = ["capacity{", "circuits{", "circuits_evicted_total{", "refused_peers_total{"];
    expected.0.retain(|series, _| {
        of_circuits.iter().chain(&of_sets).any(|name| series.starts_with(&format!("circuit_breaker_{name}")))
    });
    assert_eq!(page.0, expected.0);
    assert_eq!(page.sum("state"), 4.0);
}

#[test]
fn what_is_not_counted_is_absent_and_all_else_is_there_at_0() {
    for (counts, expected) in
        [(Counts::None, [None; 3]), (Counts::Failures, [None, Some(0.0), Some(0.0)]), (Counts::All, [Some(0.0); 3])]
    {
        let exporter = Exporter::new();
        let set = builder(clock()).counts(counts).build().unwrap();
        exporter.register("upstreams", &set).unwrap();
        set.handle("inventory").unwrap();
        let page = Page::of(&exporter);
        let found = [
            page.circuit("calls_total", "inventory", "outcome=\"success\""),
            page.circuit("calls_total", "inventory", "outcome=\"abandoned\""),
            page.circuit("rejections_total", "inventory", "reason=\"would_reject\""),
        ];
        assert_eq!(found, expected, "{counts:?}");
        for pair in ["closed,open", "open,half_open", "half_open,closed", "half_open,open", "half_open,half_open"] {
            let (from, to) = pair.split_once(',').unwrap();
            let labels = format!("from=\"{from}\",to=\"{to}\"");
            assert_eq!(page.circuit("transitions_total", "inventory", &labels), Some(0.0), "{pair}");
        }
        assert_eq!(page.circuit("state_seconds_total", "inventory", "state=\"disabled\""), Some(0.0));
        assert!(!page.mentions("slow_calls") && !page.mentions("last_transition") && !page.mentions("ratio"));
    }
}

#[test]
fn y10_the_sum_over_states_is_1_through_a_cycle_and_by_hand() {
    let (exporter, clock) = (Exporter::new(), clock());
    let set = builder(clock).build().unwrap();
    exporter.register("upstreams", &set).unwrap();
    let circuit = set.handle("inventory").unwrap();
    let check = |state: State| {
        assert_eq!(circuit.state(), state);
        let page = Page::of(&exporter);
        for other in State::ALL {
            let expected = f64::from(u8::from(other == state));
            let found = page.circuit("state", "inventory", &format!("state=\"{other}\""));
            assert_eq!(found, Some(expected), "{other} while {state}");
        }
    };
    check(State::Closed);
    trip(&circuit);
    check(State::Open);
    clock.advance(secs(10));
    let probe = circuit.try_acquire().unwrap();
    check(State::HalfOpen);
    probe.failure();
    check(State::Open);
    clock.advance(secs(20));
    succeed(&circuit);
    check(State::Closed);
    circuit.force_open();
    check(State::ForcedOpen);
    circuit.disable();
    check(State::Disabled);
    circuit.observe();
    check(State::Observe);
    let page = Page::of(&exporter);
    for (from, to, count) in [("closed", "open", 1.0), ("half_open", "open", 1.0), ("open", "half_open", 2.0)] {
        let labels = format!("from=\"{from}\",to=\"{to}\"");
        assert_eq!(page.circuit("transitions_total", "inventory", &labels), Some(count), "{from} to {to}");
    }
}

#[test]
fn an_opening_between_two_looks_is_seen_by_its_seconds() {
    let (exporter, clock) = (Exporter::new(), clock());
    let set = builder(clock).build().unwrap();
    exporter.register("upstreams", &set).unwrap();
    let circuit = set.handle("inventory").unwrap();
    trip(&circuit);
    clock.advance(Duration::from_millis(10_250));
    succeed(&circuit);
    clock.advance(Duration::from_millis(750));
    let page = Page::of(&exporter);
    assert_eq!(page.circuit("state_seconds_total", "inventory", "state=\"open\""), Some(10.25));
    assert_eq!(page.circuit("state_seconds_total", "inventory", "state=\"closed\""), Some(0.75));
    assert_eq!(page.circuit("open_wait_seconds", "inventory", ""), Some(0.0));
    let last = page.circuit("last_transition_timestamp_seconds", "inventory", "").unwrap();
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs_f64();
    assert!((now - 3_600.0..=now).contains(&last), "{last}");
}

#[test]
fn a_ratio_is_there_once_it_is_judged_and_gone_when_it_is_not() {
    let exporter = Exporter::new();
    let settings = Settings::builder().count_window(10, Rates::failures(80).min_calls(4)).build().unwrap();
    let set = CircuitBreakerSet::<String>::builder().clock(clock(), settings).build().unwrap();
    let set: CircuitBreakerSet<_, _, CountWindow> = set;
    exporter.register("upstreams", &set).unwrap();
    let circuit = set.handle("inventory").unwrap();
    let ratio = || Page::of(&exporter).circuit("window_failure_ratio", "inventory", "");
    (0..3).for_each(|_| succeed(&circuit));
    assert_eq!(ratio(), None);
    fail(&circuit);
    assert_eq!(ratio(), Some(0.25));
    circuit.reset();
    assert_eq!(ratio(), None);
}

#[test]
fn counters_are_the_programs_own_totals_while_two_threads_call() {
    let exporter = Exporter::new();
    let set = CircuitBreakerSet::<String>::builder().counts(Counts::All).build().unwrap();
    exporter.register("upstreams", &set).unwrap();
    let [made, failed, rejected] = [const { AtomicU64::new(0) }; 3];
    let rounds = 20_000;
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let (set, made, failed, rejected) = (&set, &made, &failed, &rejected);
            scope.spawn(move || {
                for round in 0..rounds {
                    let peer = if round % 7 == 0 { "bad" } else { "good" };
                    let fails = peer == "bad" && (round + thread) % 3 != 0;
                    match set.call(peer, || if fails { Err(()) } else { Ok(()) }) {
                        Ok(()) => made.fetch_add(1, Relaxed),
                        Err(fusebox::Error::Inner(())) => failed.fetch_add(1, Relaxed),
                        Err(fusebox::Error::Rejected(_)) => rejected.fetch_add(1, Relaxed),
                    };
                }
            });
        }
        // Somebody looks meanwhile, and never sees a counter go back.
        let mut before = 0.0;
        for _ in 0..50 {
            let page = Page::of(&exporter);
            let sum = page.sum("calls_total") + page.sum("rejections_total");
            assert!(sum >= before && sum <= f64::from(2 * rounds), "{sum} after {before}");
            before = sum;
        }
    });
    let page = Page::of(&exporter);
    let of = |circuit: &str, outcome: &str| {
        page.circuit("calls_total", circuit, &format!("outcome=\"{outcome}\"")).unwrap_or_default()
    };
    let exact = |count: &AtomicU64| u32::try_from(count.load(Relaxed)).map(f64::from).unwrap();
    assert!(rejected.load(Relaxed) > 0);
    assert_eq!(of("good", "success") + of("bad", "success"), exact(&made));
    assert_eq!(of("bad", "failure"), exact(&failed));
    assert_eq!(page.sum("rejections_total"), exact(&rejected));
}

#[test]
fn evicted_circuits_vanish_and_begin_anew() {
    let exporter = Exporter::new();
    let set = builder(clock()).capacity(1).build().unwrap();
    exporter.register("upstreams", &set).unwrap();
    let successes = |circuit: &str| Page::of(&exporter).circuit("calls_total", circuit, "outcome=\"success\"");
    (0..5).for_each(|_| succeed(&set.handle("inventory").unwrap()));
    assert_eq!(successes("inventory"), Some(5.0));
    succeed(&set.handle("prices").unwrap());
    let page = Page::of(&exporter);
    assert!(!page.mentions("inventory"));
    assert_eq!(page.get("circuits_evicted_total", "set=\"upstreams\""), Some(1.0));
    assert_eq!(page.get("circuits", "set=\"upstreams\""), Some(1.0));
    assert_eq!(successes("prices"), Some(1.0));
    succeed(&set.handle("inventory").unwrap());
    assert_eq!((successes("inventory"), successes("prices")), (Some(1.0), None));
    // Also where nobody looked in between.
    (0..3).for_each(|_| succeed(&set.handle("prices").unwrap()));
    (0..2).for_each(|_| succeed(&set.handle("inventory").unwrap()));
    assert_eq!(successes("inventory"), Some(2.0));
}

#[test]
fn a_circuit_that_comes_back_goes_on() {
    let exporter = Exporter::builder().max_circuits(1).build().unwrap();
    let set = builder(clock()).capacity(2).build().unwrap();
    exporter.register("upstreams", &set).unwrap();
    set.handle("a").unwrap().force_open();
    // It is told of with the others, and somebody keeps a handle.
    let circuit = set.handle("b").unwrap();
    (0..5).for_each(|_| succeed(&circuit));
    let others =
        |outcome: &str| Page::of(&exporter).circuit("calls_total", "_other", &format!("outcome=\"{outcome}\""));
    assert_eq!(others("success"), Some(5.0));
    set.handle("c").unwrap();
    assert!(set.get("b").is_none());
    assert_eq!(others("success"), Some(5.0));
    assert!(set.remove("c"));
    fail(&circuit);
    assert!(set.get("b").is_some(), "it failed, so it came back");
    assert_eq!((others("success"), others("failure")), (Some(5.0), Some(1.0)));
}

#[test]
fn a_dropped_set_is_not_kept_and_its_name_is_free() {
    let exporter = Exporter::new();
    let set = builder(clock()).build().unwrap();
    exporter.register("upstreams", &set).unwrap();
    trip(&set.handle("inventory").unwrap());
    let error = exporter.register("upstreams", &builder(clock()).build().unwrap()).unwrap_err();
    assert_eq!(error.name(), "upstreams");
    let said = "a set is exported as \"upstreams\" already; choose another name, or unregister that one";
    assert_eq!(error.to_string(), said);
    assert!(Page::of(&exporter).mentions("inventory"));
    let weak = set.downgrade();
    drop(set);
    assert!(weak.upgrade().is_none());
    assert_eq!(exporter.render(), "");
    let another = builder(clock()).build().unwrap();
    exporter.register("upstreams", &another).unwrap();
    another.handle("inventory").unwrap();
    let labels = "from=\"closed\",to=\"open\"";
    assert_eq!(Page::of(&exporter).circuit("transitions_total", "inventory", labels), Some(0.0));
    assert!(exporter.unregister("upstreams") && !exporter.unregister("upstreams") && !exporter.unregister("other"));
    assert_eq!(exporter.render(), "");
}

#[test]
fn a_name_is_free_once_its_set_is_dropped_also_where_nobody_looked() {
    let exporter = Exporter::new();
    let set = builder(clock()).build().unwrap();
    exporter.register("upstreams", &set).unwrap();
    drop(set);
    exporter.register("upstreams", &builder(clock()).build().unwrap()).unwrap();
}

#[test]
fn beyond_the_most_circuits_are_told_of_in_one() {
    let (exporter, clock) = (Exporter::builder().max_circuits(2).build().unwrap(), clock());
    let set = builder(clock).capacity(4).build().unwrap();
    exporter.register("upstreams", &set).unwrap();
    for peer in ["d", "c", "b", "a"] {
        succeed(&set.handle(peer).unwrap());
    }
    let others = |page: &Page, name: &str, labels: &str| page.circuit(name, "_other", labels);
    let page = Page::of(&exporter);
    assert!(page.mentions("circuit=\"a\"") && page.mentions("circuit=\"b\""));
    assert!(!page.mentions("circuit=\"c\"") && !page.mentions("circuit=\"d\""));
    assert_eq!(others(&page, "calls_total", "outcome=\"success\""), Some(2.0));
    assert_eq!(others(&page, "state", "state=\"closed\""), Some(1.0));
    assert_eq!(page.get("circuits", "set=\"upstreams\""), Some(4.0));

    // The state that asks for most attention, and the longest wait.
    clock.advance(secs(5));
    set.handle("c").unwrap().disable();
    trip(&set.handle("d").unwrap());
    clock.advance(secs(4));
    let page = Page::of(&exporter);
    let states: f64 = State::ALL.iter().filter_map(|it| others(&page, "state", &format!("state=\"{it}\""))).sum();
    assert_eq!((others(&page, "state", "state=\"open\""), states), (Some(1.0), 1.0));
    assert_eq!(others(&page, "open_wait_seconds", ""), Some(6.0));
    assert_eq!(others(&page, "state_seconds_total", "state=\"closed\""), Some(10.0));
    assert_eq!(others(&page, "state_seconds_total", "state=\"open\""), Some(4.0));
    assert_eq!(others(&page, "window_failure_ratio", ""), None);

    // What they counted stays when they go, and a place that is free goes to the next.
    assert!(set.remove("d") && set.remove("c") && set.remove("a"));
    succeed(&set.handle("e").unwrap());
    let page = Page::of(&exporter);
    assert!(page.mentions("circuit=\"e\"") && !page.mentions("circuit=\"a\""));
    assert_eq!(others(&page, "calls_total", "outcome=\"success\""), Some(2.0));
    assert_eq!(others(&page, "calls_total", "outcome=\"failure\""), Some(4.0));
    assert_eq!(others(&page, "state", "state=\"closed\""), Some(0.0));
}

#[test]
fn times_in_states_stay_where_a_clock_is_set_back() {
    let (exporter, clock) = (Exporter::new(), clock());
    let set = builder(clock).build().unwrap();
    exporter.register("upstreams", &set).unwrap();
    set.handle("inventory").unwrap();
    let closed = || Page::of(&exporter).circuit("state_seconds_total", "inventory", "state=\"closed\"");
    clock.advance(secs(5));
    assert_eq!(closed(), Some(5.0));
    clock.set(fusebox::Instant::from_ticks(1_000));
    assert_eq!(closed(), Some(5.0));
    clock.advance(secs(6));
    assert_eq!(closed(), Some(7.0));
}

/// Peers that are displayed like others are.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Alike(u8);

impl fmt::Display for Alike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0 == 9 { "_other" } else { "twin" })
    }
}

#[test]
fn peers_that_are_displayed_alike_have_no_series_twice() {
    let exporter = Exporter::new();
    let set = CircuitBreakerSet::<Alike>::builder().counts(Counts::All).build().unwrap();
    exporter.register("upstreams", &set).unwrap();
    for peer in [1, 2, 9] {
        let circuit = set.handle(&Alike(peer)).unwrap();
        (0..10).for_each(|_| succeed(&circuit));
    }
    for _ in 0..3 {
        let page = Page::of(&exporter);
        assert_eq!(page.circuit("calls_total", "twin", "outcome=\"success\""), Some(10.0));
        assert_eq!(page.circuit("calls_total", "_other", "outcome=\"success\""), Some(20.0));
    }
}

#[test]
fn a_panic_in_a_source_loses_no_count() {
    let exporter = Exporter::builder().max_circuits(0).build().unwrap();
    let flag = Arc::new(AtomicU64::new(0));
    let (shared, in_source) = (Arc::new(AtomicU64::new(0)), Arc::clone(&flag));
    let count = Arc::clone(&shared);
    let source = from_fn(move |circuits| {
        let mut counts = fusebox_std::CallCounts::default();
        counts.failures = count.load(Relaxed);
        circuits.add("inventory", Sample::new(State::Closed).counts(counts, Counts::Failures));
        assert_eq!(in_source.load(Relaxed), 0, "not now");
    });
    exporter.register_source("upstreams", source).unwrap();
    let failures = || Page::of(&exporter).circuit("calls_total", "_other", "outcome=\"failure\"");
    shared.store(2, Relaxed);
    assert_eq!(failures(), Some(2.0));
    flag.store(1, Relaxed);
    shared.store(5, Relaxed);
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(failures)).is_err());
    flag.store(0, Relaxed);
    shared.store(6, Relaxed);
    assert_eq!(failures(), Some(6.0));
}

/// A source of one's own may say any number, and a panic while somebody looks would take all metrics away.
#[test]
fn counts_stop_at_the_largest_number() {
    let exporter = Exporter::builder().max_circuits(0).resilience4j_names(true).build().unwrap();
    let source = from_fn(|circuits| {
        let mut counts = fusebox_std::CallCounts::default();
        (counts.failures, counts.rejected_open, counts.rejected_half_open) = (u64::MAX, u64::MAX, 1);
        for name in ["inventory", "prices"] {
            circuits.add(name, Sample::new(State::Closed).counts(counts, Counts::Failures));
        }
    });
    exporter.register_source("upstreams", source).unwrap();
    let page = exporter.render();
    for series in [
        r#"circuit_breaker_calls_total{set="upstreams",circuit="_other",outcome="failure"}"#,
        r#"resilience4j_circuitbreaker_not_permitted_calls_total{set="upstreams",name="_other",kind="not_permitted"}"#,
    ] {
        assert!(page.contains(&format!("{series} {}\n", u64::MAX)), "{page}");
    }
}

#[test]
fn breakers_of_the_core_are_exported_as_far_as_they_know() {
    static CLOCK: fusebox::clock::ManualClock<1_000> = fusebox::clock::ManualClock::new();
    static RADIO: CircuitBreaker<&fusebox::clock::ManualClock<1_000>> = CircuitBreaker::new(&CLOCK);
    let exporter = Exporter::new();
    exporter.register_source("upstreams", from_fn(|circuits| circuits.add("radio", Sample::of(RADIO.peer())))).unwrap();
    RADIO.open();
    CLOCK.advance(secs(4));
    let page = Page::of(&exporter);
    assert_eq!(page.circuit("state", "radio", "state=\"open\""), Some(1.0));
    assert_eq!(page.circuit("open_wait_seconds", "radio", ""), Some(6.0));
    assert_eq!(page.get("circuits", "set=\"upstreams\""), Some(1.0));
    assert!(!page.mentions("capacity"), "a breaker has none");
    // Nobody counted those.
    for absent in ["calls_total", "rejections_total", "transitions_total", "state_seconds_total", "evicted", "refused"]
    {
        assert!(!page.mentions(absent), "{absent}");
    }
}

#[test]
fn how_much_room_a_set_has_is_told_if_it_is_known() {
    let exporter = Exporter::new();
    let set = builder(clock()).capacity(3).build().unwrap();
    exporter.register("upstreams", &set).unwrap();
    exporter.register_source("links", from_fn(|circuits| circuits.capacity(32))).unwrap();
    exporter.register_source("radio", from_fn(|_| ())).unwrap();
    for peer in ["a", "b", "c", "d"] {
        let _ = set.handle(peer).map(|circuit| circuit.open());
        let page = Page::of(&exporter);
        let of = |set: &str| page.get("capacity", &format!("set=\"{set}\""));
        assert_eq!([of("upstreams"), of("links"), of("radio")], [Some(3.0), Some(32.0), None]);
    }
    let page = Page::of(&exporter);
    let of = |metric: &str| page.get(metric, "set=\"upstreams\"");
    assert_eq!([of("circuits"), of("refused_peers_total")], [Some(3.0), Some(1.0)]);
}

#[test]
fn prefixes_that_no_metric_can_have_are_refused() {
    for prefix in ["9_", "a-b", "ä", "a b", "a\n"] {
        let error = Exporter::builder().prefix(prefix).build().unwrap_err();
        assert_eq!(error.prefix(), prefix);
    }
    let theirs = Exporter::builder().prefix("resilience4j_circuitbreaker_");
    assert!(theirs.clone().build().is_ok() && theirs.resilience4j_names(true).build().is_err());
    // `calls` is then a counter of ours and a gauge of theirs, or one of both.
    for prefix in ["resilience4j_circuitbreaker_buffered_", "resilience4j_circuitbreaker_not_permitted_"] {
        assert!(Exporter::builder().prefix(prefix).resilience4j_names(true).build().is_err(), "{prefix}");
    }
    assert!(Exporter::builder().prefix("").build().is_ok());
}
