//! What is read and what is refused.

use super::pack;
use crate::config::{Abandoned, Backoff, Config, Tick};
use crate::millis::Millis;
use crate::packed::Scenarios;

const GOOD: &str = r#"{"id":"a","source":"","config":{"trip":{"kind":"consecutive","failures":3},"open":{"wait_ms":10},"half_open":{"probes":1,"close_after":1}},"steps":[[0,"C:F*3","+o"]],"note":""}"#;

fn error(text: &str) -> String {
    format!("{:#}", pack(text).unwrap_err())
}

fn configs(text: &str) -> Vec<Config> {
    let packed = pack(text).unwrap_or_else(|error| panic!("{text}: {error:#}"));
    Scenarios::packed(&packed).map(|scenario| scenario.unwrap().config).collect()
}

#[test]
fn lines_are_read_and_empty_ones_skipped() {
    let packed = pack(&format!("{GOOD}\n\n  \r\n{GOOD}\r\n")).unwrap();
    let scenarios: Vec<_> = Scenarios::packed(&packed).map(Result::unwrap).collect();
    assert_eq!(scenarios.len(), 2);
    assert_eq!((scenarios[0].id, scenarios[0].steps().count()), ("a", 1));
    assert_eq!(scenarios[0].config.backoff, Backoff::Constant);
}

#[test]
fn every_setting_is_read() {
    let with = |from: &str, to: &str| {
        let text = GOOD.replace(from, to);
        assert_ne!(text, GOOD);
        configs(&text).remove(0)
    };
    let consecutive = r#"{"kind":"consecutive","failures":3}"#;
    for trip in [
        r#"{"kind":"max_failures","max":3,"window_ms":60000.5}"#,
        r#"{"kind":"count_window","calls":3,"min_calls":1,"failure_rate":50}"#,
        r#"{"kind":"time_window","buckets":3,"bucket_ms":9,"min_calls":1,"failure_rate":50,"slow_ms":1,"slow_rate":2}"#,
        r#"{"kind":"either","of":[{"kind":"consecutive","failures":3},{"kind":"consecutive","failures":4}]}"#,
    ] {
        let config = with(consecutive, trip);
        assert_eq!(config.tick == Tick::Microsecond, trip.contains("60000.5"));
        assert_eq!(config.second.is_some(), trip.contains("either"));
    }
    let wait = r#""wait_ms":10"#;
    assert_eq!(with(wait, r#""wait_ms":10,"backoff_cap_ms":null"#).backoff, Backoff::Uncapped);
    let capped = with(wait, r#""wait_ms":10,"backoff_cap_ms":20,"jitter":"full","seed":7"#);
    assert_eq!(capped.backoff, Backoff::UpTo(Millis::from_micros(20_000)));
    let leased = with(r#""close_after":1"#, r#""close_after":1,"lease_ms":5,"damping_ms":6"#);
    assert!(leased.lease.is_some() && leased.damping.is_some());
    for abandoned in [r#""failure""#, r#""ignored""#, r#"{"after_ms":1.5}"#] {
        let config = with(r#""half_open""#, &format!(r#""slow_ms":2,"abandoned":{abandoned},"half_open""#));
        assert!(config.abandoned.is_some() && config.slow_call.is_some());
        assert_eq!(matches!(config.abandoned, Some(Abandoned::After(_))), abandoned.contains("after_ms"));
    }
    for when_full in ["refuse", "admit"] {
        assert!(with(r#""half_open""#, &format!(r#""set":"{when_full}","half_open""#)).set.is_some());
    }
}

#[test]
fn what_the_format_does_not_know_is_an_error() {
    for (from, to, part) in [
        (r#""note":"""#, r#""notes":"""#, "unknown field `notes`"),
        (r#""failures":3"#, r#""failures":3,"max":1"#, "unknown field `max`"),
        (r#""failures":3"#, r#""failures":-3"#, "invalid value"),
        (r#""failures":3"#, r#""failures":3.5"#, "invalid type"),
        (r#""consecutive""#, r#""consecutively""#, "unknown variant"),
        (r#""kind":"consecutive","#, "", "missing field `kind`"),
        (r#""wait_ms":10"#, r#""wait_ms":10,"waits":1"#, "unknown field `waits`"),
        (r#""wait_ms":10"#, r#""wait_ms":0.0001"#, "finer than a microsecond"),
        (r#""wait_ms":10"#, r#""wait_ms":10,"jitter":"some""#, "unknown variant `some`"),
        (r#""probes":1"#, r#""probes":300"#, "invalid value"),
        (r#""probes":1"#, r#""probes":1,"probs":1"#, "unknown field `probs`"),
        (r#""probes":1"#, r#""probes":1,"probes":1"#, "duplicate field"),
        (r#","close_after":1"#, "", "needs close_after or verdict"),
        (r#""close_after":1"#, r#""close_after":1,"verdict":"rate""#, "both"),
        (r#""close_after":1"#, r#""verdict":"count""#, "unknown variant"),
        (r#"},"steps""#, r#","abandoned":"lost"},"steps""#, "Abandoned"),
        (r#"},"steps""#, r#","abandoned":{"after_ms":1,"x":1}},"steps""#, "Abandoned"),
        (r#""id":"a","#, "", "missing field `id`"),
        ("}}", "}", "expected"),
        (r#"},"steps""#, r#","set":"grow"},"steps""#, "unknown variant `grow`"),
        (r#""C:F*3""#, r#""C:Q""#, "scenario a, step 1"),
        (r#""C:F*3""#, r#""1/C:F""#, "step 1: `1/C:F` is about peers"),
        (r#""C:F*3","+o""#, r#""P:1""#, "step 1: `P:1` is about peers"),
        (r#""probes":1"#, r#""probes":0"#, "scenario a, config: probes: must be 1 to 15"),
        (r#""close_after":1"#, r#""verdict":"rate""#, "scenario a, config: half_open.verdict needs a window"),
    ] {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(text, GOOD, "{from}");
        let error = error(&format!("{GOOD}\n\n{text}"));
        assert!(error.starts_with("line 3: ") && error.contains(part), "{to}: {error}");
    }
    assert!(error("\n").contains("no scenario"));
}
