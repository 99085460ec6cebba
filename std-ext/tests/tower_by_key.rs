//! A Tower service with a circuit per key.
#![cfg(all(feature = "tower", feature = "tokio"))]

use std::future::{Ready, poll_fn, ready};
use std::task::Poll;

use fusebox::policy::MaxFailures;
use fusebox::{Error, RejectReason, Settings};
use fusebox_std::tower::CircuitBreakerLayer;
use fusebox_std::{CircuitBreakerSet, TokioClock};
use tower::limit::ConcurrencyLimit;
use tower::{Layer, Service, ServiceExt, service_fn};

type Clock = TokioClock<1_000>;
/// The upstream, and whether it works.
type Request = (&'static str, bool);

fn set(capacity: usize) -> CircuitBreakerSet<&'static str, Clock, MaxFailures<3>> {
    CircuitBreakerSet::builder().clock(Clock::new(), Settings::DEFAULT).capacity(capacity).build().unwrap()
}

fn respond((_, works): Request) -> Ready<Result<u32, &'static str>> {
    ready(if works { Ok(7) } else { Err("no answer") })
}

/// What servers ask of services and layers.
fn is_for_servers<T: Clone + Send + Sync + 'static>(_: &T) {}

#[tokio::test(start_paused = true)]
async fn each_key_has_its_circuit_in_a_set_that_has_its_bound() {
    let set = set(2);
    let layer = CircuitBreakerLayer::by(set.clone(), |request: &Request| request.0);
    let inner = ConcurrencyLimit::new(service_fn(respond), 1);
    is_for_servers(&layer);
    is_for_servers(&layer.layer(service_fn(respond)));
    // A layer may be applied anew for each request.
    let call = |host, works| layer.layer(inner.clone()).oneshot((host, works));
    for host in ["inventory", "prices"] {
        for _ in 0..4 {
            assert_eq!(call(host, false).await, Err(Error::Inner("no answer")));
        }
        assert!(matches!(call(host, true).await, Err(Error::Rejected(_))));
    }
    let refused = call("made up", true).await.unwrap_err();
    assert!(matches!(refused, Error::Rejected(rejected) if rejected.reason() == RejectReason::TableFull));
    set.get("prices").unwrap().close();
    assert_eq!(call("prices", true).await, Ok(7));
    assert_eq!((set.len(), set.refused()), (2, 1));
    assert_eq!(set.get("inventory").unwrap().counts().rejected_open, 1);
}

#[tokio::test(start_paused = true)]
async fn x14_a_late_rejection_by_key_frees_the_slot_of_a_concurrency_limit() {
    let set = set(2);
    let mut other = ConcurrencyLimit::new(service_fn(respond), 1);
    let mut service = CircuitBreakerLayer::by(set.clone(), |request: &Request| request.0).layer(other.clone());
    set.handle(&"inventory").unwrap().open();
    let rejected = service.ready().await.unwrap().call(("inventory", true)).await;
    assert!(matches!(rejected, Err(Error::Rejected(_))));
    assert!(poll_fn(|cx| Poll::Ready(Service::<Request>::poll_ready(&mut other, cx))).await.is_ready());
    drop(other);
    assert_eq!(service.ready().await.unwrap().call(("prices", true)).await, Ok(7));
}
