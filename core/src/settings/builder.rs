//! How settings are made, and all the checks.

use core::marker::PhantomData;
use core::num::NonZeroU32;
use core::time::Duration;

use super::{Abandoned, Settings};
use crate::jitter::Jitter;
use crate::machine::Rules;
use crate::outcome::Outcome;
use crate::policy::{Consecutive, CountWindow, MaxFailures, RatePolicy, Rates, TimeWindow};
use crate::policy::{MAX_BUCKETS, capacity};
use crate::settings_error::SettingsError;
use crate::time::{Clock, MAX_TICKS, skew, ticks_in, ticks_in_at_most};
use crate::word::MAX_PROBES;

/// Makes [`Settings`]. Methods may be called in any order and in a `const`; the first impossible value
/// is reported by [`build`](Self::build).
///
/// ```
/// use core::time::Duration;
/// use fusebox::{Jitter, Settings, SettingsError, clock::ManualClock};
///
/// let settings = Settings::<ManualClock>::builder()
///     .wait(Duration::from_secs(2))
///     .backoff_cap(Duration::from_secs(120))
///     .jitter(Jitter::Equal)
///     .seed(0x5eed)
///     .close_after(3)
///     .build();
/// assert!(settings.is_ok());
///
/// // The clock's 32 bits wrap after 49.7 days, and a wait has to end within half of that.
/// let month = Duration::from_secs(30 * 24 * 3_600);
/// let error = Settings::<ManualClock>::builder().wait(month).build().unwrap_err();
/// assert_eq!((error, error.field()), (SettingsError::Wait, "wait"));
/// ```
#[must_use = "settings take effect once they are built"]
pub struct SettingsBuilder<C, P = MaxFailures<3>> {
    settings: Settings<C, P>,
    error: Option<SettingsError>,
    /// Errors that go away with the value that they are about, which may be a default that the clock
    /// cannot measure.
    policy_error: Option<SettingsError>,
    wait_error: Option<SettingsError>,
    lease_error: Option<SettingsError>,
    wants_slow_calls: bool,
}

impl<C: Clock> SettingsBuilder<C> {
    pub(super) const fn new() -> Self {
        let rules = Rules {
            wait: 0,
            cap: 0,
            lease: 0,
            quiet: 0,
            skew: skew(C::HZ),
            seed: 0,
            jitter: Jitter::None,
            probes: 1,
            close_after: 1,
        };
        let settings = Settings {
            policy: MaxFailures { max: 3, window: 0 },
            rules,
            slow_call: u32::MAX,
            timed: false,
            abandoned: Abandoned::Always(Outcome::Failure),
            keep_history: false,
            judged_by_rate: false,
            clock: PhantomData,
        };
        let error = if C::HZ == 0 { Some(SettingsError::ClockRate) } else { None };
        let minute = Duration::from_secs(60);
        let (policy_error, wait_error, lease_error) = (None, None, None);
        Self { settings, error, policy_error, wait_error, lease_error, wants_slow_calls: false }
            .max_failures(3, minute)
            .wait(Duration::from_secs(10))
            .lease(minute)
    }
}

impl<C: Clock, P: Copy> SettingsBuilder<C, P> {
    /// Checks everything and makes the settings.
    pub const fn build(self) -> Result<Settings<C, P>, SettingsError> {
        let error = first(self.error, first(self.policy_error, first(self.wait_error, self.lease_error)));
        match error {
            Some(error) => Err(error),
            None if self.wants_slow_calls && self.settings.slow_call == u32::MAX => Err(SettingsError::SlowCallMissing),
            None => Ok(self.settings),
        }
    }

    /// How long the circuit is open before a probe, 0 to 2<sup>31</sup> - 1 ticks; 10 s by default.
    #[doc(alias = "reset_timeout")]
    pub const fn wait(mut self, wait: Duration) -> Self {
        (self.settings.rules.wait, self.wait_error) = match ticks_in(wait, C::HZ) {
            Some(ticks) => (ticks, None),
            None => (0, Some(SettingsError::Wait)),
        };
        self
    }

    /// Doubles the wait for every failed probe since the circuit was last closed, up to this:
    /// `min(wait * 2^failed, cap)`.
    pub const fn backoff_cap(mut self, cap: Duration) -> Self {
        match ticks_in(cap, C::HZ) {
            Some(ticks @ 1..) => self.settings.rules.cap = ticks,
            _ => return self.refuse(SettingsError::BackoffCap),
        }
        self
    }

    /// Doubles the wait for every failed probe, up to 2<sup>16</sup> times and as far as the clock goes.
    pub const fn backoff_uncapped(mut self) -> Self {
        self.settings.rules.cap = MAX_TICKS;
        self
    }

