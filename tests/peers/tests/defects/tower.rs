//! Y12: Tower's contract, that only a service is called that was polled ready.

use std::future::{Ready, ready};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Waker};

use fusebox_peer_tests::Failed;
use fusebox_std::tower::CircuitBreakerLayer;
use fusebox_std::{CircuitBreakerSet, StdClock};
use tower_layer::Layer;
use tower_service::Service;

use crate::seen::seen;

const CALLS: usize = 3;

/// Counts how often it is called without having been ready. A clone has not been, yet.
#[derive(Default)]
struct Strict {
    ready: bool,
    unready: Arc<AtomicUsize>,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self { ready: false, unready: Arc::clone(&self.unready) }
    }
}

impl Service<()> for Strict {
    type Response = ();
    type Error = Failed;
    type Future = Ready<Result<(), Failed>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failed>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, (): ()) -> Self::Future {
        if !std::mem::take(&mut self.ready) {
            self.unready.fetch_add(1, SeqCst);
        }
        ready(Ok(()))
    }
}

/// Y12: how many of several calls went to a service that was not ready.
fn y12<S: Service<(), Response = ()>>(guard: impl FnOnce(Strict) -> S) -> usize {
    let strict = Strict::default();
    let unready = Arc::clone(&strict.unready);
    let mut service = guard(strict);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..CALLS {
        assert!(matches!(service.poll_ready(&mut context), Poll::Ready(Ok(()))));
        let call = pin!(service.call(()));
        assert!(matches!(call.poll(&mut context), Poll::Ready(Ok(()))));
    }
    unready.load(SeqCst)
}

#[test]
fn y12_fusebox_calls_the_service_that_was_ready() {
    let set: CircuitBreakerSet<u32, StdClock> = CircuitBreakerSet::new();
    let unready = y12(|strict| CircuitBreakerLayer::new(set.handle(&1).unwrap()).layer(strict));
    seen("Y12", "fusebox", format_args!("{unready} of {CALLS} calls to a service that was not ready"));
    assert_eq!(unready, 0);
}

#[cfg(feature = "peers")]
mod peers {
    use super::*;
    use fusebox_peer_tests::subjects::{tower_circuitbreaker, tower_resilience};
    use std::time::Duration;

    const WAIT: Duration = Duration::from_secs(10);

    #[test]
    fn y12_tower_circuitbreaker_calls_a_clone() {
        let unready = y12(|strict| tower_circuitbreaker::layer(WAIT, 1).layer(strict));
        seen("Y12", "tower-circuitbreaker", format_args!("{unready} of {CALLS} calls to a service that was not ready"));
        assert_eq!(unready, CALLS);
    }

    #[test]
    fn y12_tower_resilience_calls_the_service_that_was_ready_too() {
        let layer = tower_resilience::settings(10, WAIT).build().unwrap();
        assert_eq!(y12(|strict| layer.layer_fn(strict)), 0);
    }
}
