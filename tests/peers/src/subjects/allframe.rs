//! allframe-core.

use std::time::Duration;

use allframe_core::resilience::{CircuitBreaker, CircuitBreakerConfig, CircuitBreakerError};

use crate::{Answer, Call, Subject, Work};

/// Four failures open, so many successes close.
pub fn breaker(wait: Duration, close_after: u32) -> CircuitBreaker {
    let config = CircuitBreakerConfig::new(4).with_timeout(wait).with_success_threshold(close_after);
    CircuitBreaker::new("inventory", config)
}

impl Subject for CircuitBreaker {
    fn call(&self, work: Work) -> Call<'_> {
        Box::pin(async {
            match CircuitBreaker::call(self, || work).await {
                Ok(()) => Answer::Done,
                Err(CircuitBreakerError::Inner(_)) => Answer::Failed,
                Err(CircuitBreakerError::CircuitOpen(_)) => Answer::Rejected,
            }
        })
    }
}