    /// Leaves part of the wait to chance, drawn once per opening.
    #[doc(alias = "with_jitter")]
    pub const fn jitter(mut self, jitter: Jitter) -> Self {
        self.settings.rules.jitter = jitter;
        self
    }

    /// What jitter is drawn from: different numbers for devices that share a peer. 0 by default.
    pub const fn seed(mut self, seed: u32) -> Self {
        self.settings.rules.seed = seed;
        self
    }

    /// How many probes may be under way at once while half-open, 1 to 15; 1 by default.
    pub const fn probes(mut self, probes: u8) -> Self {
        if probes == 0 || probes > MAX_PROBES {
            return self.refuse(SettingsError::Probes);
        }
        self.settings.rules.probes = probes;
        self
    }

    /// How many probes must succeed to close the circuit, 1 to 15; 1 by default. One that fails, or is
    /// slow, opens it again.
    pub const fn close_after(mut self, successes: u8) -> Self {
        if successes == 0 || successes > MAX_PROBES {
            return self.refuse(SettingsError::CloseAfter);
        }
        self.settings.rules.close_after = successes;
        self
    }

    /// How long probes may take, 1 to 2<sup>31</sup> - 1 ticks; 60 s by default. Those that have not
    /// settled by then are given up, and the next caller begins a new half-open period: a circuit cannot
    /// be stuck. Choose it longer than the longest call.
    pub const fn lease(mut self, lease: Duration) -> Self {
        (self.settings.rules.lease, self.lease_error) = match ticks_in(lease, C::HZ) {
            Some(ticks @ 1..) => (ticks, None),
            _ => (0, Some(SettingsError::Lease)),
        };
        self
    }

    /// Remembers failed probes over a close, so that a flapping peer backs off.
    ///
    /// Instead of starting from the plain wait, a trip takes up the doubling of the last opening, less
    /// one step per quiet period that passed since, and one step more if not even one did. For use with
    /// [`backoff_cap`](Self::backoff_cap).
    pub const fn damping(mut self, quiet: Duration) -> Self {
        match ticks_in(quiet, C::HZ) {
            Some(ticks @ 1..) => self.settings.rules.quiet = ticks,
            _ => return self.refuse(SettingsError::Damping),
        }
        self
    }

    /// What a permit counts as that is dropped without being settled; a failure by default.
    ///
    /// In Rust a call that times out is a future that is dropped: a breaker that ignores drops never
    /// sees a peer that hangs.
    pub const fn abandoned(mut self, outcome: Outcome) -> Self {
        self.settings.abandoned = Abandoned::Always(outcome);
        self
    }

    /// A permit that is dropped counts as a failure if its call ran at least this long, and is ignored
    /// otherwise: a user who hangs up after a moment is not the peer's fault. Reads the clock once per
    /// call.
    pub const fn abandoned_after(mut self, limit: Duration) -> Self {
        match ticks_in(limit, C::HZ) {
            Some(ticks) => self.settings.abandoned = Abandoned::FailureAfter(ticks),
            None => return self.refuse(SettingsError::AbandonedAfter),
        }
        self.settings.timed = true;
        self
    }

    /// A call that takes longer than this is slow. Slow successes fail a probe, and count for
    /// [`Rates::slow_calls`]. Reads the clock twice per call.
    pub const fn slow_call(mut self, limit: Duration) -> Self {
        match ticks_in(limit, C::HZ) {
            Some(ticks) => self.settings.slow_call = ticks,
            None => return self.refuse(SettingsError::SlowCall),
        }
        self.settings.timed = true;
        self
    }

    /// Keeps the policy's history over a close and takes the results of probes into it, as
    /// python-circuit does: the first failure after a recovery may open the circuit at once.
    pub const fn keep_history(mut self) -> Self {
        self.settings.keep_history = true;
        self
    }

    /// Opens on failure number `max + 1` within `window`, `max` being at most `N` and the window at most
    /// 2<sup>30</sup> - 1 ticks: 12.4 days at 1 kHz, 17.9 minutes at 1 MHz. Instead of the policy so far.
    #[doc(alias("maxfail", "time_unit"))]
    pub const fn max_failures<const N: usize>(self, max: u32, window: Duration) -> SettingsBuilder<C, MaxFailures<N>> {
        self.without_rates().with_policy(max_failures(max, window, C::HZ))
    }

    /// Opens on so many failures in a row, 1 or more. Instead of the policy so far.
    pub const fn consecutive(self, failures: u32) -> SettingsBuilder<C, Consecutive> {
        self.without_rates().with_policy(consecutive(failures))
    }

