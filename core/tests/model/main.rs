//! The breaker against a slow, obvious model, operation by operation.

#![cfg(not(fusebox_loom))]
#![allow(clippy::cast_precision_loss, reason = "the model may be as imprecise as its numbers are small")]

mod agree;
mod slow;

use agree::{Op, check};
use fusebox::Outcome;
use proptest::prelude::*;
use slow::{Abandoned, Config, Policy, Rates};

fn rates(slow: bool) -> impl Strategy<Value = Rates> {
    (1u64..=100, 1u64..=100, 1usize..8).prop_map(move |(failure, percent, min_calls)| Rates {
        failure,
        slow: slow.then_some(percent),
        min_calls,
    })
}

fn policies(slow: bool) -> impl Strategy<Value = Policy> {
    let max_failures = (0usize..=5, 1u64..60).prop_map(|(max, window)| Policy::MaxFailures { max, window }).boxed();
    let consecutive = (1usize..5).prop_map(|failures| Policy::Consecutive { failures }).boxed();
    let count = |slow| {
        (prop_oneof![8usize..=20, 31usize..=60], rates(slow))
            .prop_map(|(calls, rates)| Policy::CountWindow {
                calls: if rates.slow.is_some() { calls.min(31) } else { calls },
                rates,
            })
            .boxed()
    };
    let short = (8usize..=20, rates(false)).prop_map(|(calls, rates)| Policy::CountWindow { calls, rates });
    let time = |slow| {
        (1u64..=8, 1u64..20, rates(slow))
            .prop_map(|(buckets, bucket, rates)| Policy::TimeWindow { buckets, bucket, rates })
            .boxed()
    };
    let either = |(a, b)| Policy::Either(Box::new(a), Box::new(b));
    prop_oneof![
        max_failures.clone(),
        consecutive.clone(),
        count(slow),
        time(slow),
        (short, consecutive).prop_map(either),
        (max_failures, time(false)).prop_map(either),
    ]
}

fn configs() -> impl Strategy<Value = Config> {
    let outcome = prop_oneof![Just(Outcome::Failure), Just(Outcome::Ignored), Just(Outcome::Success)];
    let abandoned = prop_oneof![outcome.prop_map(Abandoned::Always), (0u64..8).prop_map(Abandoned::FailureAfter)];
    let numbers = (0u64..20, proptest::option::of(1u64..200), 1usize..=4, 1usize..=4, 1u64..20);
    let rest = (proptest::option::of(1u64..30), abandoned, proptest::option::of(0u64..8), any::<[bool; 2]>());
    (numbers, rest).prop_flat_map(
        |((wait, cap, probes, close_after, lease), (quiet, abandoned, slow_call, [keep_history, by_rate]))| {
            policies(slow_call.is_some()).prop_map(move |policy| Config {
                judged_by_rate: by_rate && has_rates_first(&policy),
                policy,
                wait,
                cap,
                probes,
                close_after,
                lease,
                quiet,
                abandoned,
                slow_call,
                keep_history,
            })
        },
    )
}

fn has_rates_first(policy: &Policy) -> bool {
    match policy {
        Policy::CountWindow { .. } | Policy::TimeWindow { .. } => true,
        Policy::Either(first, _) => has_rates_first(first),
        _ => false,
    }
}

fn ops() -> impl Strategy<Value = Op> {
    let outcome = prop_oneof![4 => Just(Outcome::Failure), 3 => Just(Outcome::Success), 1 => Just(Outcome::Ignored)];
    prop_oneof![
        12 => Just(Op::Acquire),
        12 => (0usize..8, outcome, proptest::option::of(0u32..12)).prop_map(|(which, outcome, took)| Op::Settle(which, outcome, took)),
        2 => (0usize..8).prop_map(Op::Drop),
        6 => (0u32..12).prop_map(Op::Advance),
        1 => (0u32..100_000).prop_map(Op::Advance),
        1 => prop_oneof![Just(Outcome::Failure), Just(Outcome::Success), Just(Outcome::Ignored)].prop_map(Op::Report),
        1 => prop_oneof![
            Just(Op::Open), (0u32..30).prop_map(Op::OpenFor), (0u32..30).prop_map(Op::WaitAtLeast), Just(Op::HalfOpen), Just(Op::Close), Just(Op::Reset),
            Just(Op::ForceOpen), Just(Op::Disable), Just(Op::Observe), Just(Op::Automatic), Just(Op::Automatic),
        ],
    ]
}

/// Far from a wrap, shortly before one of 2^32 and before one of 2^31.
fn starts() -> impl Strategy<Value = u32> {
    prop_oneof![0u32..1_000, (u32::MAX - 300)..u32::MAX, ((1u32 << 31) - 300)..(1 << 31), 0u32..u32::MAX]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_the_slow_model(config in configs(), start in starts(), ops in proptest::collection::vec(ops(), 1..120)) {
        check(&config, start, &ops);
    }
}

fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(4_000)
}

/// Every history of seven operations of a small breaker, with a wrap in the middle.
#[test]
fn every_short_history_agrees_with_the_slow_model() {
    let config = Config {
        policy: Policy::MaxFailures { max: 1, window: 3 },
        wait: 2,
        cap: Some(4),
        probes: 2,
        close_after: 2,
        judged_by_rate: false,
        lease: 3,
        quiet: None,
        abandoned: Abandoned::Always(Outcome::Failure),
        slow_call: None,
        keep_history: false,
    };
    let alphabet = [
        Op::Advance(1),
        Op::Acquire,
        Op::Settle(0, Outcome::Success, None),
        Op::Settle(1, Outcome::Failure, None),
        Op::Settle(0, Outcome::Ignored, None),
        Op::Drop(0),
        Op::Open,
        Op::ForceOpen,
        Op::Automatic,
    ];
    let depth = if cfg!(miri) { 3 } else { 6 };
    let histories = alphabet.len().pow(depth);
    for number in 0..histories {
        // A circuit that is already open makes short histories interesting.
        let mut ops = vec![
            Op::Acquire,
            Op::Settle(0, Outcome::Failure, None),
            Op::Acquire,
            Op::Settle(0, Outcome::Failure, None),
        ];
        ops.extend((0..depth).map(|place| alphabet[number / alphabet.len().pow(place) % alphabet.len()]));
        check(&config, u32::MAX - 2, &ops);
    }
}
