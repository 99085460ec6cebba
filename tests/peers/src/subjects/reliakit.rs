//! reliakit-circuit, which takes the time as a number: here the tick of a counter of 32 bits.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reliakit_circuit::CircuitBreaker;

use crate::{Answer, Call, Subject, Work};

/// Its breaker behind a lock, as it is to be shared, and milliseconds that wrap after 49.7 days.
#[derive(Debug)]
pub struct Ticking {
    breaker: Mutex<CircuitBreaker>,
    now: AtomicU32,
}

/// Four failures open. The counter stands at `now`.
pub fn breaker(wait: Duration, now: u32) -> Ticking {
    Ticking { breaker: Mutex::new(CircuitBreaker::new(4, wait.as_millis() as u64)), now: AtomicU32::new(now) }
}

impl Ticking {
    fn with<T>(&self, use_it: impl FnOnce(&mut CircuitBreaker, u64) -> T) -> T {
        let now = u64::from(self.now.load(SeqCst));
        use_it(&mut self.breaker.lock().unwrap_or_else(PoisonError::into_inner), now)
    }
}

impl Subject for Ticking {
    fn call(&self, work: Work) -> Call<'_> {
        Box::pin(async {
            if !self.with(CircuitBreaker::allow) {
                return Answer::Rejected;
            }
            let result = work.await;
            self.with(|breaker, now| if result.is_ok() { breaker.on_success() } else { breaker.on_failure(now) });
            Answer::of(result)
        })
    }

    fn wait(&self, time: Duration) {
        self.now.fetch_add(time.as_millis() as u32, SeqCst);
    }
}
