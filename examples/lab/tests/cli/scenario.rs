//! The `scenario` command.

use crate::program::{fusebox, fusebox_on, shared};

const RULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/rules.jsonl");
const SETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/sets.jsonl");

fn scenario(id: &str, steps: &str) -> String {
    format!(
        r#"{{"id":"{id}","config":{{"trip":{{"kind":"consecutive","failures":2}},"open":{{"wait_ms":1000}},"half_open":{{"probes":1,"close_after":1}}}},"steps":{steps}}}"#
    )
}

fn run(content: &str) -> crate::program::Run {
    fusebox_on("scenario", "s.jsonl", content.as_bytes(), &[])
}

/// All pass, and each is named.
fn all_pass(file: &str) -> usize {
    let out = fusebox(&["scenario", file]).success();
    let count = std::fs::read_to_string(file).unwrap().lines().count();
    assert_eq!(out.lines().filter(|line| line.starts_with("ok ")).count(), count, "{out}");
    assert_eq!(out.lines().last(), Some(format!("{count} passed, 0 failed").as_str()));
    count
}

#[test]
fn the_rules_of_the_machine_hold() {
    assert!(all_pass(RULES) > 80);
}

#[test]
fn the_rules_of_sets_hold() {
    assert!(all_pass(SETS) >= 9);
}

#[test]
fn the_scenarios_of_other_breakers_hold() {
    let Some(file) = shared("scenarios/peers.jsonl") else { return };
    assert_eq!(all_pass(file.to_str().unwrap()), 41);
}

/// Turns every admission and every state that is expected into another, one at a time: each must fail, or
/// the expectation was never looked at.
#[test]
fn every_expectation_of_the_rules_is_looked_at() {
    let mut wrong = Vec::new();
    for line in std::fs::read_to_string(RULES).unwrap().lines() {
        let scenario: serde_json::Value = serde_json::from_str(line).unwrap();
        for index in 0..scenario["steps"].as_array().unwrap().len() {
            let Some(expect) = scenario["steps"][index][2].as_str() else { continue };
            let mut other = scenario.clone();
            other["id"] = format!("{} {}", scenario["id"].as_str().unwrap(), index + 1).into();
            other["steps"][index][2] = spoiled(expect).into();
            wrong.push(other);
        }
    }
    let file: Vec<_> = wrong.iter().map(ToString::to_string).collect();
    let run = run(&file.join("\n"));
    assert_eq!(run.code, Some(1));
    for (line, scenario) in run.out.lines().zip(&wrong) {
        let (id, step) = scenario["id"].as_str().unwrap().rsplit_once(' ').unwrap();
        assert!(line.starts_with(&format!("FAIL {id} {step} step {step}: ")), "{line}");
    }
    assert_eq!(run.out.lines().last(), Some(format!("0 passed, {} failed", wrong.len()).as_str()));
}

fn spoiled(expect: &str) -> String {
    match expect.split_at(1) {
        ("+", rest) => format!("-{}", rest.trim_start_matches(['!', '='])),
        ("-", rest) => format!("+{rest}"),
        ("c", rest) => format!("o{rest}"),
        ("@", _) => "@77777".to_owned(),
        (_, rest) => format!("c{rest}"),
    }
}

