//! A breaker, or a set, with the settings of a scenario.

use fusebox::clock::ManualClock;
use fusebox::policy::{self, RatePolicy, TripPolicy};
use fusebox::{CircuitBreaker, Outcome, Settings, SettingsBuilder};

use crate::alone::Alone;
use crate::config::{Abandoned, Backoff, Close, Config, Jitter, Policy, Rates, Tick, WhenFull};
use crate::in_set::InSet;
use crate::packed::{Error, Scenario};
use crate::play::{Played, play};
use crate::shelf::Room;
use crate::trial::Trial;

/// Settings serve breakers on any clock of their type.
type Builder<const HZ: u32, P> = SettingsBuilder<&'static ManualClock<HZ>, P>;

/// Room of the policies, which are constants of their types.
pub(crate) const FAILURES: usize = 256;
pub(crate) const WORDS: usize = 33;
pub(crate) const BUCKETS: usize = 64;

impl<'a> Scenario<'a> {
    /// Plays it on a clock of milliseconds, or of microseconds if its times ask for it.
    ///
    /// # Errors
    /// [`Error`] if it cannot be played.
    pub fn play(&self, trial: Trial, room: &Room) -> Result<Played<'a>, Error> {
        match self.config.tick {
            Tick::Millisecond => Setup::<1_000> { scenario: self, trial, room }.play(),
            Tick::Microsecond => Setup::<1_000_000> { scenario: self, trial, room }.play(),
        }
    }
}

/// A scenario on a clock of so many ticks per second.
struct Setup<'s, 'a, const HZ: u32> {
    scenario: &'s Scenario<'a>,
    trial: Trial,
    room: &'s Room,
}

impl<'a, const HZ: u32> Setup<'_, 'a, HZ> {
    fn play(&self) -> Result<Played<'a>, Error> {
        let builder = Settings::<&'static ManualClock<HZ>>::builder();
        let Config { policy, second, .. } = self.scenario.config;
        match policy {
            Policy::Consecutive { failures } => self.with_second(builder.consecutive(failures), second),
            Policy::MaxFailures { max, window } => {
                self.with_second(builder.max_failures::<FAILURES>(max, window.as_duration()), second)
            }
            // Up to 31 calls are kept in another way than longer windows, so both have to be there.
            Policy::CountWindow { calls: calls @ 0..=31, rates } if second.is_none() => {
                self.alone_or_in_set(self.rated(builder.count_window::<1, 2>(calls, rates.into())))
            }
            Policy::CountWindow { calls, rates } => {
                self.with_second(self.rated(builder.count_window::<WORDS, 2>(calls, rates.into())), second)
            }
            Policy::TimeWindow { buckets, bucket, rates } => {
                let builder = builder.time_window::<BUCKETS, 2>(buckets, bucket.as_duration(), rates.into());
                self.with_second(self.rated(builder), second)
            }
        }
    }

    fn rated<P: RatePolicy>(&self, builder: Builder<HZ, P>) -> Builder<HZ, P> {
        match self.scenario.config.close {
            Close::ByRate => builder.judge_probes_by_rate(),
            Close::After(_) => builder,
        }
    }

    fn with_second<P: TripPolicy>(&self, builder: Builder<HZ, P>, second: Option<Policy>) -> Result<Played<'a>, Error> {
        match second {
            None => self.alone_or_in_set(builder),
            Some(Policy::Consecutive { failures }) => self.alone(builder.or_consecutive(failures)),
            Some(Policy::MaxFailures { max, window }) => {
                self.alone(builder.or_max_failures::<FAILURES>(max, window.as_duration()))
            }
            Some(Policy::CountWindow { calls, rates }) => {
                self.alone(builder.or_count_window::<WORDS, 2>(calls, rates.into()))
            }
            Some(Policy::TimeWindow { buckets, bucket, rates }) => {
                self.alone(builder.or_time_window::<BUCKETS, 2>(buckets, bucket.as_duration(), rates.into()))
            }
        }
    }

    fn alone_or_in_set<P: TripPolicy>(&self, builder: Builder<HZ, P>) -> Result<Played<'a>, Error> {
        let set = self.scenario.config.set.or(self.trial.in_set.then_some(WhenFull::Refuse));
        // Sets on one of the clocks are enough, and take half as much flash.
        match set.filter(|_| HZ == 1_000) {
            Some(when_full) => {
                let clock = ManualClock::<HZ>::new();
                let mut set = InSet::new(&clock, self.settings(builder)?, when_full, *self.room);
                play(self.scenario, self.trial, &mut set)
            }
            None => self.alone(builder),
        }
    }

    fn alone<P: TripPolicy>(&self, builder: Builder<HZ, P>) -> Result<Played<'a>, Error> {
        let clock = ManualClock::<HZ>::new();
        let breaker = CircuitBreaker::with_settings(&clock, self.settings(builder)?);
        play(self.scenario, self.trial, &mut Alone::new(&breaker, *self.room))
    }

    fn settings<'c, P: TripPolicy>(&self, builder: Builder<HZ, P>) -> Result<Settings<&'c ManualClock<HZ>, P>, Error> {
        complete(&self.scenario.config, builder).build().map_err(Error::Settings)
    }
}

impl From<Rates> for policy::Rates {
    fn from(Rates { failures, slow_calls, min_calls }: Rates) -> Self {
        let rates = Self::failures(failures).min_calls(min_calls);
        match slow_calls {
            Some(percent) => rates.slow_calls(percent),
            None => rates,
        }
    }
}

/// Adds all settings but the trip policy.
fn complete<const HZ: u32, P: TripPolicy>(config: &Config, builder: Builder<HZ, P>) -> Builder<HZ, P> {
    let mut builder = builder.wait(config.wait.as_duration()).probes(config.probes);
    builder = match config.backoff {
        Backoff::Constant => builder,
        Backoff::Uncapped => builder.backoff_uncapped(),
        Backoff::UpTo(cap) => builder.backoff_cap(cap.as_duration()),
    };
    builder = builder.jitter(match config.jitter {
        Jitter::None => fusebox::Jitter::None,
        Jitter::Equal => fusebox::Jitter::Equal,
        Jitter::Full => fusebox::Jitter::Full,
    });
    builder = match config.abandoned {
        None => builder,
        Some(Abandoned::Failure) => builder.abandoned(Outcome::Failure),
        Some(Abandoned::Ignored) => builder.abandoned(Outcome::Ignored),
        Some(Abandoned::After(limit)) => builder.abandoned_after(limit.as_duration()),
    };
    if let Some(seed) = config.seed {
        builder = builder.seed(seed);
    }
    if let Close::After(successes) = config.close {
        builder = builder.close_after(successes);
    }
    if let Some(lease) = config.lease {
        builder = builder.lease(lease.as_duration());
    }
    if let Some(quiet) = config.damping {
        builder = builder.damping(quiet.as_duration());
    }
    if let Some(slow) = config.slow_call {
        builder = builder.slow_call(slow.as_duration());
    }
    if config.keep_history { builder.keep_history() } else { builder }
}
