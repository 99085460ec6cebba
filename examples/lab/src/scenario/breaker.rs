//! A breaker with the settings of a scenario.

use anyhow::{Result, anyhow, bail};
use fusebox::clock::ManualClock;
use fusebox::policy::{RatePolicy, Rates, TripPolicy};
use fusebox::{CircuitBreaker, Outcome, Settings, SettingsBuilder};

use super::format::{Abandoned, AbandonedAfter, Backoff, Config, Jitter, Scenario, Trip, Verdict};
use super::play::{Failure, play};
use super::time::Millis;

/// What a scenario came to.
type Played = Result<(), Failure>;

/// Settings serve breakers on any clock of their type.
type Builder<const HZ: u32, P> = SettingsBuilder<&'static ManualClock<HZ>, P>;

/// Room of the policies, which are constants of their types.
const FAILURES: usize = 256;
const WORDS: usize = 33;
const BUCKETS: usize = 64;

/// Runs a scenario on a clock of milliseconds, or of microseconds if its times ask for it.
pub(crate) fn run(scenario: &Scenario) -> Result<Played> {
    let steps = scenario.steps.iter().flat_map(|step| [Some(step.at), step.op.time(), step.expect.time()]);
    if steps.flatten().chain(scenario.config.times()).all(Millis::is_whole) {
        Setup::<1_000>(scenario).run()
    } else {
        Setup::<1_000_000>(scenario).run()
    }
}

/// A scenario on a clock of so many ticks per second.
struct Setup<'a, const HZ: u32>(&'a Scenario);

impl<const HZ: u32> Setup<'_, HZ> {
    fn run(&self) -> Result<Played> {
        let config = &self.0.config;
        let builder = Settings::<&'static ManualClock<HZ>>::builder();
        let (first, second) = match &config.trip {
            Trip::Either { of } => (&of.0, Some(&of.1)),
            single => (single, None),
        };
        match first {
            Trip::Consecutive { failures } => self.with_second(self.unrated(builder.consecutive(*failures))?, second),
            Trip::MaxFailures { max, window_ms, .. } => {
                let builder = builder.max_failures::<FAILURES>(*max, window_ms.as_duration());
                self.with_second(self.unrated(builder)?, second)
            }
            Trip::CountWindow { calls, min_calls, failure_rate, slow_rate, .. } => {
                let rates = rates(*failure_rate, *min_calls, *slow_rate);
                // Up to 31 calls are kept in another way than longer windows, so both have to be there.
                match (calls, second) {
                    (0..=31, None) => self.finish(self.rated(builder.count_window::<1, 2>(*calls, rates))),
                    _ => self.with_second(self.rated(builder.count_window::<WORDS, 2>(*calls, rates)), second),
                }
            }
            Trip::TimeWindow { buckets, bucket_ms, min_calls, failure_rate, slow_rate, .. } => {
                let rates = rates(*failure_rate, *min_calls, *slow_rate);
                let builder = builder.time_window::<BUCKETS, 2>(*buckets, bucket_ms.as_duration(), rates);
                self.with_second(self.rated(builder), second)
            }
            Trip::Either { .. } => bail!("config: `either` takes two policies, not pairs of them"),
        }
    }

    fn rated<P: RatePolicy>(&self, builder: Builder<HZ, P>) -> Builder<HZ, P> {
        match self.0.config.half_open.verdict {
            Some(Verdict::Rate) => builder.judge_probes_by_rate(),
            None => builder,
        }
    }

    fn unrated<P: TripPolicy>(&self, builder: Builder<HZ, P>) -> Result<Builder<HZ, P>> {
        match self.0.config.half_open.verdict {
            Some(Verdict::Rate) => {
                bail!("config: half_open.verdict needs a window with rates, first of a pair")
            }
            None => Ok(builder),
        }
    }

    fn with_second<P: TripPolicy>(&self, builder: Builder<HZ, P>, second: Option<&Trip>) -> Result<Played> {
        match second {
            None => self.finish(builder),
            Some(Trip::Consecutive { failures }) => self.finish(builder.or_consecutive(*failures)),
            Some(Trip::MaxFailures { max, window_ms, .. }) => {
                self.finish(builder.or_max_failures::<FAILURES>(*max, window_ms.as_duration()))
            }
            Some(Trip::CountWindow { calls, min_calls, failure_rate, slow_rate, .. }) => {
                let rates = rates(*failure_rate, *min_calls, *slow_rate);
                self.finish(builder.or_count_window::<WORDS, 2>(*calls, rates))
            }
            Some(Trip::TimeWindow { buckets, bucket_ms, min_calls, failure_rate, slow_rate, .. }) => {
                let rates = rates(*failure_rate, *min_calls, *slow_rate);
                self.finish(builder.or_time_window::<BUCKETS, 2>(*buckets, bucket_ms.as_duration(), rates))
            }
            Some(Trip::Either { .. }) => bail!("config: `either` takes two policies, not pairs of them"),
        }
    }

    fn finish<P: TripPolicy>(&self, builder: Builder<HZ, P>) -> Result<Played> {
        let settings = self.0.config.complete(builder)?.build().map_err(|error| {
            anyhow!(
                "config: {error} (a tick is {} here, and N, WORDS and B are {FAILURES}, {WORDS} and {BUCKETS})",
                tick(HZ)
            )
        })?;
        let clock = ManualClock::<HZ>::new();
        let breaker = CircuitBreaker::with_settings(&clock, settings);
        Ok(play(&breaker, &self.0.steps))
    }
}

