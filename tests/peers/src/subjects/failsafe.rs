//! failsafe.

use std::time::Duration;

use failsafe::backoff::{self, Constant};
use failsafe::failure_policy::{self, ConsecutiveFailures, SuccessRateOverTimeWindow};
use failsafe::{Config, Error, FailurePolicy, Instrument, StateMachine};

use crate::{Answer, Call, Subject, Work};

/// Four failures in a row open.
pub fn consecutive(wait: Duration) -> StateMachine<ConsecutiveFailures<Constant>, ()> {
    Config::new().failure_policy(four_in_a_row(backoff::constant(wait))).build()
}

/// The policy of [`consecutive`], with any back-off.
pub fn four_in_a_row<B: Iterator<Item = Duration> + Clone>(backoff: B) -> ConsecutiveFailures<B> {
    failure_policy::consecutive_failures(4, backoff)
}

/// Half of five calls or more that fail within the window open.
pub fn half_of(window: Duration) -> StateMachine<SuccessRateOverTimeWindow<Constant>, ()> {
    let wait = backoff::constant(Duration::from_secs(10));
    let policy = failure_policy::success_rate_over_time_window(0.5, 5, window, wait);
    Config::new().failure_policy(policy).build()
}

impl<P, I> Subject for StateMachine<P, I>
where
    P: FailurePolicy + Send + Sync,
    I: Instrument + Send + Sync,
{
    fn call(&self, work: Work) -> Call<'_> {
        Box::pin(async {
            match failsafe::futures::CircuitBreaker::call(self, work).await {
                Ok(()) => Answer::Done,
                Err(Error::Inner(_)) => Answer::Failed,
                Err(Error::Rejected) => Answer::Rejected,
            }
        })
    }
}