#[test]
fn a_failure_says_what_was_expected_and_what_came() {
    for (steps, message) in [
        (r#"[[0,"C:F*2","+c"]]"#, "FAIL a step 1: `C:F*2` at 0 ms: expected state closed, came state open"),
        (r#"[[0,"C:F*2","+o"],[1.5,"C:S","+"]]"#, "FAIL a step 2: `C:S` at 1.5 ms: expected admitted, came rejected"),
        (r#"[[0,"C:F*3","+o"]]"#, "FAIL a step 1: `C:F*3` at 0 ms: expected admitted, came rejected"),
        (r#"[[0,"M:half","+"]]"#, "expected admitted, came rejected"),
        (r#"[[0,"N:1/1"]]"#, "expected 1 results, 1 failed, 0 slow, came 0 results, 0 failed, 0 slow"),
        (r#"[[0,"C:F*2","+o@5"]]"#, "expected retry in 5 ms, came retry in 1000 ms"),
        (r#"[[0,"C:F*2","+o"],[0,"A","-@5"]]"#, "expected a rejection with retry in 5 ms"),
        (r#"[[0,"?","c@5"]]"#, "expected retry in 5 ms, came no time to retry"),
        (r#"[[0,"M:metrics","m"],[0,"C:F*2"],[0,"C:S","+=m"]]"#, "expected would not reject, came would reject"),
        (r#"[[0,"R1:S"]]"#, "there is no permit 1"),
        (r#"[[0,"A1*2"]]"#, "permit 1 is already taken"),
        (r#"[[0,"D"]]"#, "there is no permit to drop"),
        (r#"[[0,"M:openfor=9999999999"]]"#, "open_for"),
    ] {
        let run = run(&scenario("a", steps));
        assert_eq!(run.code, Some(1), "{steps}: {}{}", run.out, run.err);
        assert!(run.out.lines().next().unwrap().contains(message), "{steps}: {}", run.out);
        assert_eq!(run.out.lines().last(), Some("0 passed, 1 failed"));
    }
}

#[test]
fn one_failure_does_not_hide_the_others() {
    let file = [scenario("a", r#"[[0,"?","c"]]"#), scenario("b", r#"[[0,"?","o"]]"#), scenario("c", "[]")].join("\n\n");
    let run = run(&file);
    let lines: Vec<_> = run.out.lines().collect();
    assert_eq!(lines.len(), 4);
    assert!(lines[0] == "ok a" && lines[1].starts_with("FAIL b step 1: ") && lines[2] == "ok c");
    assert_eq!((lines[3], run.code), ("2 passed, 1 failed", Some(1)));
}

#[test]
fn a_digest_stands_for_all_that_was_seen() {
    let digest = |steps: &str| {
        let run = fusebox_on("scenario", "s.jsonl", scenario("a", steps).as_bytes(), &["--digest"]);
        let (start, digest) = run.out.lines().next().unwrap().rsplit_once(", digest ").unwrap();
        assert!(start.ends_with("s.jsonl: 1/1 in 10 trials"), "{start}");
        assert_eq!((run.out.lines().last(), run.code), (Some("1 passed, 0 failed"), Some(0)));
        digest.to_owned()
    };
    assert_eq!(digest(r#"[[0,"C:S","+c"]]"#), digest(r#"[[0,"C:S","+c"]]"#));
    assert_ne!(digest(r#"[[0,"C:S","+c"]]"#), digest(r#"[[0,"C:F","+c"]]"#));

    let run = fusebox_on("scenario", "s.jsonl", scenario("a", r#"[[0,"?","o"]]"#).as_bytes(), &["--digest"]);
    let lines: Vec<_> = run.out.lines().collect();
    assert!(lines[0].starts_with("FAIL a from tick 0: step 1: `?` at 0 ms: expected state open"), "{}", lines[0]);
    assert!(lines[1].contains("s.jsonl: 0/1 in 10 trials, digest "), "{}", lines[1]);
    assert_eq!((lines.len(), lines[2], run.code), (3, "0 passed, 1 failed", Some(1)));
}

#[test]
fn what_the_format_does_not_know_is_an_error() {
    let good = scenario("a", r#"[[0,"?","c"]]"#);
    for (from, to, reason) in [
        (r#""id""#, r#""name""#, "unknown field `name`"),
        (r#""wait_ms":1000"#, r#""wait_ms":1000,"wait":1"#, "unknown field `wait`"),
        (r#""wait_ms":1000"#, r#""wait_ms":1000.0001"#, "finer than a microsecond"),
        (r#""wait_ms":1000"#, r#""wait_ms":2147483648"#, "wait: must be less than 2^31 ticks (a tick is 1 ms"),
        (r#""wait_ms":1000"#, r#""wait_ms":2147483.648"#, "(a tick is 1 µs"),
        (r#""failures":2"#, r#""failures":0"#, "consecutive: must be 1 or more"),
        (r#""probes":1"#, r#""probes":0"#, "probes: must be 1 to 15"),
        (r#""close_after":1"#, r#""verdict":"rate""#, "needs a window with rates"),
        (r#"{"kind":"consecutive","failures":2}"#, r#"{"kind":"magic"}"#, "unknown variant `magic`"),
        (
            r#"{"kind":"consecutive","failures":2}"#,
            r#"{"kind":"max_failures","max":257,"window_ms":1}"#,
            "max_failures",
        ),
        (
            r#"{"kind":"consecutive","failures":2}"#,
            r#"{"kind":"either","of":[{"kind":"consecutive","failures":2}]}"#,
            "invalid length 1",
        ),
        (
            r#"{"kind":"consecutive","failures":2}"#,
            r#"{"kind":"count_window","calls":9,"min_calls":1,"failure_rate":9,"slow_rate":5}"#,
            "slow_call: must be set",
        ),
        (
            r#"{"kind":"consecutive","failures":2}"#,
            r#"{"kind":"count_window","calls":9,"min_calls":1,"failure_rate":9,"slow_ms":5,"slow_rate":5},"slow_ms":6"#,
            "slow_ms is said twice and differs",
        ),
        (
            r#"{"kind":"consecutive","failures":2}"#,
            r#"{"kind":"either","of":[{"kind":"consecutive","failures":2},{"kind":"either","of":[{"kind":"consecutive","failures":2},{"kind":"consecutive","failures":2}]}]}"#,
            "not pairs of them",
        ),
        (r#""?""#, r#""!""#, "scenario a, step 1: unknown op `!`"),
        (r#""?""#, r#""C:S*0""#, "step 1"),
        (r#""c""#, r#""z""#, "scenario a, step 1: unknown expectation `z`"),
        (r#""c""#, r#""+c""#, "neither admitted nor rejected"),
        (r"[0,", r#"["0","#, "the time must be a number"),
        ("}", "", "(column "),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from}");
        let run = run(&format!("{good}\n{bad}\n"));
        assert_eq!(run.out, "", "nothing is run: {to}");
        let error = run.refusal();
        assert!(error.contains("s.jsonl") && error.contains(reason), "{to}: {error}");
    }
    assert!(run("").refusal().contains("no scenario"));
    assert!(fusebox(&["scenario", RULES, "no such file"]).refusal().contains("no such file"));
    fusebox(&["scenario"]).refusal();
}
