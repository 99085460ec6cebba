//! Reads the steps of a scenario.

use std::str::FromStr;

use anyhow::{Context, Error, Result, bail, ensure};
use fusebox::{Outcome, State};
use serde_json::Value;

use super::line::Config;
use super::times::Time;
use crate::millis::Millis;
use crate::step::{After, Ending, Expect, Key, Manual, Op, Retry, Step};

/// Reading a scenario plays it, so a slip of the pen could take hours and all memory.
const MOST_TIMES: u32 = 1_000_000;

/// A step with a text of its own.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ParsedStep {
    at: Millis,
    text: String,
    peer: Option<Key>,
    op: Op,
    times: u32,
    expect: Expect,
}

impl ParsedStep {
    /// Reads `[time, op]` or `[time, op, expect]`.
    pub(super) fn parse(step: &Value, config: &Config) -> Result<Self> {
        let step = Self::parse_alone(step)?;
        if config.set.is_none() && (step.peer.is_some() || matches!(step.op, Op::Peers(_))) {
            bail!("`{}` is about peers, and there are some only with `set` in the config", step.text);
        }
        Ok(step)
    }

    fn parse_alone(step: &Value) -> Result<Self> {
        let (time, op, expect) = match step.as_array().map(Vec::as_slice) {
            Some([time, op]) => (time, op, None),
            Some([time, op, expect]) => (time, op, Some(expect)),
            _ => bail!("a step is [time_ms, op] or [time_ms, op, expect], not {step}"),
        };
        let Value::Number(time) = time else { bail!("the time must be a number, not {time}") };
        let at = Time::try_from(time.clone())?.into();
        let text = op.as_str().with_context(|| format!("the op must be a text, not {op}"))?;
        let (op, times) = match text.split_once('*') {
            Some((op, times)) => (op, number(times).filter(|times| (1..=MOST_TIMES).contains(times))),
            None => (text, Some(1)),
        };
        let times = times.with_context(|| format!("unknown op `{text}`: it is done 1 to {MOST_TIMES} times"))?;
        let (peer, op) = match op.split_once('/').and_then(|(peer, op)| Some((number(peer)?, op))) {
            Some((peer, op)) => (Some(peer), op),
            None => (None, op),
        };
        let op: Op = op.parse().with_context(|| format!("unknown op `{text}`"))?;
        let expect = match expect {
            None => Expect::default(),
            Some(expect) => {
                let text = expect.as_str().with_context(|| format!("the expectation must be a text, not {expect}"))?;
                text.parse().with_context(|| format!("unknown expectation `{text}`"))?
            }
        };
        if expect.admitted.is_some() && !is_admitted_or_not(op) {
            bail!("`{text}` is neither admitted nor rejected: the expectation may name a state, but no `+` or `-`");
        }
        Ok(Self { at, text: text.to_owned(), peer, op, times, expect })
    }

    pub(super) fn step(&self) -> Step<'_> {
        let Self { at, text, peer, op, times, expect } = self;
        Step { at: *at, text, peer: peer.unwrap_or_default(), op: *op, times: *times, expect: *expect }
    }

    /// All times in it.
    pub(super) fn times(&self) -> impl Iterator<Item = Millis> + use<> {
        let of_op = match self.op {
            Op::Call(ending) | Op::Settle(ending) | Op::Release(_, ending) => ending.took,
            Op::Manual(Manual::OpenFor(time) | Manual::WaitAtLeast(time)) => Some(time),
            _ => None,
        };
        let expected = match self.expect.retry_after {
            Some(Retry::In(time)) => Some(time),
            _ => None,
        };
        [Some(self.at), of_op, expected].into_iter().flatten()
    }
}

fn is_admitted_or_not(op: Op) -> bool {
    matches!(op, Op::Call(_) | Op::Acquire(_) | Op::Manual(Manual::HalfOpen | Manual::WaitAtLeast(_)))
}

