//! nobreak.

use std::time::Duration;

use nobreak::{CircuitBreaker, CircuitError};

use crate::{Answer, Call, Subject, Work};

/// Four failures open, two successes close.
pub fn breaker(wait: Duration) -> CircuitBreaker {
    nobreak::builder().with_failure_threshold(4).with_open_duration(wait).build()
}

impl Subject for CircuitBreaker {
    fn call(&self, work: Work) -> Call<'_> {
        Box::pin(async {
            match self.call_async(|| work).await {
                Ok(()) => Answer::Done,
                Err(CircuitError::Failed { .. }) => Answer::Failed,
                Err(CircuitError::Open) => Answer::Rejected,
            }
        })
    }
}
