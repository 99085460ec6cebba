//! What a breaker goes by, checked when it is built.

mod builder;
mod constant;

pub use builder::SettingsBuilder;

use core::marker::PhantomData;

use crate::machine::Rules;
use crate::outcome::Outcome;
use crate::policy::{MaxFailures, Rates, TripPolicy};
use crate::time::{Clock, Ticks};

/// What a breaker goes by, for clocks of type `C`.
///
/// Durations are turned into ticks here, so no call ever divides. Building checks everything, in a
/// `const` while compiling: see [`checked!`](crate::checked).
///
/// | setting | default | range |
/// |---|---|---|
/// | [`max_failures`](SettingsBuilder::max_failures) or another policy | 3 in 60 s: the fourth opens | see the method |
/// | [`wait`](SettingsBuilder::wait) | 10 s | 0 to 2<sup>31</sup> - 1 ticks |
/// | [`backoff_cap`](SettingsBuilder::backoff_cap) | the wait is not doubled | 1 to 2<sup>31</sup> - 1 ticks |
/// | [`jitter`](SettingsBuilder::jitter) | none | none, equal, full |
/// | [`probes`](SettingsBuilder::probes) | 1 at a time | 1 to 15 |
/// | [`close_after`](SettingsBuilder::close_after) | 1 success | 1 to 15 |
/// | [`lease`](SettingsBuilder::lease) | 60 s | 1 to 2<sup>31</sup> - 1 ticks |
/// | [`damping`](SettingsBuilder::damping) | none | 1 to 2<sup>31</sup> - 1 ticks |
/// | [`abandoned`](SettingsBuilder::abandoned) | failure | |
/// | [`slow_call`](SettingsBuilder::slow_call) | no call is slow | 0 to 2<sup>31</sup> - 1 ticks |
/// | [`keep_history`](SettingsBuilder::keep_history) | forgotten on close | |
///
/// ```
/// use core::time::Duration;
/// use fusebox::policy::{CountWindow, Rates};
/// use fusebox::{Settings, checked, clock::ManualClock};
///
/// const SETTINGS: Settings<ManualClock, CountWindow> = checked!(
///     Settings::builder()
///         .count_window(20, Rates::failures(50).min_calls(10))
///         .wait(Duration::from_secs(5))
///         .backoff_cap(Duration::from_secs(60))
///         .build()
/// );
/// # let _ = SETTINGS;
/// ```
pub struct Settings<C, P = MaxFailures<3>> {
    pub(crate) policy: P,
    pub(crate) rules: Rules,
    /// A call that takes longer is slow; `u32::MAX` where none is.
    pub(crate) slow_call: u32,
    /// Whether permits have to know when they were granted.
    pub(crate) timed: bool,
    pub(crate) abandoned: Abandoned,
    pub(crate) keep_history: bool,
    pub(crate) judged_by_rate: bool,
    clock: PhantomData<fn() -> C>,
}

/// What a dropped permit counts as, in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Abandoned {
    Always(Outcome),
    /// Failure if the call ran so long, ignored otherwise.
    FailureAfter(u32),
}

impl<C, P: Copy> Clone for Settings<C, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C, P: Copy> Copy for Settings<C, P> {}

impl<C: Clock> Settings<C> {
    /// Python-circuit's: the fourth failure in 60 s opens for 10 s, then one probe decides.
    ///
    /// Does not compile for clocks beyond 17.8 MHz, which cannot measure 60 s.
    pub const DEFAULT: Self = match Self::builder().build() {
        Ok(settings) => settings,
        Err(error) => panic!("{}", error.message()),
    };

    /// Starts from the defaults.
    pub const fn builder() -> SettingsBuilder<C> {
        SettingsBuilder::new()
    }
}

impl<C: Clock> Default for Settings<C> {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl<C: Clock, P: TripPolicy> Settings<C, P> {
    /// The trip policy.
    pub const fn policy(&self) -> &P {
        &self.policy
    }

    /// How long a circuit is open before its first probe, before doubling and jitter.
    pub const fn wait(&self) -> Ticks {
        Ticks::of::<C>(self.rules.wait)
    }

    /// How long probes may take before they are given up.
    pub const fn lease(&self) -> Ticks {
        Ticks::of::<C>(self.rules.lease)
    }

    /// The length beyond which a call is slow, `None` where none is.
    pub const fn slow_call(&self) -> Option<Ticks> {
        match self.slow_call {
            u32::MAX => None,
            limit => Some(Ticks::of::<C>(limit)),
        }
    }

    /// The rates that judge probes, where those do.
    #[inline]
    pub(crate) fn probe_rates(&self) -> Option<Rates> {
        self.policy.rates().filter(|_| self.judged_by_rate)
    }
}

impl<C, P> AsRef<Self> for Settings<C, P> {
    #[inline]
    fn as_ref(&self) -> &Self {
        self
    }
}

impl<C, P> core::fmt::Debug for Settings<C, P>
where
    P: core::fmt::Debug,
{
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Settings")
            .field("policy", &self.policy)
            .field("rules", &self.rules)
            .field("slow_call", &self.slow_call)
            .field("abandoned", &self.abandoned)
            .field("keep_history", &self.keep_history)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "defmt")]
impl<C, P: defmt::Format> defmt::Format for Settings<C, P> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(
            f,
            "Settings {{ policy: {}, wait: {=u32}, probes: {=u8}, close_after: {=u8}, lease: {=u32} }}",
            self.policy,
            self.rules.wait,
            self.rules.probes,
            self.rules.close_after,
            self.rules.lease
        );
    }
}