impl FromStr for Op {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (name, rest) = match text.split_once(':') {
            Some((name, rest)) => (name, Some(rest)),
            None => (text, None),
        };
        let (kind, label) = name.split_at(name.chars().next().map_or(0, char::len_utf8));
        let label = match label {
            "" => None,
            digits => Some(number(digits).with_context(|| format!("`{digits}` is no label, that is a number"))?),
        };
        Ok(match (kind, label, rest) {
            ("C", None, Some(ending)) => Self::Call(ending.parse()?),
            ("X", None, Some(ending)) => Self::Settle(ending.parse()?),
            ("A", label, None) => Self::Acquire(label),
            ("R", Some(label), Some(ending)) => Self::Release(label, ending.parse()?),
            ("D", label, None) => Self::Drop(label),
            ("M", None, Some(manual)) => Self::Manual(manual.parse()?),
            ("?", None, None) => Self::Look,
            ("N", None, Some(counts)) => {
                let counts = counts.split('/').map(number).collect::<Option<Vec<_>>>();
                match counts.as_deref() {
                    Some([calls, failures]) => Self::Window { calls: *calls, failures: *failures, slow: None },
                    Some([calls, failures, slow]) => {
                        Self::Window { calls: *calls, failures: *failures, slow: Some(*slow) }
                    }
                    _ => bail!("expected N:calls/failures or N:calls/failures/slow"),
                }
            }
            ("P", None, Some(peers)) => Self::Peers(number(peers).context("expected P:peers")?),
            _ => bail!("expected C:, X:, A, R1:, D, M:, ?, N: or P:"),
        })
    }
}

impl FromStr for Ending {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (outcome, took) = text.split_at(text.chars().next().map_or(0, char::len_utf8));
        let outcome = match outcome {
            "S" => Outcome::Success,
            "F" => Outcome::Failure,
            "I" => Outcome::Ignored,
            _ => bail!("a call ends with S, F or I"),
        };
        let took = if took.is_empty() { None } else { Some(Time::parse(took)?.into()) };
        Ok(Self { outcome, took })
    }
}

impl FromStr for Manual {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(match text {
            "open" => Self::Open,
            "half" => Self::HalfOpen,
            "close" => Self::Close,
            "reset" => Self::Reset,
            "force" | "isolate" => Self::ForceOpen,
            "disable" => Self::Disable,
            "metrics" => Self::Observe,
            "auto" => Self::Automatic,
            _ => match text.split_once('=') {
                Some(("openfor", time)) => Self::OpenFor(Time::parse(time)?.into()),
                Some(("atleast", time)) => Self::WaitAtLeast(Time::parse(time)?.into()),
                _ => bail!("`{text}` cannot be done by hand"),
            },
        })
    }
}

impl FromStr for Expect {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        ensure!(!text.is_empty(), "it is empty");
        let mut expect = Self::default();
        let mut rest = text;
        let mut next = |sign: &str| match rest.strip_prefix(sign) {
            Some(after) => {
                rest = after;
                true
            }
            None => false,
        };
        if next("+") {
            expect.admitted = Some(true);
            expect.would_reject = if next("!") { Some(true) } else { next("=").then_some(false) };
        } else if next("-") {
            expect.admitted = Some(false);
        }
        let states = [
            ("c", State::Closed),
            ("o", State::Open),
            ("h", State::HalfOpen),
            ("f", State::ForcedOpen),
            ("i", State::ForcedOpen),
            ("d", State::Disabled),
            ("m", State::Observe),
        ];
        expect.state = states.into_iter().find(|(sign, _)| next(sign)).map(|(_, state)| After(state));
        if next("@-") {
            expect.retry_after = Some(Retry::Unknown);
        } else if next("@") {
            expect.retry_after = Some(Retry::In(Time::parse(std::mem::take(&mut rest))?.into()));
        }
        ensure!(rest.is_empty(), "`{rest}` has no meaning there");
        Ok(expect)
    }
}

