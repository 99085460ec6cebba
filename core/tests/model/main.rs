//! The breaker against a slow, obvious model, operation by operation.

#![cfg(not(fusebox_loom))]
#![allow(clippy::cast_precision_loss, reason = "the model may be as imprecise as its numbers are small")]

mod slow;

use std::time::Duration;

use fusebox::clock::ManualClock;
use fusebox::policy::{self, TripPolicy};
use fusebox::{CircuitBreaker, Instant, Outcome, Permit, Settings, SettingsBuilder};
use proptest::prelude::*;
use slow::{Abandoned, Config, Model, Policy, Rates};

type Clock<'a> = &'a ManualClock<1_000>;

#[derive(Clone, Copy, Debug)]
enum Op {
    Advance(u32),
    Acquire,
    /// Which of the outstanding permits, as what, measured by the caller or by the clock.
    Settle(usize, Outcome, Option<u32>),
    Drop(usize),
    Open,
    OpenFor(u32),
    WaitAtLeast(u32),
    Report(Outcome),
    HalfOpen,
    Close,
    Reset,
    ForceOpen,
    Disable,
    Observe,
    Automatic,
}

/// Runs the operations on both and compares all that can be seen after each.
fn agree<P: TripPolicy>(builder: SettingsBuilder<Clock<'_>, P>, config: &Config, start: u32, ops: &[Op]) {
    let clock = ManualClock::<1_000>::new();
    clock.set(Instant::from_ticks(start));
    let settings = builder.build().unwrap_or_else(|error| panic!("{error}: {config:?}"));
    let breaker = CircuitBreaker::with_settings(&clock, settings);
    // A clock that starts within an hour before the wrap looks like one that was set back from 0, and
    // time buckets are then aligned to the wrap.
    let origin = if start > u32::MAX - 3_600_000 { 1 << 32 } else { 0 };
    let mut model = Model::new(config.clone(), u64::from(start), origin);
    let mut permits: Vec<(Permit<'_, Clock<'_>, P>, slow::Permit)> = Vec::new();
    // The first result tells a time window where it is.
    breaker.try_acquire().unwrap().success();
    let first = model.acquire().unwrap();
    model.settle(first, Outcome::Success, 0);

    for (turn, op) in ops.iter().enumerate() {
        let context = || format!("operation {turn} of {ops:?}\nfrom tick {start} with {config:?}\nmodel {model:?}");
        match *op {
            Op::Advance(ticks) => {
                clock.advance_ticks(ticks);
                model.now += u64::from(ticks);
            }
            Op::Acquire => {
                let expected_retry = model.retry_after();
                assert_eq!(breaker.retry_after().map(|left| u64::from(left.count())), expected_retry, "{}", context());
                match (breaker.try_acquire(), model.acquire()) {
                    (Ok(permit), Ok(expected)) => {
                        assert_eq!(permit.would_reject(), expected.would_reject);
                        permits.push((permit, expected));
                    }
                    (Err(rejected), Err(retry)) => {
                        assert_eq!(rejected.retry_after().map(|left| u64::from(left.count())), retry);
                    }
                    (got, expected) => {
                        panic!("{got:?} instead of {expected:?} at operation {turn} of {ops:?} with {config:?}")
                    }
                }
            }
            Op::Settle(which, outcome, took) if !permits.is_empty() => {
                let (permit, expected) = permits.swap_remove(which % permits.len());
                if let Some(ticks) = took {
                    permit.settle_timed(outcome, Duration::from_millis(ticks.into()));
                    model.settle(expected, outcome, ticks.into());
                } else {
                    permit.settle(outcome);
                    model.settle(expected, outcome, model.took(expected));
                }
            }
            Op::Drop(which) if !permits.is_empty() => {
                let (permit, expected) = permits.swap_remove(which % permits.len());
                drop(permit);
                model.abandon(expected);
            }
            Op::Settle(..) | Op::Drop(_) => {}
            Op::Open => {
                breaker.open();
                model.open_by_hand();
            }
            Op::OpenFor(ticks) => {
                breaker.open_for(Duration::from_millis(ticks.into())).unwrap();
                model.open_for(ticks.into());
            }
            Op::WaitAtLeast(ticks) => {
                let longer = breaker.wait_at_least(Duration::from_millis(ticks.into())).unwrap();
                assert_eq!(longer, model.wait_at_least(ticks.into()), "operation {turn} of {ops:?} with {config:?}");
            }
            Op::Report(outcome) => {
                breaker.report(outcome);
                model.report(outcome);
            }
            Op::HalfOpen => assert_eq!(breaker.half_open(), model.half_open()),
            Op::Close => {
                breaker.close();
                model.close();
            }
            Op::Reset => {
                breaker.reset();
                model.reset();
            }
            Op::ForceOpen => {
                breaker.force_open();
                model.force_open();
            }
            Op::Disable => {
                breaker.disable();
                model.disable();
            }
            Op::Observe => {
                breaker.observe();
                model.observe();
            }
            Op::Automatic => {
                breaker.automatic();
                model.automatic();
            }
        }
        let context =
            || format!("after operation {turn} of {ops:?}\nfrom tick {start} with {config:?}\nmodel {model:?}");
        assert_eq!(breaker.state(), model.state(), "state {}", context());
        let (tally, expected) = (breaker.tally(), model.tally());
        let tally =
            slow::Tally { calls: tally.calls as usize, failures: tally.failures as usize, slow: tally.slow as usize };
        assert_eq!(tally, expected, "tally {}", context());
    }
}

