//! tower-resilience-circuitbreaker.

use std::sync::Mutex;
use std::time::Duration;

use tower_resilience_circuitbreaker::{
    CircuitBreaker, CircuitBreakerConfigBuilder, CircuitBreakerConfigError, CircuitBreakerError, CircuitBreakerLayer,
    DefaultClassifier,
};

use super::served::{self, Served};
use crate::{Answer, Call, Subject, Work};

/// Its service around the work.
pub type Guarded = Mutex<CircuitBreaker<Served, DefaultClassifier>>;

/// Half of a full window of so many calls opens.
pub fn settings(window: usize, wait: Duration) -> CircuitBreakerConfigBuilder<DefaultClassifier> {
    CircuitBreakerLayer::builder().sliding_window_size(window).wait_duration_in_open(wait)
}

/// Guards the work.
///
/// # Errors
/// If it refuses the settings.
pub fn breaker(settings: CircuitBreakerConfigBuilder<DefaultClassifier>) -> Result<Guarded, CircuitBreakerConfigError> {
    Ok(Mutex::new(settings.build()?.layer_fn(Served)))
}

impl Subject for Guarded {
    fn call(&self, work: Work) -> Call<'_> {
        Box::pin(async {
            match served::call(self, work).await {
                Ok(()) => Answer::Done,
                Err(CircuitBreakerError::Inner(_)) => Answer::Failed,
                Err(CircuitBreakerError::OpenCircuit) => Answer::Rejected,
            }
        })
    }
}