fn tick(hz: u32) -> &'static str {
    if hz == 1_000 { "1 ms" } else { "1 µs" }
}

fn rates(failure_rate: u8, min_calls: u32, slow_rate: Option<u8>) -> Rates {
    let rates = Rates::failures(failure_rate).min_calls(min_calls);
    match slow_rate {
        Some(percent) => rates.slow_calls(percent),
        None => rates,
    }
}

impl Config {
    /// Adds all settings but the trip policy.
    fn complete<const HZ: u32, P: TripPolicy>(&self, builder: Builder<HZ, P>) -> Result<Builder<HZ, P>> {
        let mut builder = builder.wait(self.open.wait_ms.as_duration()).probes(self.half_open.probes);
        builder = match self.open.backoff_cap_ms {
            Backoff::Constant => builder,
            Backoff::Uncapped => builder.backoff_uncapped(),
            Backoff::UpTo(cap) => builder.backoff_cap(cap.as_duration()),
        };
        builder = match self.open.jitter {
            None => builder,
            Some(Jitter::None) => builder.jitter(fusebox::Jitter::None),
            Some(Jitter::Equal) => builder.jitter(fusebox::Jitter::Equal),
            Some(Jitter::Full) => builder.jitter(fusebox::Jitter::Full),
        };
        builder = match self.abandoned {
            None => builder,
            Some(Abandoned::Failure) => builder.abandoned(Outcome::Failure),
            Some(Abandoned::Ignored) => builder.abandoned(Outcome::Ignored),
            Some(Abandoned::After(AbandonedAfter { after_ms })) => builder.abandoned_after(after_ms.as_duration()),
        };
        if let Some(seed) = self.open.seed {
            builder = builder.seed(seed);
        }
        if let Some(close_after) = self.half_open.close_after {
            builder = builder.close_after(close_after);
        }
        if let Some(lease) = self.half_open.lease_ms {
            builder = builder.lease(lease.as_duration());
        }
        if let Some(quiet) = self.half_open.damping_ms {
            builder = builder.damping(quiet.as_duration());
        }
        if let Some(slow) = self.slow_call()? {
            builder = builder.slow_call(slow.as_duration());
        }
        Ok(if self.trip.keeps_history() { builder.keep_history() } else { builder })
    }

    /// The one limit of slow calls, wherever it is said.
    fn slow_call(&self) -> Result<Option<Millis>> {
        let mut limits: Vec<_> = self.trip.slow_limits().into_iter().chain(self.slow_ms).collect();
        limits.dedup();
        match limits.as_slice() {
            [] => Ok(None),
            [limit] => Ok(Some(*limit)),
            _ => bail!("config: slow_ms is said twice and differs"),
        }
    }
}

impl Trip {
    fn slow_limits(&self) -> Vec<Millis> {
        match self {
            Self::CountWindow { slow_ms, .. } | Self::TimeWindow { slow_ms, .. } => slow_ms.iter().copied().collect(),
            Self::Either { of } => [of.0.slow_limits(), of.1.slow_limits()].concat(),
            Self::Consecutive { .. } | Self::MaxFailures { .. } => Vec::new(),
        }
    }

    fn keeps_history(&self) -> bool {
        match self {
            Self::MaxFailures { keep_history, .. } => *keep_history,
            Self::Either { of } => of.0.keeps_history() || of.1.keeps_history(),
            _ => false,
        }
    }
}
