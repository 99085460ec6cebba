//! tower-resilience-circuitbreaker around a service that is ready, polled by hand: no runtime is measured.

use std::future::{Ready, ready};
use std::hint::spin_loop;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tower_resilience_circuitbreaker::{CircuitBreaker, CircuitBreakerError, CircuitBreakerLayer, DefaultClassifier};
use tower_service::Service;

use super::Row;
use super::peers::{HOUR, WINDOW, brought_to};
use crate::answer::Answer;
use crate::subject::{Kind, Subject};
use crate::work::{Failure, work};

/// The work as a service.
#[derive(Clone, Debug)]
struct Work;

impl Service<()> for Work {
    type Response = u32;
    type Error = Failure;
    type Future = Ready<Result<u32, Failure>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, (): ()) -> Self::Future {
        ready(work())
    }
}

type Guarded = CircuitBreaker<Work, DefaultClassifier>;

/// The service that guards the work, for a row.
pub(super) fn subject(row: Row) -> Subject {
    let build = move || {
        let mut breaker = CircuitBreakerLayer::builder().sliding_window_size(WINDOW).wait_duration_in_open(HOUR);
        if row == Row::Failure {
            breaker = breaker.minimum_number_of_calls(usize::MAX);
        }
        let service = breaker.build()?.layer_fn(Work);
        Ok(brought_to(row, service, |service| call(&mut service.clone())))
    };
    let caller = |service: &Arc<Guarded>| Guarded::clone(service);
    Subject::with_callers(Kind::Peer, "tower-resilience-circuitbreaker", build, caller, call)
}

fn call(service: &mut Guarded) -> Answer {
    let mut context = Context::from_waker(Waker::noop());
    // Another thread that holds its lock is waited for awake.
    while service.poll_ready(&mut context).is_pending() {
        spin_loop();
    }
    let mut future = service.call(());
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(Ok(_)) => return Answer::Done,
            Poll::Ready(Err(CircuitBreakerError::Inner(_))) => return Answer::Failed,
            Poll::Ready(Err(CircuitBreakerError::OpenCircuit)) => return Answer::Rejected,
            Poll::Pending => spin_loop(),
        }
    }
}
