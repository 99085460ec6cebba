//! The `replay` command on recorded traces.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::program::{Run, fusebox, fusebox_on, shared};

const KEYS: [&str; 8] =
    ["calls", "permitted", "rejected", "failures", "failures_avoided", "successes_missed", "trips", "peers"];

fn replay(trace: &str, args: &[&str]) -> Run {
    fusebox_on("replay", "t.csv", trace.as_bytes(), args)
}

/// The counts, in the order of `KEYS`.
fn counts(json: &str) -> [u64; 8] {
    assert_eq!(json.lines().count(), 1, "one object on one line: {json}");
    let object: Value = serde_json::from_str(json).unwrap();
    assert_eq!(object.as_object().map(serde_json::Map::len), Some(KEYS.len()), "{json}");
    KEYS.map(|key| object[key].as_u64().unwrap_or_else(|| panic!("{key} in {json}")))
}

fn counted(trace: &str, args: &[&str]) -> [u64; 8] {
    counts(&replay(trace, &[&["--json"], args].concat()).success())
}

/// One packet a second to one peer: `o` arrives, `x` is lost.
fn seconds(outcomes: &str) -> String {
    from(0, outcomes)
}

fn from(start_ms: u64, outcomes: &str) -> String {
    let mut trace = "time_ms,peer,outcome\n".to_owned();
    for (second, outcome) in (0..).zip(outcomes.chars()) {
        let outcome = if outcome == 'o' { "ok" } else { "fail" };
        writeln!(trace, "{},a,{outcome}", start_ms + second * 1000).unwrap();
    }
    trace
}

#[test]
fn recorded_links_come_out_as_python_circuit_says() {
    let Some(trace) = shared("traces/orbit-noise-24-links.csv") else { return };
    let trace = trace.to_str().unwrap();
    let json = fusebox(&["replay", trace, "--json"]).success();
    assert_eq!(counts(&json), [36_000, 20_655, 15_345, 277, 13_559, 1_786, 39, 24]);
}

#[test]
fn each_row_asks_its_peer_and_is_settled_at_once() {
    // Four failures open at 3 s; of the ten suppressed packets one would have arrived; the probe at 13 s
    // is lost, the one at 23 s arrives.
    let trace = seconds("xxxxxxxxoxxxxxxxxxxxxxxooo");
    assert_eq!(counted(&trace, &[]), [26, 8, 18, 5, 17, 1, 1, 1]);
}

#[test]
fn every_flag_does_what_it_says() {
    let long = "x".repeat(100);
    for (args, expected) in [
        ("--max-failures 0", [100, 10, 90]),
        ("--max-failures 9", [100, 19, 81]),
        ("--max-failures 40", [100, 46, 54]),
        ("--max-failures 100", [100, 100, 0]),
        ("--window 3s", [100, 100, 0]),
        ("--window 3001ms", [100, 13, 87]),
        ("--reset-timeout 0s", [100, 100, 0]),
        ("--reset-timeout 1m", [100, 5, 95]),
        ("--reset-timeout 10s --backoff-cap 20s", [100, 9, 91]),
        ("--trip consecutive", [100, 14, 86]),
        ("--trip consecutive --failures 50", [100, 55, 45]),
        ("--trip count-window", [100, 19, 81]),
        ("--trip count-window --calls 5", [100, 14, 86]),
        ("--trip count-window --calls 200 --min-calls 90", [100, 91, 9]),
        ("--trip count-window --calls 8000 --min-calls 99", [100, 99, 1]),
        ("--trip time-window", [100, 19, 81]),
        ("--trip time-window --buckets 9", [100, 100, 0]),
        ("--trip time-window --buckets 100 --min-calls 95", [100, 95, 5]),
        ("--trip time-window --buckets 5 --bucket 2s", [100, 19, 81]),
        ("--probes 15", [100, 13, 87]),
    ] {
        let args: Vec<_> = args.split(' ').collect();
        assert_eq!(counted(&seconds(&long), &args)[..3], expected, "{args:?}");
    }
    // Of any ten packets eight are lost; each probe, every twentieth packet, arrives.
    let mixed = seconds(&"xxxxo".repeat(20));
    let with_rate = |rate| counted(&mixed, &["--trip", "count-window", "--calls", "10", "--failure-rate", rate]);
    assert_eq!(with_rate("81")[..3], [100, 100, 0]);
    assert_eq!(with_rate("80")[..3], [100, 55, 45]);
}

