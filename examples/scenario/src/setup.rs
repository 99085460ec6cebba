//! A breaker, or a set, with the settings of a scenario.

use fusebox::clock::ManualClock;
use fusebox::policy::{self, RatePolicy, TripPolicy};
use fusebox::{CircuitBreaker, Outcome, Settings, SettingsBuilder};

use crate::alone::Alone;
use crate::config::{Abandoned, Backoff, Close, Config, Jitter, Policy, Rates, Tick, WhenFull};
use crate::in_set::InSet;
use crate::packed::Error;
use crate::shelf::Room;
use crate::subject::Subject;

/// Settings serve breakers on any clock of their type.
type Builder<const HZ: u32, P> = SettingsBuilder<&'static ManualClock<HZ>, P>;

/// Room of the policies, which are constants of their types.
pub(crate) const FAILURES: usize = 256;
pub(crate) const WORDS: usize = 33;
pub(crate) const BUCKETS: usize = 64;

/// What is done with a breaker or a set. Dynamic, so that all that plays shares the code of every policy.
pub(crate) type Play<'p> = &'p mut dyn FnMut(&mut dyn Subject);

/// Makes a breaker of these settings, or a set, on a clock of milliseconds or of microseconds, and plays with it.
///
/// # Errors
/// [`Error`] if there is none with such settings.
pub(crate) fn with_subject(config: &Config, in_set: bool, room: &Room, play: Play<'_>) -> Result<(), Error> {
    match config.tick {
        Tick::Millisecond => Setup::<1_000> { config, in_set, room }.play(play),
        Tick::Microsecond => Setup::<1_000_000> { config, in_set, room }.play(play),
    }
}

/// Settings for a clock of so many ticks per second.
struct Setup<'s, const HZ: u32> {
    config: &'s Config,
    in_set: bool,
    room: &'s Room,
}

impl<const HZ: u32> Setup<'_, HZ> {
    fn play(&self, play: Play<'_>) -> Result<(), Error> {
        let builder = Settings::<&'static ManualClock<HZ>>::builder();
        let Config { policy, second, .. } = *self.config;
        match policy {
            Policy::Consecutive { failures } => self.with_second(builder.consecutive(failures), second, play),
            Policy::MaxFailures { max, window } => {
                self.with_second(builder.max_failures::<FAILURES>(max, window.as_duration()), second, play)
            }
            // Up to 31 calls are kept in another way than longer windows, so both have to be there.
            Policy::CountWindow { calls: calls @ 0..=31, rates } if second.is_none() => {
                self.alone_or_in_set(self.rated(builder.count_window::<1, 2>(calls, rates.into())), play)
            }
            Policy::CountWindow { calls, rates } => {
                self.with_second(self.rated(builder.count_window::<WORDS, 2>(calls, rates.into())), second, play)
            }
            Policy::TimeWindow { buckets, bucket, rates } => {
                let builder = builder.time_window::<BUCKETS, 2>(buckets, bucket.as_duration(), rates.into());
                self.with_second(self.rated(builder), second, play)
            }
        }
    }

    fn rated<P: RatePolicy>(&self, builder: Builder<HZ, P>) -> Builder<HZ, P> {
        match self.config.close {
            Close::ByRate => builder.judge_probes_by_rate(),
            Close::After(_) => builder,
        }
    }

    fn with_second<P: TripPolicy>(
        &self,
        builder: Builder<HZ, P>,
        second: Option<Policy>,
        play: Play<'_>,
    ) -> Result<(), Error> {
        match second {
            None => self.alone_or_in_set(builder, play),
            Some(Policy::Consecutive { failures }) => self.alone(builder.or_consecutive(failures), play),
            Some(Policy::MaxFailures { max, window }) => {
                self.alone(builder.or_max_failures::<FAILURES>(max, window.as_duration()), play)
            }
            Some(Policy::CountWindow { calls, rates }) => {
                self.alone(builder.or_count_window::<WORDS, 2>(calls, rates.into()), play)
            }
            Some(Policy::TimeWindow { buckets, bucket, rates }) => {
                self.alone(builder.or_time_window::<BUCKETS, 2>(buckets, bucket.as_duration(), rates.into()), play)
            }
        }
    }

    fn alone_or_in_set<P: TripPolicy>(&self, builder: Builder<HZ, P>, play: Play<'_>) -> Result<(), Error> {
        let set = self.config.set.or(self.in_set.then_some(WhenFull::Refuse));
        // Sets on one of the clocks are enough, and take half as much flash.
        match set.filter(|_| HZ == 1_000) {
            Some(when_full) => {
                let clock = ManualClock::<HZ>::new();
                play(&mut InSet::new(&clock, self.settings(builder)?, when_full, *self.room));
                Ok(())
            }
            None => self.alone(builder, play),
        }
    }

    fn alone<P: TripPolicy>(&self, builder: Builder<HZ, P>, play: Play<'_>) -> Result<(), Error> {
        let clock = ManualClock::<HZ>::new();
        let breaker = CircuitBreaker::with_settings(&clock, self.settings(builder)?);
        play(&mut Alone::new(&breaker, *self.room));
        Ok(())
    }

    fn settings<'c, P: TripPolicy>(&self, builder: Builder<HZ, P>) -> Result<Settings<&'c ManualClock<HZ>, P>, Error> {
        complete(self.config, builder).build().map_err(Error::Settings)
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
