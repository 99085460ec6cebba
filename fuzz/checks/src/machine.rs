//! A breaker agrees with the slow model of its own tests, operation by operation, under any settings.

#[path = "../../../core/tests/model/agree.rs"]
mod agree;
#[path = "../../../core/tests/model/slow.rs"]
#[allow(clippy::cast_precision_loss, reason = "the model may be as imprecise as its numbers are small")]
mod slow;

use arbitrary::{Arbitrary, Result, Unstructured};
use fusebox::Outcome;

use agree::Op;
use slow::{Abandoned, Config, Policy, Rates};

/// As many as tell something: what the model takes for one grows with all before it.
const MOST_STEPS: usize = 250;

/// Bytes are settings, the tick to start from, and steps.
pub fn check(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let (Ok(config), Ok(start)) = (config(&mut input), start(&mut input)) else { return };
    let mut ops = Vec::new();
    while !input.is_empty() && ops.len() < MOST_STEPS {
        ops.extend(input.arbitrary().map(Step::op));
    }
    agree::check(&config, start, &ops);
}

/// An operation as bytes say it.
#[derive(Arbitrary)]
enum Step {
    Advance(u8),
    Leap(u16),
    Acquire,
    Settle(u8, Ending, Option<u8>),
    Drop(u8),
    ByHand(Hand),
    OpenFor(u8),
    WaitAtLeast(u16),
    Report(Ending),
}

#[derive(Arbitrary)]
enum Ending {
    Failure,
    Success,
    Ignored,
}

#[derive(Arbitrary)]
enum Hand {
    Open,
    HalfOpen,
    Close,
    Reset,
    ForceOpen,
    Disable,
    Observe,
    Automatic,
}

impl Step {
    fn op(self) -> Op {
        match self {
            Self::Advance(ticks) => Op::Advance(u32::from(ticks % 12)),
            Self::Leap(ticks) => Op::Advance(2 * u32::from(ticks)),
            Self::Acquire => Op::Acquire,
            Self::Settle(which, ending, took) => Op::Settle(which.into(), ending.outcome(), took.map(u32::from)),
            Self::Drop(which) => Op::Drop(which.into()),
            Self::ByHand(Hand::Open) => Op::Open,
            Self::ByHand(Hand::HalfOpen) => Op::HalfOpen,
            Self::ByHand(Hand::Close) => Op::Close,
            Self::ByHand(Hand::Reset) => Op::Reset,
            Self::ByHand(Hand::ForceOpen) => Op::ForceOpen,
            Self::ByHand(Hand::Disable) => Op::Disable,
            Self::ByHand(Hand::Observe) => Op::Observe,
            Self::ByHand(Hand::Automatic) => Op::Automatic,
            Self::OpenFor(ticks) => Op::OpenFor(ticks.into()),
            Self::WaitAtLeast(ticks) => Op::WaitAtLeast(ticks.into()),
            Self::Report(ending) => Op::Report(ending.outcome()),
        }
    }
}

impl Ending {
    const fn outcome(self) -> Outcome {
        match self {
            Self::Failure => Outcome::Failure,
            Self::Success => Outcome::Success,
            Self::Ignored => Outcome::Ignored,
        }
    }
}

fn config(input: &mut Unstructured<'_>) -> Result<Config> {
    let slow_call = option(input, 0, 7)?;
    let policy = policy(input, slow_call.is_some())?;
    let has_rates = matches!(first(&policy), Policy::CountWindow { .. } | Policy::TimeWindow { .. });
    Ok(Config {
        judged_by_rate: has_rates && input.arbitrary()?,
        policy,
        wait: input.int_in_range(0..=20)?,
        cap: option(input, 1, 200)?,
        probes: input.int_in_range(1..=4)?,
        close_after: input.int_in_range(1..=4)?,
        lease: input.int_in_range(1..=20)?,
        quiet: option(input, 1, 30)?,
        abandoned: match option(input, 0, 8)? {
            Some(limit) => Abandoned::FailureAfter(limit),
            None => Abandoned::Always(input.arbitrary::<Ending>()?.outcome()),
        },
        slow_call,
        keep_history: input.arbitrary()?,
    })
}

fn first(policy: &Policy) -> &Policy {
    match policy {
        Policy::Either(one, _) => one,
        single => single,
    }
}

/// One of those that the model can be compared on.
fn policy(input: &mut Unstructured<'_>, slow: bool) -> Result<Policy> {
    let either = |one, other| Policy::Either(Box::new(one), Box::new(other));
    Ok(match input.int_in_range(0..=5)? {
        0 => max_failures(input)?,
        1 => consecutive(input)?,
        2 => {
            let calls = if slow || input.arbitrary()? { 8..=31 } else { 31..=60 };
            Policy::CountWindow { calls: input.int_in_range(calls)?, rates: rates(input, slow)? }
        }
        3 => time_window(input, slow)?,
        4 => {
            let short = Policy::CountWindow { calls: input.int_in_range(8..=20)?, rates: rates(input, false)? };
            either(short, consecutive(input)?)
        }
        _ => either(max_failures(input)?, time_window(input, false)?),
    })
}

fn max_failures(input: &mut Unstructured<'_>) -> Result<Policy> {
    Ok(Policy::MaxFailures { max: input.int_in_range(0..=5)?, window: input.int_in_range(1..=60)? })
}

fn consecutive(input: &mut Unstructured<'_>) -> Result<Policy> {
    Ok(Policy::Consecutive { failures: input.int_in_range(1..=5)? })
}

fn time_window(input: &mut Unstructured<'_>, slow: bool) -> Result<Policy> {
    let (buckets, bucket) = (input.int_in_range(1..=8)?, input.int_in_range(1..=20)?);
    Ok(Policy::TimeWindow { buckets, bucket, rates: rates(input, slow)? })
}

fn rates(input: &mut Unstructured<'_>, slow: bool) -> Result<Rates> {
    Ok(Rates {
        failure: input.int_in_range(1..=100)?,
        slow: if slow { Some(input.int_in_range(1..=100)?) } else { None },
        min_calls: input.int_in_range(1..=8)?,
    })
}

fn option(input: &mut Unstructured<'_>, from: u64, to: u64) -> Result<Option<u64>> {
    if input.arbitrary()? { input.int_in_range(from..=to).map(Some) } else { Ok(None) }
}

/// At the beginning, shortly before the counter wraps, before it crosses half of its range, or anywhere. Not in the very last
/// tick: two cores may disagree by that, so a window of time takes it for the first after the wrap, and the model does not.
fn start(input: &mut Unstructured<'_>) -> Result<u32> {
    let ahead = u32::from(input.arbitrary::<u16>()?);
    Ok(match input.int_in_range(0..=3)? {
        0 => ahead,
        1 => u32::MAX - 1 - ahead % 300,
        2 => (1 << 31) - ahead % 300,
        _ => ahead << 16,
    })
}
