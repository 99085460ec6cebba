//! The breaker and the slow model, side by side. `fuzz` runs this too.

use std::time::Duration;

use fusebox::clock::ManualClock;
use fusebox::policy::{self, TripPolicy};
use fusebox::{CircuitBreaker, Instant, Outcome, Permit, Settings, SettingsBuilder};

use super::slow::{Abandoned, Config, Model, Permit as Expected, Policy, Rates, Tally};

type Clock<'a> = &'a ManualClock<1_000>;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
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
    let mut permits: Vec<(Permit<'_, Clock<'_>, P>, Expected)> = Vec::new();
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
        let tally = Tally { calls: tally.calls as usize, failures: tally.failures as usize, slow: tally.slow as usize };
        assert_eq!(tally, expected, "tally {}", context());
    }
}

/// Builds the breaker that the model's configuration describes, and runs both.
pub(crate) fn check(config: &Config, start: u32, ops: &[Op]) {
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
