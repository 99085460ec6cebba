//! circuitbreaker-rs.

use std::time::Duration;

use circuitbreaker_rs::{BreakerError, CircuitBreaker, DefaultPolicy};

use crate::{Answer, Call, Failed, Subject, Work};

/// Its breaker.
pub type Breaker = CircuitBreaker<DefaultPolicy, Failed>;

/// So many failures in a row open; half-open it admits one call, and then so many.
pub fn breaker(failures: u64, wait: Duration, probes: u32) -> Breaker {
    let breaker = Breaker::builder().failure_threshold(2.0).consecutive_failures(failures).cooldown(wait);
    breaker.probe_interval(probes).consecutive_successes(3).build()
}

impl Subject for Breaker {
    fn call(&self, work: Work) -> Call<'_> {
        Box::pin(async {
            match self.call_async(|| work).await {
                Ok(()) => Answer::Done,
                Err(BreakerError::Operation(_)) => Answer::Failed,
                Err(_) => Answer::Rejected,
            }
        })
    }
}
