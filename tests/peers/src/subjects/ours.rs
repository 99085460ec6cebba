//! fusebox, on a clock that is moved by hand.

use std::time::Duration;

use fusebox::clock::ManualClock;
use fusebox::policy::TripPolicy;
use fusebox::{CircuitBreaker, Error, Listener, Outcome, Settings, SettingsBuilder, SettingsError};

use crate::{Answer, Call, Subject, Work};

/// A clock of milliseconds.
pub type Clock = ManualClock<1_000>;

/// The fourth failure opens; a call that is dropped has failed.
pub fn settings(wait: Duration) -> SettingsBuilder<Clock> {
    Settings::builder().wait(wait).abandoned(Outcome::Failure)
}

/// A breaker with these settings.
///
/// # Errors
/// If the settings are refused.
pub fn build<P: TripPolicy>(settings: SettingsBuilder<Clock, P>) -> Result<CircuitBreaker<Clock, P>, SettingsError> {
    Ok(CircuitBreaker::with_settings(Clock::new(), settings.build()?))
}

/// The same where the settings are known to be possible.
///
/// # Panics
/// If they are not.
pub fn breaker<P: TripPolicy>(settings: SettingsBuilder<Clock, P>) -> CircuitBreaker<Clock, P> {
    build(settings).expect("these settings are possible")
}

impl<P: TripPolicy, L: Listener> Subject for CircuitBreaker<Clock, P, L> {
    fn call(&self, work: Work) -> Call<'_> {
        Box::pin(async {
            match self.call_async(|| work).await {
                Ok(()) => Answer::Done,
                Err(Error::Inner(_)) => Answer::Failed,
                Err(Error::Rejected(_)) => Answer::Rejected,
            }
        })
    }

    fn wait(&self, time: Duration) {
        self.clock().advance(time);
    }
}