#[test]
fn the_failures_before_a_recovery_are_forgotten_or_kept() {
    let trace = seconds("xxxxoooooooooooooxoooo");
    assert_eq!(counted(&trace, &[])[6], 1);
    assert_eq!(counted(&trace, &["--keep-history"])[6], 2);
}

#[test]
fn a_trace_may_be_empty() {
    assert_eq!(counted("time_ms,peer,outcome\n", &[]), [0; 8]);
    assert!(replay("time_ms,peer,outcome", &["--plot", "p.svg"]).success().contains("0 links"));
}

#[test]
fn any_number_of_peers_keeps_its_circuits() {
    // All trip in the first four rounds; were one evicted, it would be closed again.
    let mut trace = "time_ms,peer,outcome\n".to_owned();
    for round in 0..6 {
        for peer in 0..3_000 {
            writeln!(trace, "{round},peer {peer},fail").unwrap();
        }
    }
    for args in [&[][..], &["--trip", "consecutive", "--failures", "4"]] {
        assert_eq!(counted(&trace, args), [18_000, 12_000, 6_000, 12_000, 6_000, 0, 3_000, 3_000]);
    }
}

#[test]
fn times_may_be_anything_that_64_bits_hold() {
    let outcomes = "xxxxxxxxoxxxxxxxxxxxxxxooo";
    for start_ms in [1, 4_294_960_000, 4_294_967_295, 1_753_000_000_123, u64::MAX - 100_000] {
        assert_eq!(counted(&from(start_ms, outcomes), &[]), [26, 8, 18, 5, 17, 1, 1, 1], "from {start_ms}");
        assert!(replay(&from(start_ms, outcomes), &["--plot", "p.svg"]).success().contains("26"));
    }
}

#[test]
fn a_clock_that_wraps_changes_nothing() {
    let tail = |start_ms| from(start_ms, "xxxxxxxxoxxxxxxxxxxxxxxooo").split_off("time_ms,peer,outcome\n".len());
    let plain = |start_ms| format!("time_ms,peer,outcome\n0,b,ok\n{}", tail(start_ms));
    let expected = counted(&plain(60_000), &[]);
    assert_eq!(expected, [27, 9, 18, 5, 17, 1, 1, 2]);
    for second in 0..26 {
        assert_eq!(counted(&plain((1 << 32) - second * 1000 - 1), &[]), expected, "wraps at {second} s");
    }
}

#[test]
fn line_ends_and_quotes_do_not_matter() {
    let trace = "time_ms,peer,outcome\n0,\"a,b\",fail\n1,\"a,b\",fail\n2,\"a,b\",ok\n3,c,ok\n";
    assert_eq!(counted(trace, &[]), [4, 4, 0, 2, 0, 0, 0, 2]);
    assert_eq!(counted(&trace.replace('\n', "\r\n"), &[]), [4, 4, 0, 2, 0, 0, 0, 2]);
}

#[test]
fn events_come_one_a_line_and_the_counts_last() {
    let trace = seconds("xxxxoooooooooooo");
    let events = [
        json!({"time_ms": 3000, "peer": "a", "from": "closed", "to": "open", "cause": "tripped",
            "wait_ms": 10_000, "rule": "max_failures", "calls": 4, "failures": 4}),
        json!({"time_ms": 13_000, "peer": "a", "from": "open", "to": "half_open", "cause": "wait_over"}),
        json!({"time_ms": 13_000, "peer": "a", "from": "half_open", "to": "closed", "cause": "probes_succeeded"}),
    ];
    let lines = |out: &str| -> Vec<Value> { out.lines().map(|line| serde_json::from_str(line).unwrap()).collect() };

    let both = replay(&trace, &["--events", "--json"]).success();
    assert_eq!(lines(&both)[..3], events);
    assert_eq!(counts(both.lines().last().unwrap())[6], 1);
    assert_eq!(both.lines().count(), 4);

    let alone = replay(&trace, &["--events"]);
    assert!(alone.err.contains("suppressed"), "people read the summary elsewhere: {}", alone.err);
    assert_eq!(lines(&alone.success()), events);
}

