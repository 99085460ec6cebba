//! Scenario files: one JSON object a line. `SCENARIOS.md` describes them.

use anyhow::{Context, Result, anyhow, bail};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::step::Step;
use super::time::Millis;

/// One line of a scenario file.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) id: String,
    pub(crate) config: Config,
    pub(crate) steps: Vec<Step>,
}

/// The settings of the breaker.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) trip: Trip,
    pub(crate) open: Open,
    pub(crate) half_open: HalfOpen,
    pub(crate) abandoned: Option<Abandoned>,
    /// When a call is slow, for the probes of a trip policy that does not care.
    pub(crate) slow_ms: Option<Millis>,
}

/// The trip policy.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Trip {
    Consecutive {
        failures: u32,
    },
    MaxFailures {
        max: u32,
        window_ms: Millis,
        #[serde(default)]
        keep_history: bool,
    },
    CountWindow {
        calls: u32,
        min_calls: u32,
        failure_rate: u8,
        slow_ms: Option<Millis>,
        slow_rate: Option<u8>,
    },
    TimeWindow {
        buckets: u32,
        bucket_ms: Millis,
        min_calls: u32,
        failure_rate: u8,
        slow_ms: Option<Millis>,
        slow_rate: Option<u8>,
    },
    Either {
        of: Box<(Trip, Trip)>,
    },
}

/// How long the circuit stays open.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Open {
    pub(crate) wait_ms: Millis,
    #[serde(default, deserialize_with = "backoff_cap")]
    pub(crate) backoff_cap_ms: Backoff,
    pub(crate) jitter: Option<Jitter>,
    pub(crate) seed: Option<u32>,
}

/// What becomes of the wait when a probe fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Backoff {
    #[default]
    Constant,
    /// It doubles up to this.
    UpTo(Millis),
    /// It doubles: the cap is `null`.
    Uncapped,
}

/// How it closes again.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HalfOpen {
    pub(crate) probes: u8,
    pub(crate) close_after: Option<u8>,
    pub(crate) verdict: Option<Verdict>,
    pub(crate) lease_ms: Option<Millis>,
    pub(crate) damping_ms: Option<Millis>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Jitter {
    None,
    Equal,
    Full,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    Rate,
}

/// What a permit counts as that is dropped without being settled.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Abandoned {
    Failure,
    Ignored,
    /// A failure if it ran for at least so long.
    #[serde(untagged)]
    After(AbandonedAfter),
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AbandonedAfter {
    pub(crate) after_ms: Millis,
}

fn backoff_cap<'de, D: Deserializer<'de>>(value: D) -> Result<Backoff, D::Error> {
    Ok(Option::deserialize(value)?.map_or(Backoff::Uncapped, Backoff::UpTo))
}

/// A line as it stands; the steps are read on their own so that an error can name the step.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: String,
    #[serde(default, rename = "source")]
    _source: String,
    config: Config,
    steps: Vec<Value>,
    #[serde(default, rename = "note")]
    _note: String,
}

/// Reads a file's scenarios; an error names the line and, within the steps, the step.
pub(crate) fn parse(text: &str) -> Result<Vec<Scenario>> {
    let mut scenarios = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        scenarios.push(parse_line(line).with_context(|| format!("line {number}"))?);
    }
    if scenarios.is_empty() {
        bail!("there is no scenario in it");
    }
    Ok(scenarios)
}

fn parse_line(line: &str) -> Result<Scenario> {
    let Line { id, config, steps, .. } = serde_json::from_str(line).map_err(|error| anyhow!("{}", reason(&error)))?;
    config.check().with_context(|| format!("scenario {id}, config"))?;
    let steps = (1..)
        .zip(&steps)
        .map(|(number, step)| Step::parse(step).with_context(|| format!("scenario {id}, step {number}")))
        .collect::<Result<_>>()?;
    Ok(Scenario { id, config, steps })
}

/// The text of a JSON error with its column alone: its line is always 1.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    format!("{text} (column {})", error.column())
}

impl Config {
    fn check(&self) -> Result<()> {
        match (self.half_open.close_after, self.half_open.verdict) {
            (None, None) => bail!("half_open needs close_after or verdict"),
            (Some(_), Some(_)) => bail!("half_open has both close_after and verdict"),
            _ => Ok(()),
        }
    }