/// Builds the breaker that the model's configuration describes, and runs both.
fn check(config: &Config, start: u32, ops: &[Op]) {
    let ms = |ticks: u64| Duration::from_millis(ticks);
    let mut builder = Settings::<Clock<'_>>::builder()
        .wait(ms(config.wait))
        .probes(config.probes as u8)
        .close_after(config.close_after as u8)
        .lease(ms(config.lease));
    if let Some(cap) = config.cap {
        builder = builder.backoff_cap(ms(cap));
    }
    if let Some(quiet) = config.quiet {
        builder = builder.damping(ms(quiet));
    }
    if let Some(limit) = config.slow_call {
        builder = builder.slow_call(ms(limit));
    }
    if config.keep_history {
        builder = builder.keep_history();
    }
    builder = match config.abandoned {
        Abandoned::Always(outcome) => builder.abandoned(outcome),
        Abandoned::FailureAfter(limit) => builder.abandoned_after(ms(limit)),
    };
    let rates = |rates: Rates| {
        let some = policy::Rates::failures(rates.failure as u8).min_calls(rates.min_calls as u32);
        rates.slow.map_or(some, |percent| some.slow_calls(percent as u8))
    };
    macro_rules! by_rate {
        ($builder:expr) => {
            if config.judged_by_rate {
                agree($builder.judge_probes_by_rate(), config, start, ops)
            } else {
                agree($builder, config, start, ops)
            }
        };
    }
    match &config.policy {
        Policy::MaxFailures { max, window } => {
            agree(builder.max_failures::<5>(*max as u32, ms(*window)), config, start, ops);
        }
        Policy::Consecutive { failures } => agree(builder.consecutive(*failures as u32), config, start, ops),
        Policy::CountWindow { calls, rates: r } if r.slow.is_some() => {
            by_rate!(builder.count_window::<1, 2>(*calls as u32, rates(*r)));
        }
        Policy::CountWindow { calls, rates: r } if *calls > 20 => {
            by_rate!(builder.count_window::<3, 1>(*calls as u32, rates(*r)));
        }
        Policy::CountWindow { calls, rates: r } => by_rate!(builder.count_window::<1, 1>(*calls as u32, rates(*r))),
        Policy::TimeWindow { buckets, bucket, rates: r } if r.slow.is_some() => {
            by_rate!(builder.time_window::<8, 2>(*buckets as u32, ms(*bucket), rates(*r)));
        }
        Policy::TimeWindow { buckets, bucket, rates: r } => {
            by_rate!(builder.time_window::<8, 1>(*buckets as u32, ms(*bucket), rates(*r)));
        }
        Policy::Either(first, second) => match (&**first, &**second) {
            (Policy::CountWindow { calls, rates: r }, Policy::Consecutive { failures }) => {
                let builder = builder.count_window::<1, 1>(*calls as u32, rates(*r));
                by_rate!(builder.or_consecutive(*failures as u32));
            }
            (Policy::MaxFailures { max, window }, Policy::TimeWindow { buckets, bucket, rates: r }) => {
                let builder = builder.max_failures::<5>(*max as u32, ms(*window));
                agree(builder.or_time_window::<8, 1>(*buckets as u32, ms(*bucket), rates(*r)), config, start, ops);
            }
            other => panic!("no such pair here: {other:?}"),
        },
    }
}

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
