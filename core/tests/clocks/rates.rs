//! The same history on clocks of different rates: each verdict, state and time must be the same.

use std::time::Duration;

use fusebox::policy::Tally;
use fusebox::{Outcome, RejectReason, State, Ticks};
use proptest::prelude::*;

use crate::circuit::{Config, RATES, make};
use crate::outcomes;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    /// In units of two seconds, which at no rate can be taken for what cores disagree by.
    Forward(u32),
    Back(u32),
    Ask,
    Settle(usize, Outcome),
    Call(Outcome),
    Open,
    HalfOpen,
    Close,
}

pub(crate) fn ops() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (0..=5u32).prop_map(Op::Forward),
        1 => (1..=10u32).prop_map(Op::Back),
        5 => Just(Op::Ask),
        5 => (0..4usize, outcomes()).prop_map(|(which, outcome)| Op::Settle(which, outcome)),
        8 => outcomes().prop_map(Op::Call),
        1 => prop_oneof![Just(Op::Open), Just(Op::HalfOpen), Just(Op::Close)],
    ]
}

/// All that is seen after an operation.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    verdict: Option<Result<(), (RejectReason, Option<Duration>)>>,
    state: State,
    tally: Tally,
    left: Option<Duration>,
}

pub(crate) fn check(config: &Config, buckets_before_the_wrap: u32, ops: &[Op]) {
    let [first, others @ ..] = RATES;
    let expected = play(config, first, buckets_before_the_wrap, ops);
    for hz in others {
        let seen = play(config, hz, buckets_before_the_wrap, ops);
        for (turn, (seen, expected)) in seen.iter().zip(&expected).enumerate() {
            assert_eq!(seen, expected, "at {hz} Hz and at {first} Hz, operation {turn} of {ops:?}");
        }
    }
}

fn play(config: &Config, hz: u32, buckets_before_the_wrap: u32, ops: &[Op]) -> Vec<Seen> {
    let circuit = make(config, hz, None);
    let mut seconds = -20 * i64::from(buckets_before_the_wrap);
    let mut latest = seconds;
    let mut permits = vec![];
    let mut seen = Vec::with_capacity(ops.len());
    for op in ops {
        match *op {
            Op::Forward(units) => seconds += 2 * i64::from(units),
            // Never further than each of the clocks may be set back without emptying a window, or than the wrap to which
            // buckets are aligned may lie ahead: 67 s at 1 MHz.
            Op::Back(units) => seconds = (seconds - 2 * i64::from(units)).max(latest - 40).max(-60),
            _ => {}
        }
        latest = latest.max(seconds);
        circuit.set_clock((seconds * i64::from(hz)) as u32);
        let mut verdict = None;
        match *op {
            Op::Ask | Op::Call(_) => {
                let asked = circuit.acquire();
                let time = |left: Option<Ticks>| left.map(Ticks::as_duration);
                verdict = Some(
                    asked.as_ref().map(drop).map_err(|rejected| (rejected.reason(), time(rejected.retry_after()))),
                );
                if let Ok(ticket) = asked {
                    match *op {
                        Op::Call(outcome) => circuit.settle(ticket, outcome),
                        _ => permits.push(ticket),
                    }
                }
            }
            Op::Settle(which, outcome) if !permits.is_empty() => {
                let ticket = permits.swap_remove(which % permits.len());
                circuit.settle(ticket, outcome);
            }
            Op::Forward(_) | Op::Back(_) | Op::Settle(..) => {}
            Op::Open => circuit.open(),
            Op::HalfOpen => circuit.half_open(),
            Op::Close => circuit.close(),
        }
        let left = circuit.left().map(Ticks::as_duration);
        seen.push(Seen { verdict, state: circuit.state(), tally: circuit.tally(), left });
    }
    seen
}