    /// All times in the settings.
    pub(crate) fn times(&self) -> Vec<Millis> {
        let abandoned = match self.abandoned {
            Some(Abandoned::After(AbandonedAfter { after_ms })) => Some(after_ms),
            _ => None,
        };
        let cap = match self.open.backoff_cap_ms {
            Backoff::UpTo(cap) => Some(cap),
            Backoff::Constant | Backoff::Uncapped => None,
        };
        let mut times = vec![self.open.wait_ms];
        let optional = [cap, self.half_open.lease_ms, self.half_open.damping_ms, self.slow_ms, abandoned];
        times.extend(optional.into_iter().flatten());
        self.trip.add_times(&mut times);
        times
    }
}

impl Trip {
    fn add_times(&self, times: &mut Vec<Millis>) {
        match self {
            Self::Consecutive { .. } => {}
            Self::MaxFailures { window_ms, .. } => times.push(*window_ms),
            Self::CountWindow { slow_ms, .. } => times.extend(slow_ms),
            Self::TimeWindow { bucket_ms, slow_ms, .. } => {
                times.push(*bucket_ms);
                times.extend(slow_ms);
            }
            Self::Either { of } => {
                of.0.add_times(times);
                of.1.add_times(times);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"id":"a","source":"","config":{"trip":{"kind":"consecutive","failures":3},"open":{"wait_ms":10},"half_open":{"probes":1,"close_after":1}},"steps":[[0,"C:F*3","+o"]],"note":""}"#;

    fn error(text: &str) -> String {
        format!("{:#}", parse(text).unwrap_err())
    }

    #[test]
    fn lines_are_read_and_empty_ones_skipped() {
        let scenarios = parse(&format!("{GOOD}\n\n  \r\n{GOOD}\r\n")).unwrap();
        assert_eq!(scenarios.len(), 2);
        assert_eq!((scenarios[0].id.as_str(), scenarios[0].steps.len()), ("a", 1));
        assert_eq!(scenarios[0].config.open.backoff_cap_ms, Backoff::Constant);
    }

    #[test]
    fn every_setting_is_read() {
        let with = |from: &str, to: &str| {
            let text = GOOD.replace(from, to);
            assert_ne!(text, GOOD);
            parse(&text).unwrap_or_else(|error| panic!("{to}: {error:#}")).remove(0).config
        };
        let consecutive = r#"{"kind":"consecutive","failures":3}"#;
        for trip in [
            r#"{"kind":"max_failures","max":3,"window_ms":60000.5}"#,
            r#"{"kind":"count_window","calls":3,"min_calls":1,"failure_rate":50}"#,
            r#"{"kind":"time_window","buckets":3,"bucket_ms":9,"min_calls":1,"failure_rate":50,"slow_ms":1,"slow_rate":2}"#,
            r#"{"kind":"either","of":[{"kind":"consecutive","failures":3},{"kind":"consecutive","failures":4}]}"#,
        ] {
            with(consecutive, trip);
        }
        let wait = r#""wait_ms":10"#;
        assert_eq!(with(wait, r#""wait_ms":10,"backoff_cap_ms":null"#).open.backoff_cap_ms, Backoff::Uncapped);
        let capped = with(wait, r#""wait_ms":10,"backoff_cap_ms":20,"jitter":"full","seed":7"#).open;
        assert_eq!(capped.backoff_cap_ms, Backoff::UpTo(Millis::from_micros(20_000)));
        with(r#""close_after":1"#, r#""verdict":"rate","lease_ms":5,"damping_ms":6"#);
        for abandoned in [r#""failure""#, r#""ignored""#, r#"{"after_ms":1.5}"#] {
            let config = with(r#""half_open""#, &format!(r#""slow_ms":2,"abandoned":{abandoned},"half_open""#));
            assert!(config.abandoned.is_some() && config.slow_ms.is_some());
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
            (r#""C:F*3""#, r#""C:Q""#, "scenario a, step 1"),
        ] {
            let text = GOOD.replacen(from, to, 1);
            assert_ne!(text, GOOD, "{from}");
            let error = error(&format!("{GOOD}\n\n{text}"));
            assert!(error.starts_with("line 3: ") && error.contains(part), "{to}: {error}");
        }
        assert!(error("\n").contains("no scenario"));
    }
}
