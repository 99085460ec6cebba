//! Settings that cannot be.

use core::fmt;

macro_rules! settings_error {
    ($(#[$doc:meta])* enum { $($(#[$variant_doc:meta])* $variant:ident = $field:literal, $rule:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        #[non_exhaustive]
        pub enum SettingsError {
            $($(#[$variant_doc])* $variant,)*
        }

        impl SettingsError {
            /// The name of the setting, as its method is called.
            pub const fn field(self) -> &'static str {
                match self {
                    $(Self::$variant => $field,)*
                }
            }

            /// The setting and its rule, such as `probes: must be 1 to 15`.
            pub const fn message(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($field, ": ", $rule),)*
                }
            }
        }
    };
}

settings_error! {
    /// A setting that makes no sense, found when the settings are built: while compiling, if they are
    /// built in a `const` with [`checked!`](crate::checked).
    ///
    /// ```
    /// use fusebox::{Settings, SettingsError, clock::ManualClock};
    ///
    /// let error = Settings::<ManualClock>::builder().probes(0).build().unwrap_err();
    /// assert_eq!(error, SettingsError::Probes);
    /// assert_eq!(error.field(), "probes");
    /// assert_eq!(error.to_string(), "probes: must be 1 to 15");
    /// ```
    ///
    /// ```compile_fail
    /// use fusebox::{Settings, checked, clock::ManualClock};
    ///
    /// const NEVER_CLOSES: Settings<ManualClock> = checked!(Settings::builder().probes(0).build());
    /// ```
    enum {
        /// The clock's rate is 0.
        ClockRate = "clock", "must tick at least once a second";
        /// The wait is longer than the clock can measure.
        Wait = "wait", "must be less than 2^31 ticks";
        /// The cap of the doubled wait is 0 or longer than the clock can measure.
        BackoffCap = "backoff_cap", "must be 1 to 2^31 - 1 ticks";
        /// No probes, or more than the state word can count.
        Probes = "probes", "must be 1 to 15";
        /// No success closes the circuit, or more than the state word can count.
        CloseAfter = "close_after", "must be 1 to 15";
        /// The lease is 0 or longer than the clock can measure.
        Lease = "lease", "must be 1 to 2^31 - 1 ticks";
        /// The quiet period is 0 or longer than the clock can measure.
        Damping = "damping", "must be 1 to 2^31 - 1 ticks";
        /// The time after which an abandoned call is a failure is longer than the clock can measure.
        AbandonedAfter = "abandoned_after", "must be less than 2^31 ticks";
        /// The time after which a call is slow is longer than the clock can measure.
        SlowCall = "slow_call", "must be less than 2^31 ticks";
        /// A rate of slow calls is set, but not when a call is slow.
        SlowCallMissing = "slow_call", "must be set where a rate of slow calls is";
        /// More failures are allowed than the policy has room for.
        MaxFailures = "max_failures", "must be at most N";
        /// The window is 0 or longer than the clock can measure.
        Window = "window", "must be 1 to 2^30 - 1 ticks";
        /// No failures in a row.
        Consecutive = "consecutive", "must be 1 or more";
        /// No calls, or more than the window has room for.
        Calls = "calls", "must be 1 or more and fit the window's WORDS";
        /// No buckets, or more than the window has room for.
        Buckets = "buckets", "must be 1 to B, and B at most 512";
        /// A bucket is 0, or all buckets together are longer than the clock can measure.
        Bucket = "bucket", "must be 1 tick or more, and all buckets together less than 2^31";
        /// Neither one track, for failures, nor two, for slow calls as well.
        Tracks = "tracks", "must be 1, or 2 to keep slow calls as well";
        /// A failure rate that is no percentage.
        FailureRate = "failure_rate", "must be 1 to 100 percent";
        /// A rate of slow calls that is no percentage.
        SlowRate = "slow_rate", "must be 1 to 100 percent";
        /// A rate of slow calls in a window without room for them.
        SlowRateRoom = "slow_rate", "needs a SlowCountWindow or SlowTimeWindow";
        /// No calls, or more than the window can hold, are needed to judge.
        MinCalls = "min_calls", "must be 1 or more and at most the calls that the window can hold";
        /// A wait set by hand is longer than the clock can measure.
        OpenFor = "open_for", "must be at most 2^31 - 2^20 ticks";
        /// A peer asks for more time than the clock can measure.
        WaitAtLeast = "wait_at_least", "must be at most 2^31 - 2^20 ticks";
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl core::error::Error for SettingsError {}

/// Unwraps a `Result` while compiling: impossible settings do not build.
///
/// ```
/// use core::time::Duration;
/// use fusebox::{CircuitBreaker, Settings, checked, clock::TickCounter};
///
/// static UPTIME: TickCounter<1_000> = TickCounter::new();
/// static RADIO: CircuitBreaker<&TickCounter<1_000>> = CircuitBreaker::with_settings(
///     &UPTIME,
///     checked!(Settings::builder().wait(Duration::from_secs(5)).probes(2).build()),
/// );
/// # let _ = RADIO.state();
/// ```
#[macro_export]
macro_rules! checked {
    ($result:expr) => {
        const {
            match $result {
                Ok(value) => value,
                Err(error) => {
                    let error: $crate::SettingsError = error;
                    panic!("{}", error.message())
                }
            }
        }
    };
}
