//! Work as a Tower service, for breakers that guard services.

use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use tower_service::Service;

use crate::{Failed, Work};

/// A service that does the work it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Served;

impl Service<Work> for Served {
    type Response = ();
    type Error = Failed;
    type Future = Work;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failed>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, work: Work) -> Work {
        work
    }
}

/// Calls a service that is shared behind a lock, once it is ready.
pub(super) fn call<S: Service<Work>>(service: &Mutex<S>, work: Work) -> S::Future {
    let mut service = service.lock().unwrap_or_else(PoisonError::into_inner);
    let ready = service.poll_ready(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(ready, Poll::Ready(Ok(()))), "what it guards is always ready");
    service.call(work)
}
