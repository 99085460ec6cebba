//! From the settings of a line to those that are packed.

use anyhow::{Result, bail};

use super::line::{Abandoned, AbandonedAfter, Config, Trip};
use super::times::Time;
use crate::config::{self, Backoff, Close, Policy, Rates, Tick};
use crate::millis::Millis;

impl Config {
    /// The settings, on a clock that is fine enough for their own times and for those of the steps.
    pub(super) fn settings(&self, steps: impl Iterator<Item = Millis>) -> Result<config::Config> {
        let close = match (self.half_open.close_after, self.half_open.verdict) {
            (Some(successes), None) => Close::After(successes),
            (None, Some(_)) => Close::ByRate,
            (None, None) => bail!("half_open needs close_after or verdict"),
            (Some(_), Some(_)) => bail!("half_open has both close_after and verdict"),
        };
        let (policy, second) = match &self.trip {
            Trip::Either { of } => (of.0.policy()?, Some(of.1.policy()?)),
            single => (single.policy()?, None),
        };
        if matches!(close, Close::ByRate) && policy.rates().is_none() {
            bail!("half_open.verdict needs a window with rates, first of a pair");
        }
        let whole = self.times().into_iter().chain(steps).all(Millis::is_whole);
        let config = config::Config {
            tick: if whole { Tick::Millisecond } else { Tick::Microsecond },
            policy,
            second,
            set: self.set,
            wait: self.open.wait_ms.into(),
            backoff: self.open.backoff_cap_ms,
            jitter: self.open.jitter.unwrap_or_default(),
            seed: self.open.seed,
            probes: self.half_open.probes,
            close,
            lease: self.half_open.lease_ms.map(Millis::from),
            damping: self.half_open.damping_ms.map(Millis::from),
            abandoned: self.abandoned.map(|abandoned| match abandoned {
                Abandoned::Failure => config::Abandoned::Failure,
                Abandoned::Ignored => config::Abandoned::Ignored,
                Abandoned::After(AbandonedAfter { after_ms }) => config::Abandoned::After(after_ms.into()),
            }),
            slow_call: self.slow_call()?,
            keep_history: self.trip.keeps_history(),
        };
        if config.set.is_some() && !config.fits_set() {
            bail!("a `set` goes by one trip policy, and all its times are whole milliseconds");
        }
        Ok(config)
    }

    /// All times.
    fn times(&self) -> Vec<Millis> {
        let abandoned = match self.abandoned {
            Some(Abandoned::After(AbandonedAfter { after_ms })) => Some(after_ms),
            _ => None,
        };
        let cap = match self.open.backoff_cap_ms {
            Backoff::UpTo(cap) => Some(Time(cap)),
            Backoff::Constant | Backoff::Uncapped => None,
        };
        let optional = [cap, self.half_open.lease_ms, self.half_open.damping_ms, self.slow_ms, abandoned];
        let mut times = self.trip.times();
        times.push(self.open.wait_ms);
        times.extend(optional.into_iter().flatten());
        times.into_iter().map(Millis::from).collect()
    }

    /// The one limit of slow calls, wherever it is said.
    fn slow_call(&self) -> Result<Option<Millis>> {
        let mut limits: Vec<_> = self.trip.slow_limits().into_iter().chain(self.slow_ms).collect();
        limits.dedup();
        match limits.as_slice() {
            [] => Ok(None),
            [limit] => Ok(Some((*limit).into())),
            _ => bail!("slow_ms is said twice and differs"),
        }
    }
}

impl Trip {
    fn policy(&self) -> Result<Policy> {
        Ok(match *self {
            Self::Consecutive { failures } => Policy::Consecutive { failures },
            Self::MaxFailures { max, window_ms, .. } => Policy::MaxFailures { max, window: window_ms.into() },
            Self::CountWindow { calls, min_calls, failure_rate, slow_rate, .. } => {
                Policy::CountWindow { calls, rates: Rates { failures: failure_rate, slow_calls: slow_rate, min_calls } }
            }
            Self::TimeWindow { buckets, bucket_ms, min_calls, failure_rate, slow_rate, .. } => Policy::TimeWindow {
                buckets,
                bucket: bucket_ms.into(),
                rates: Rates { failures: failure_rate, slow_calls: slow_rate, min_calls },
            },
            Self::Either { .. } => bail!("`either` takes two policies, not pairs of them"),
        })
    }

    fn times(&self) -> Vec<Time> {
        match self {
            Self::Consecutive { .. } => Vec::new(),
            Self::MaxFailures { window_ms, .. } => vec![*window_ms],
            Self::CountWindow { slow_ms, .. } => slow_ms.iter().copied().collect(),
            Self::TimeWindow { bucket_ms, slow_ms, .. } => slow_ms.iter().copied().chain([*bucket_ms]).collect(),
            Self::Either { of } => [of.0.times(), of.1.times()].concat(),
        }
    }

    fn slow_limits(&self) -> Vec<Time> {
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
