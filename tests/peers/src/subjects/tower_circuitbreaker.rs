//! tower-circuitbreaker.

use std::sync::Mutex;
use std::time::Duration;

use tower_circuitbreaker::{CircuitBreaker, CircuitBreakerConfig, CircuitBreakerError, CircuitBreakerLayer};

use super::served::{self, Served};
use crate::{Answer, Call, Failed, Subject, Work};

/// Its service around the work.
pub type Guarded = Mutex<CircuitBreaker<Served, Work, (), Failed>>;

/// Half of a full window of ten calls opens; half-open it is to admit so many.
pub fn layer(wait: Duration, probes: usize) -> CircuitBreakerLayer<(), Failed> {
    let config = CircuitBreakerConfig::builder().sliding_window_size(10).wait_duration_in_open(wait);
    config.permitted_calls_in_half_open(probes).build()
}

/// Guards the work.
pub fn breaker(wait: Duration, probes: usize) -> Guarded {
    Mutex::new(layer(wait, probes).layer(Served))
}

impl Subject for Guarded {
    fn call(&self, work: Work) -> Call<'_> {
        Box::pin(async {
            match served::call(self, work).await {
                Ok(()) => Answer::Done,
                Err(CircuitBreakerError::Inner(_)) => Answer::Failed,
                Err(_) => Answer::Rejected,
            }
        })
    }
}