#[test]
fn people_get_a_summary() {
    let out = replay(&seconds("xxxxoooooooooooo"), &[]).success();
    for part in ["t.csv", "packets", "suppressed", "trips"] {
        assert!(out.contains(part), "{out}");
    }
}

#[test]
fn a_plot_shows_links_bands_and_losses() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.svg");
    replay(&seconds("xxxxoooooooooooo"), &["--json", "--plot", file.to_str().unwrap()]).success();
    let svg = std::fs::read_to_string(&file).unwrap();
    for part in
        ["<svg", "closed", "open", "half-open", "packet lost", "seconds", "#CDE8D0", "#F2B18B", "#1F5FBF", "#8A0F1C"]
    {
        assert!(svg.contains(part), "no {part} in {svg}");
    }
    let nowhere = folder.path().join("no such folder/p.svg");
    let error = replay(&seconds("x"), &["--plot", nowhere.to_str().unwrap()]).refusal();
    assert!(error.contains("no such folder"), "{error}");
}

#[test]
fn a_bad_row_is_refused_with_file_line_and_reason() {
    for (rows, line, reason) in [
        ("0,a\n", 2, "three columns"),
        ("0,a,ok,1\n", 2, "three columns"),
        ("zero,a,ok\n", 2, "whole number"),
        ("-1,a,ok\n", 2, "whole number"),
        ("99999999999999999999,a,ok\n", 2, "whole number"),
        ("0,a,lost\n", 2, "neither `ok` nor `fail`"),
        ("0,a,ok\n2,a,ok\n1,a,ok\n", 4, "goes back"),
        ("0,,ok\n", 2, "peer is empty"),
        ("\n\n0,\"a,ok\n", 4, "not closed"),
    ] {
        let error = replay(&format!("time_ms,peer,outcome\n{rows}"), &["--json"]).refusal();
        assert!(error.contains(&format!("t.csv:{line}: ")) && error.contains(reason), "{rows}: {error}");
    }
    for header in ["", "a,b,c\n", "0,a,ok\n", "peer,time_ms,outcome\n"] {
        let error = replay(header, &[]).refusal();
        assert!(error.contains("t.csv:1: ") && error.contains("header"), "{header}: {error}");
    }
    let error = fusebox_on("replay", "t.csv", b"time_ms,peer,outcome\n0,a\xff,ok\n", &[]).refusal();
    assert!(error.contains("t.csv:2: ") && error.contains("UTF-8"), "{error}");
    assert!(fusebox(&["replay", "no such file.csv"]).refusal().contains("no such file.csv"));
    assert!(fusebox(&["replay", "."]).refusal().contains('.'));
    fusebox(&["replay"]).refusal();
}

#[test]
fn impossible_settings_are_refused_by_the_name_of_their_flag() {
    for (args, reason) in [
        ("--probes 0", "--probes: must be 1 to 15"),
        ("--probes 16", "--probes: must be 1 to 15"),
        ("--probes 999", "--probes"),
        ("--window 0s", "--window"),
        ("--window 400d", "--window"),
        ("--window soon", "--window"),
        ("--reset-timeout 30d", "--reset-timeout"),
        ("--backoff-cap 0s", "--backoff-cap"),
        ("--max-failures 1025", "--max-failures: the lab has room for at most 1024"),
        ("--max-failures x", "--max-failures"),
        ("--trip consecutive --failures 0", "--failures"),
        ("--trip count-window --calls 0", "--calls"),
        ("--trip count-window --calls 8161", "--calls"),
        ("--trip count-window --failure-rate 0", "--failure-rate"),
        ("--trip count-window --failure-rate 101", "--failure-rate"),
        ("--trip count-window --min-calls 0", "--min-calls"),
        ("--trip count-window --min-calls 21", "--min-calls"),
        ("--trip time-window --buckets 0", "--buckets"),
        ("--trip time-window --buckets 129", "--buckets"),
        ("--trip time-window --bucket 0s", "--bucket"),
        ("--trip sometimes", "--trip"),
        ("--failures 3", "--failures has no effect with --trip max-failures"),
        ("--trip time-window --keep-history", "--keep-history has no effect"),
        ("--trip consecutive --min-calls 3", "it needs --trip count-window or time-window"),
    ] {
        let args: Vec<_> = args.split(' ').collect();
        let error = replay("time_ms,peer,outcome\n", &args).refusal();
        assert!(error.contains(reason), "{args:?}: {error}");
    }
}