/// A whole number in plain digits.
fn number(digits: &str) -> Option<u32> {
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn op(text: &str) -> Op {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error:#}"))
    }

    fn ending(outcome: Outcome, took: Option<u64>) -> Ending {
        Ending { outcome, took: took.map(Millis::from_micros) }
    }

    #[test]
    fn operations_are_read() {
        assert_eq!(op("C:S"), Op::Call(ending(Outcome::Success, None)));
        assert_eq!(op("C:F5000"), Op::Call(ending(Outcome::Failure, Some(5_000_000))));
        assert_eq!(op("X:I0.5"), Op::Settle(ending(Outcome::Ignored, Some(500))));
        assert_eq!((op("A"), op("A12")), (Op::Acquire(None), Op::Acquire(Some(12))));
        assert_eq!(op("R1:F7"), Op::Release(1, ending(Outcome::Failure, Some(7_000))));
        assert_eq!((op("D"), op("D0")), (Op::Drop(None), Op::Drop(Some(0))));
        assert_eq!(op("M:openfor=2.5"), Op::Manual(Manual::OpenFor(Millis::from_micros(2_500))));
        for (name, manual) in [
            ("open", Manual::Open),
            ("half", Manual::HalfOpen),
            ("close", Manual::Close),
            ("reset", Manual::Reset),
            ("force", Manual::ForceOpen),
            ("isolate", Manual::ForceOpen),
            ("disable", Manual::Disable),
            ("metrics", Manual::Observe),
            ("auto", Manual::Automatic),
        ] {
            assert_eq!(op(&format!("M:{name}")), Op::Manual(manual));
        }
        assert_eq!(op("?"), Op::Look);
        assert_eq!(op("N:14/6"), Op::Window { calls: 14, failures: 6, slow: None });
        assert_eq!(op("N:14/6/2"), Op::Window { calls: 14, failures: 6, slow: Some(2) });
    }

    #[test]
    fn expectations_are_read() {
        let expect = |text: &str| text.parse::<Expect>().unwrap_or_else(|error| panic!("{text}: {error:#}"));
        let nothing = Expect::default();
        assert_eq!(expect("+"), Expect { admitted: Some(true), ..nothing });
        assert_eq!(expect("-h"), Expect { admitted: Some(false), state: Some(After(State::HalfOpen)), ..nothing });
        assert_eq!(expect("i"), Expect { state: Some(After(State::ForcedOpen)), ..nothing });
        assert_eq!(expect("+!m").would_reject, Some(true));
        assert_eq!(expect("+=m").would_reject, Some(false));
        assert_eq!(expect("-o@0.5").retry_after, Some(Retry::In(Millis::from_micros(500))));
        assert_eq!(expect("@-"), Expect { retry_after: Some(Retry::Unknown), ..nothing });
    }

    #[test]
    fn whole_steps_are_read() {
        let step: Value = serde_json::from_str(r#"[120000.001, "C:S*3", "+h"]"#).unwrap();
        let step = ParsedStep::parse_alone(&step).unwrap();
        assert_eq!((step.at, step.times), (Millis::from_micros(120_000_001), 3));
    }

    #[test]
    fn anything_else_is_an_error() {
        for step in [
            r"[0]",
            r#"[0, "?", "c", "c"]"#,
            r#"{"at": 0}"#,
            r#"["0", "?"]"#,
            r#"[-1, "?"]"#,
            r"[0, 5]",
            r#"[0, "?", null]"#,
            r#"[0, ""]"#,
            r#"[0, "C"]"#,
            r#"[0, "C:"]"#,
            r#"[0, "C:Z"]"#,
            r#"[0, "C:é"]"#,
            r#"[0, "é"]"#,
            r#"[0, "C1:S"]"#,
            r#"[0, "C:S5s"]"#,
            r#"[0, "C:S*0"]"#,
            r#"[0, "C:S*"]"#,
            r#"[0, "C:S*2*2"]"#,
            r#"[0, "C:S*-1"]"#,
            r#"[0, "A*1000001"]"#,
            r#"[0, "c:S"]"#,
            r#"[0, "A:S"]"#,
            r#"[0, "Ax"]"#,
            r#"[0, "A+1"]"#,
            r#"[0, "R:S"]"#,
            r#"[0, "R1"]"#,
            r#"[0, "M:"]"#,
            r#"[0, "M:opens"]"#,
            r#"[0, "M:openfor="]"#,
            r#"[0, "?1"]"#,
            r#"[0, "??"]"#,
            r#"[0, "N:1"]"#,
            r#"[0, "N:1/2/3/4"]"#,
            r#"[0, "N:a/b"]"#,
            r#"[0, "?", ""]"#,
            r#"[0, "?", "x"]"#,
            r#"[0, "?", "co"]"#,
            r#"[0, "?", "c+"]"#,
            r#"[0, "?", "c@"]"#,
            r#"[0, "?", "+c"]"#,
            r#"[0, "N:1/1", "-"]"#,
            r#"[0, "X:S", "+"]"#,
            r#"[0, "M:close", "-"]"#,
            r#"[0, "C:S", "-!"]"#,
            r#"[0, "C:S", "+-"]"#,
        ] {
            let value: Value = serde_json::from_str(step).unwrap();
            assert!(ParsedStep::parse_alone(&value).is_err(), "{step} was read");
        }
    }
}