    /// Opens when the last `calls` calls break a rate. See [`CountWindow`] for the room they need.
    /// Instead of the policy so far.
    pub const fn count_window<const WORDS: usize, const TRACKS: usize>(
        self,
        calls: u32,
        rates: Rates,
    ) -> SettingsBuilder<C, CountWindow<WORDS, TRACKS>> {
        self.wanting(rates, false).with_policy(count_window(calls, rates))
    }

    /// Opens when the calls of the last `buckets` buckets, at most `B`, break a rate. Instead of the
    /// policy so far.
    pub const fn time_window<const B: usize, const TRACKS: usize>(
        self,
        buckets: u32,
        bucket: Duration,
        rates: Rates,
    ) -> SettingsBuilder<C, TimeWindow<B, TRACKS>> {
        self.wanting(rates, false).with_policy(time_window(buckets, bucket, rates, C::HZ))
    }

    /// A policy of your own, instead of the policy so far.
    pub const fn trip<T: Copy>(self, policy: T) -> SettingsBuilder<C, T> {
        self.without_rates().with_policy((policy, None))
    }

    /// Opens also on failure number `max + 1` within `window`: see [`max_failures`](Self::max_failures).
    pub const fn or_max_failures<const N: usize>(
        self,
        max: u32,
        window: Duration,
    ) -> SettingsBuilder<C, (P, MaxFailures<N>)> {
        self.with_pair(max_failures(max, window, C::HZ))
    }

    /// Opens also on so many failures in a row: see [`consecutive`](Self::consecutive).
    pub const fn or_consecutive(self, failures: u32) -> SettingsBuilder<C, (P, Consecutive)> {
        self.with_pair(consecutive(failures))
    }

    /// Opens also when the last `calls` calls break a rate: see [`count_window`](Self::count_window).
    pub const fn or_count_window<const WORDS: usize, const TRACKS: usize>(
        self,
        calls: u32,
        rates: Rates,
    ) -> SettingsBuilder<C, (P, CountWindow<WORDS, TRACKS>)> {
        self.wanting(rates, true).with_pair(count_window(calls, rates))
    }

    /// Opens also when a stretch of time breaks a rate: see [`time_window`](Self::time_window).
    pub const fn or_time_window<const B: usize, const TRACKS: usize>(
        self,
        buckets: u32,
        bucket: Duration,
        rates: Rates,
    ) -> SettingsBuilder<C, (P, TimeWindow<B, TRACKS>)> {
        self.wanting(rates, true).with_pair(time_window(buckets, bucket, rates, C::HZ))
    }

    /// Opens also when a policy of your own would.
    pub const fn or_trip<T: Copy>(self, policy: T) -> SettingsBuilder<C, (P, T)> {
        self.with_pair((policy, None))
    }

    const fn with_pair<T: Copy>(self, (policy, error): Checked<T>) -> SettingsBuilder<C, (P, T)> {
        let pair = (self.settings.policy, policy);
        let error = first(self.policy_error, error);
        self.with_policy((pair, error))
    }

    const fn with_policy<T: Copy>(self, (policy, policy_error): Checked<T>) -> SettingsBuilder<C, T> {
        let Settings { rules, slow_call, timed, abandoned, keep_history, judged_by_rate, .. } = self.settings;
        let settings =
            Settings { policy, rules, slow_call, timed, abandoned, keep_history, judged_by_rate, clock: PhantomData };
        let Self { error, wait_error, lease_error, wants_slow_calls, .. } = self;
        SettingsBuilder { settings, error, policy_error, wait_error, lease_error, wants_slow_calls }
    }

    const fn refuse(mut self, error: SettingsError) -> Self {
        self.error = first(self.error, Some(error));
        self
    }

    const fn without_rates(mut self) -> Self {
        self.wants_slow_calls = false;
        self
    }

    const fn wanting(mut self, rates: Rates, already: bool) -> Self {
        self.wants_slow_calls = rates.slow != 0 || already && self.wants_slow_calls;
        self
    }
}

/// The first error is the one to tell.
const fn first(first: Option<SettingsError>, second: Option<SettingsError>) -> Option<SettingsError> {
    if first.is_some() { first } else { second }
}

impl<C: Clock, P: RatePolicy> SettingsBuilder<C, P> {
    /// Judges probes by the policy's rates: exactly [`probes`](Self::probes) are let through, and once
    /// that many results are in, or `min_calls` of them if that is less, the rates close or open the
    /// circuit. A single failure then decides nothing.
    pub const fn judge_probes_by_rate(mut self) -> Self {
        self.settings.judged_by_rate = true;
        self
    }
}

impl<C, P> core::fmt::Debug for SettingsBuilder<C, P>
where
    P: core::fmt::Debug,
{
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SettingsBuilder")
            .field("settings", &self.settings)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "defmt")]
