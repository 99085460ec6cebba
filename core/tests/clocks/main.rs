//! Every policy on clocks that stop, are set back, jump and wrap all the time, at rates from 1 Hz to 1 MHz: no wait
//! grows, no circuit is stuck, no probe is one too many, and the rate of the clock makes no difference.

#![cfg(not(fusebox_loom))]
#![allow(clippy::cast_sign_loss, reason = "a counter shows the low 32 bits of the time")]

mod circuit;
mod rates;
mod waits;

use std::env;

use circuit::Config;
use fusebox::{Jitter, Outcome};
use proptest::prelude::*;

fn cases() -> ProptestConfig {
    let cases = env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig { cases: cases.unwrap_or(500), failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn no_wait_grows_and_no_circuit_is_stuck(
        config in configs(&lengths()),
        hz in hz(),
        start in starts(),
        ops in proptest::collection::vec(waits::ops(), 1..60),
    ) {
        waits::check(&config, hz, start, &ops);
    }

    #[test]
    fn the_rate_of_the_clock_makes_no_difference(
        // Whole seconds are whole ticks at each rate, and their jitter is not.
        config in configs(&(1..=10u32).prop_map(|seconds| 2 * seconds).boxed()),
        before_the_wrap in 0..3u32,
        ops in proptest::collection::vec(rates::ops(), 1..100),
    ) {
        rates::check(&Config { jitter: Jitter::None, ..config }, before_the_wrap, &ops);
    }
}

fn hz() -> impl Strategy<Value = u32> {
    prop::sample::select(circuit::RATES.to_vec())
}

/// Often such that the counter wraps in the middle.
fn starts() -> impl Strategy<Value = u32> {
    prop_oneof![any::<u32>(), (0..200u32).prop_map(|before| u32::MAX - before), 0..200u32]
}

/// Of waits and leases in ticks: short ones, and up to the longest.
fn lengths() -> BoxedStrategy<u32> {
    prop_oneof![6 => 1..=40u32, 3 => 1..=100_000u32, 1 => 1..=i32::MAX as u32].boxed()
}

fn configs(length: &BoxedStrategy<u32>) -> impl Strategy<Value = Config> {
    let option = |of: &BoxedStrategy<u32>| proptest::option::of(of.clone());
    let jitter = prop::sample::select(vec![Jitter::None, Jitter::None, Jitter::Equal, Jitter::Full]);
    let lengths = (length.clone(), length.clone(), option(length), option(length), option(length));
    (0..circuit::POLICIES, lengths, 1..=4u8, 1..=4u8, jitter, any::<[bool; 2]>()).prop_map(
        |(policy, (wait, lease, cap, quiet, slow_call), probes, close_after, jitter, [by_rate, keep_history])| Config {
            policy,
            wait,
            lease,
            cap,
            quiet,
            slow_call,
            probes,
            close_after,
            jitter,
            by_rate,
            keep_history,
        },
    )
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    prop_oneof![4 => Just(Outcome::Failure), 4 => Just(Outcome::Success), 1 => Just(Outcome::Ignored)]
}
