//! Settings that the compiler knows.

/// Makes a type of which settings are a constant: it takes no memory, and of the breaker's code only what
/// these settings can reach is left. For firmware, where it saves about two fifths of the flash and 52 bytes
/// of RAM per breaker or set, more with a policy that has more to set.
///
/// The type goes where [`Settings`](crate::Settings) go, and is named as the last parameter of
/// [`CircuitBreaker`](crate::CircuitBreaker) or [`CircuitBreakerSet`](crate::CircuitBreakerSet).
/// Impossible settings do not build.
///
/// ```
/// use core::time::Duration;
/// use fusebox::policy::MaxFailures;
/// use fusebox::{CircuitBreaker, Settings, clock::TickCounter, constant_settings};
///
/// type Uptime = &'static TickCounter<1_000>;
/// static UPTIME: TickCounter<1_000> = TickCounter::new();
///
/// constant_settings! {
///     /// How the radio is guarded.
///     struct RadioSettings: Settings<Uptime> = Settings::builder().wait(Duration::from_secs(5)).build();
/// }
///
/// static RADIO: CircuitBreaker<Uptime, MaxFailures<3>, (), RadioSettings> =
///     CircuitBreaker::with_settings(&UPTIME, RadioSettings);
///
/// assert_eq!(RADIO.settings().wait().as_millis(), 5_000);
/// assert_eq!(size_of_val(&RADIO), size_of::<fusebox::Circuit>() + size_of::<Uptime>());
/// ```
#[macro_export]
macro_rules! constant_settings {
    ($(#[$attribute:meta])* $visibility:vis struct $name:ident: $settings:ty = $built:expr;) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, Default)]
        $visibility struct $name;

        impl $name {
            // Not an item of its own, whose name the expression could not use for something else.
            const SETTINGS: &'static $settings = &$crate::checked!($built);
        }

        impl ::core::convert::AsRef<$settings> for $name {
            #[inline]
            fn as_ref(&self) -> &$settings {
                Self::SETTINGS
            }
        }
    };
}