impl<C, P: defmt::Format> defmt::Format for SettingsBuilder<C, P> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "SettingsBuilder {{ settings: {}, error: {} }}", self.settings, self.error);
    }
}

/// A policy, and what is wrong with it.
type Checked<P> = (P, Option<SettingsError>);

const fn max_failures<const N: usize>(max: u32, window: Duration, hz: u32) -> Checked<MaxFailures<N>> {
    // Times are kept in 31 bits, so that a window has to end within half of those.
    let (window, error) = match ticks_in(window, hz) {
        Some(ticks) if ticks > 0 && ticks <= MAX_TICKS >> 1 => (ticks, None),
        _ => (1, Some(SettingsError::Window)),
    };
    let error = if max as usize > N { Some(SettingsError::MaxFailures) } else { error };
    (MaxFailures { max, window }, error)
}

const fn consecutive(failures: u32) -> Checked<Consecutive> {
    (Consecutive { failures }, if failures == 0 { Some(SettingsError::Consecutive) } else { None })
}

const fn count_window<const WORDS: usize, const TRACKS: usize>(
    calls: u32,
    rates: Rates,
) -> Checked<CountWindow<WORDS, TRACKS>> {
    let (rates, error) = judging(rates, calls, calls, TRACKS);
    let error = if calls == 0 || calls > capacity(WORDS) { Some(SettingsError::Calls) } else { error };
    (CountWindow { calls, rates }, error)
}

const fn time_window<const B: usize, const TRACKS: usize>(
    buckets: u32,
    bucket: Duration,
    rates: Rates,
    hz: u32,
) -> Checked<TimeWindow<B, TRACKS>> {
    // A bucket counts 32,767 calls before it halves.
    let (rates, error) = judging(rates, 10, buckets.saturating_mul(0x3fff), TRACKS);
    let ticks = ticks_in_at_most(bucket, hz);
    let (bucket, error) = match (NonZeroU32::new(ticks), ticks.checked_mul(buckets)) {
        (Some(bucket), Some(..=MAX_TICKS)) => (bucket, error),
        _ => (NonZeroU32::MIN, Some(SettingsError::Bucket)),
    };
    let error =
        if buckets == 0 || buckets as usize > B || B > MAX_BUCKETS { Some(SettingsError::Buckets) } else { error };
    (TimeWindow { buckets, bucket, rates }, error)
}

/// The rates with their default filled in, for a window that holds up to `most` calls.
const fn judging(rates: Rates, default: u32, most: u32, tracks: usize) -> (Rates, Option<SettingsError>) {
    let rates = if rates.min_calls == 0 { Rates { min_calls: default, ..rates } } else { rates };
    let error = if tracks != 1 && tracks != 2 {
        Some(SettingsError::Tracks)
    } else if rates.failure == 0 || rates.failure > 100 {
        Some(SettingsError::FailureRate)
    } else if rates.slow > 100 {
        Some(SettingsError::SlowRate)
    } else if rates.slow > 0 && tracks < 2 {
        Some(SettingsError::SlowRateRoom)
    } else if rates.min_calls > most {
        Some(SettingsError::MinCalls)
    } else {
        None
    };
    (rates, error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    type Fast = ManualClock<100_000_000>;

    #[test]
    fn a_default_that_the_clock_cannot_measure_can_be_replaced() {
        let short = Duration::from_secs(5);
        let builder = || Settings::<Fast>::builder();
        assert_eq!(builder().build().err(), Some(SettingsError::Window));
        assert_eq!(builder().consecutive(3).build().err(), Some(SettingsError::Lease));
        assert!(builder().consecutive(3).lease(short).build().is_ok());
        assert!(builder().max_failures::<3>(3, short).lease(short).build().is_ok());
        assert_eq!(builder().consecutive(3).or_consecutive(0).build().err(), Some(SettingsError::Consecutive));
        assert!(builder().consecutive(0).consecutive(1).lease(short).build().is_ok());
    }

    #[test]
    fn slow_rates_want_to_know_what_is_slow() {
        let rates = Rates::failures(50).slow_calls(50);
        let builder = || Settings::<ManualClock>::builder();
        let windowed = || builder().count_window::<1, 2>(10, rates);
        assert_eq!(windowed().build().err(), Some(SettingsError::SlowCallMissing));
        assert_eq!(windowed().or_consecutive(3).build().err(), Some(SettingsError::SlowCallMissing));
        assert!(windowed().consecutive(3).build().is_ok());
        assert!(windowed().slow_call(Duration::from_secs(1)).build().is_ok());
        assert_eq!(builder().count_window::<1, 1>(10, rates).build().err(), Some(SettingsError::SlowRateRoom));
    }
}
