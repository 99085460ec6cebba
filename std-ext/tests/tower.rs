//! The Tower contract, on a clock that the test moves.
#![cfg(all(feature = "tower", feature = "tokio"))]

use std::convert::Infallible;
use std::future::{Ready, pending, poll_fn, ready};
use std::task::{Context, Poll};
use std::time::Duration;

use fusebox::policy::MaxFailures;
use fusebox::{Error, Outcome, RejectReason, Rejected, Settings, State, by_error};
use fusebox_std::tower::CircuitBreakerLayer;
use fusebox_std::{CircuitBreakerSet, Handle, TokioClock};
use tokio::time::{advance, timeout};
use tower::buffer::Buffer;
use tower::limit::ConcurrencyLimit;
use tower::timeout::Timeout;
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_test::mock;

type Clock = TokioClock<1_000>;
type Circuit = Handle<&'static str, Clock>;

/// A request that cannot be cloned.
struct Ask(&'static str);

fn circuit() -> Circuit {
    let set: CircuitBreakerSet<&'static str, Clock, MaxFailures<3>> =
        CircuitBreakerSet::builder().clock(Clock::new(), Settings::DEFAULT).build().unwrap();
    set.handle(&"upstream").unwrap()
}

async fn until_half_open(circuit: &Circuit) {
    circuit.open();
    advance(Duration::from_secs(10)).await;
}

/// Whether the service is ready at once.
async fn is_ready<R, S: Service<R>>(service: &mut S) -> bool {
    poll_fn(|cx| Poll::Ready(service.poll_ready(cx).map(|polled| polled.is_ok()))).await == Poll::Ready(true)
}

/// Fails what it is told to, and panics if it is called before it was ready.
#[derive(Debug, Default)]
struct Strict {
    ready: bool,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Service<Ask> for Strict {
    type Response = &'static str;
    type Error = &'static str;
    type Future = Ready<Result<&'static str, &'static str>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, Ask(what): Ask) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "called before it was ready");
        ready(if what == "fail" { Err("no answer") } else { Ok(what) })
    }
}

#[tokio::test(start_paused = true)]
async fn y12_the_service_that_is_called_is_the_one_that_was_ready() {
    let circuit = circuit();
    let mut service = CircuitBreakerLayer::new(circuit.clone()).layer(ConcurrencyLimit::new(Strict::default(), 1));
    for _ in 0..4 {
        assert_eq!(service.ready().await.unwrap().call(Ask("fail")).await, Err(Error::Inner("no answer")));
    }
    for _ in 0..3 {
        let rejected = service.ready().await.unwrap().call(Ask("bolts")).await;
        assert!(matches!(rejected, Err(Error::Rejected(_))), "{rejected:?}");
    }
    advance(Duration::from_secs(10)).await;
    assert_eq!(service.ready().await.unwrap().call(Ask("bolts")).await, Ok("bolts"));
    let mut clone = service.ready().await.unwrap().clone();
    drop(service);
    assert_eq!(clone.ready().await.unwrap().call(Ask("nuts")).await, Ok("nuts"));
    assert_eq!(circuit.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn while_open_the_inner_service_is_not_polled_and_a_call_is_rejected() {
    let circuit = circuit();
    let (mut service, mut upstream) =
        mock::spawn_layer::<&str, &str, _>(CircuitBreakerLayer::new(circuit.clone()).box_errors());
    upstream.allow(0);
    assert!(service.poll_ready().is_pending());
    for by_hand in [false, true] {
        if by_hand {
            circuit.force_open();
        } else {
            circuit.open();
        }
        assert!(matches!(service.poll_ready(), Poll::Ready(Ok(()))));
        let error = service.call("bolts").await.unwrap_err();
        let rejected = error.downcast_ref::<Rejected>().unwrap();
        let reason = if by_hand { RejectReason::ForcedOpen } else { RejectReason::Open };
        assert_eq!((rejected.reason(), rejected.retry_after().is_some()), (reason, !by_hand));
    }
    assert!(upstream.poll_request().is_pending());
    assert_eq!(circuit.counts().rejected_open, 1);
}

#[tokio::test(start_paused = true)]
async fn x14_a_service_that_is_ready_holds_no_probe() {
    let circuit = circuit();
    let layer = CircuitBreakerLayer::new(circuit.clone());
    let (mut idle, mut busy) = (layer.layer(Strict::default()), layer.layer(Strict::default()));
    until_half_open(&circuit).await;
    assert!(is_ready(&mut idle).await);
    assert_eq!(circuit.state(), State::Open);
    assert_eq!(busy.ready().await.unwrap().call(Ask("bolts")).await, Ok("bolts"));
    assert_eq!(circuit.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn x14_a_late_rejection_frees_the_slot_of_a_concurrency_limit() {
    let circuit = circuit();
    let limited = ConcurrencyLimit::new(Strict::default(), 1);
    let mut service = CircuitBreakerLayer::new(circuit.clone()).layer(limited.clone());
    assert!(is_ready(&mut service).await);
    let mut other = limited;
    assert!(!is_ready(&mut other).await);
    circuit.open();
    assert!(matches!(service.call(Ask("bolts")).await, Err(Error::Rejected(_))));
    assert!(is_ready(&mut other).await);
}

#[tokio::test(start_paused = true)]
async fn x14_a_late_rejection_frees_the_slot_of_a_buffer() {
    let circuit = circuit();
    let (upstream, _handle) = mock::pair::<&str, &str>();
    let buffer = Buffer::new(upstream, 1);
    let mut service = CircuitBreakerLayer::new(circuit.clone()).box_errors().layer(buffer.clone());
    assert!(is_ready(&mut service).await);
    let mut other = buffer;
    assert!(!is_ready(&mut other).await);
    circuit.open();
    assert!(service.call("bolts").await.unwrap_err().is::<Rejected>());
    assert!(is_ready(&mut other).await);
}

#[tokio::test(start_paused = true)]
async fn x14_a_place_in_a_queue_is_given_up_when_the_circuit_opens() {
    let circuit = circuit();
    let mut busy = ConcurrencyLimit::new(Strict::default(), 1);
    let mut service = CircuitBreakerLayer::new(circuit.clone()).layer(busy.clone());
    let mut other = busy.clone();
    assert!(is_ready(&mut busy).await);
    assert!(!is_ready(&mut service).await);
    circuit.open();
    assert!(is_ready(&mut service).await);
    drop(busy);
    assert!(is_ready(&mut other).await);
}

#[tokio::test(start_paused = true)]
async fn a_probe_is_not_lost_by_a_service_that_was_polled_while_open() {
    let circuit = circuit();
    let limited = ConcurrencyLimit::new(Strict::default(), 1);
    let mut service = CircuitBreakerLayer::new(circuit.clone()).layer(limited.clone());
    circuit.open();
    assert!(is_ready(&mut service).await);
    advance(Duration::from_secs(10)).await;

    // While the inner service is waited for there is no permit, and nothing to settle if that takes too long.
    let mut busy = limited;
    assert!(is_ready(&mut busy).await);
    assert!(timeout(Duration::from_secs(5), service.call(Ask("bolts"))).await.is_err());
    assert_eq!((circuit.state(), circuit.counts().abandoned), (State::Open, 0));

    drop(busy);
    assert_eq!(service.call(Ask("bolts")).await, Ok("bolts"));
    assert_eq!(circuit.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn x03_a_dropped_probe_gives_its_slot_back() {
    let circuit = circuit();
    let hang = service_fn(|()| pending::<Result<(), BoxError>>());
    let mut service = CircuitBreakerLayer::new(circuit.clone()).layer(hang);
    until_half_open(&circuit).await;
    for _ in 0..3 {
        let call = service.ready().await.unwrap().call(());
        assert!(timeout(Duration::from_millis(5), call).await.is_err());
        assert_eq!(circuit.state(), State::HalfOpen);
    }
    assert_eq!((circuit.counts().abandoned, circuit.counts().rejected_half_open), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn y07_calls_that_hang_trip_with_a_timeout_outside_and_inside() {
    let hang = || service_fn(|()| pending::<Result<(), BoxError>>());
    let limit = Duration::from_secs(2);

    let outside = circuit();
    let layer = CircuitBreakerLayer::new(outside.clone()).box_errors();
    let mut service = Timeout::new(layer.layer(hang()), limit);
    for _ in 0..4 {
        assert_eq!(outside.state(), State::Closed);
        assert!(service.ready().await.unwrap().call(()).await.unwrap_err().is::<tower::timeout::error::Elapsed>());
    }
    assert_eq!((outside.state(), outside.counts().abandoned), (State::Open, 4));
    assert!(service.ready().await.unwrap().call(()).await.unwrap_err().is::<Rejected>());

    let inside = circuit();
    let layer = CircuitBreakerLayer::new(inside.clone());
    let mut service = ServiceBuilder::new().layer(layer).timeout(limit).service(hang());
    for _ in 0..4 {
        assert_eq!(inside.state(), State::Closed);
        let error = service.ready().await.unwrap().call(()).await.unwrap_err();
        assert!(error.into_inner().is_some_and(|error| error.is::<tower::timeout::error::Elapsed>()));
    }
    assert_eq!((inside.state(), inside.counts().failures, inside.counts().abandoned), (State::Open, 4, 0));
}

#[tokio::test(start_paused = true)]
async fn y07_a_panic_is_a_failure_wherever_it_happens() {
    let circuit = circuit();
    for kind in 0..4 {
        let inner = service_fn(move |()| {
            assert!(kind != 0, "in the call");
            async move {
                assert!(kind != 1, "at the first poll");
                tokio::time::sleep(Duration::from_millis(1)).await;
                assert!(kind != 2, "at a later poll");
                Ok::<_, Infallible>(())
            }
        });
        let judge = |_: &Result<(), Infallible>| panic!("the judge");
        let service = CircuitBreakerLayer::new(circuit.clone()).classify(judge).layer(inner);
        let task = tokio::spawn(async move { service.oneshot(()).await });
        assert!(task.await.is_err_and(|error| error.is_panic()));
    }
    assert_eq!((circuit.state(), circuit.counts().failures, circuit.counts().abandoned), (State::Open, 4, 0));
}

#[tokio::test(start_paused = true)]
async fn x13_the_probe_of_an_outer_circuit_survives_the_rejection_of_an_inner_one() {
    let (outer, inner) = (circuit(), circuit());
    let judge = by_error(|error: &Error<&str>| match error {
        Error::Rejected(_) => Outcome::Ignored,
        Error::Inner(_) => Outcome::Failure,
    });
    let mut service = ServiceBuilder::new()
        .layer(CircuitBreakerLayer::new(outer.clone()).classify(judge))
        .layer(CircuitBreakerLayer::new(inner.clone()))
        .service(Strict::default());
    until_half_open(&outer).await;
    inner.open();
    for _ in 0..3 {
        let rejected = service.ready().await.unwrap().call(Ask("bolts")).await;
        assert!(matches!(rejected, Err(Error::Inner(Error::Rejected(_)))), "{rejected:?}");
    }
    assert_eq!(outer.state(), State::HalfOpen);
    inner.close();
    assert_eq!(service.ready().await.unwrap().call(Ask("bolts")).await, Ok("bolts"));
    assert_eq!(outer.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_responder_keeps_the_error_of_the_inner_service() {
    let circuit = circuit();
    let layer = CircuitBreakerLayer::new(circuit.clone()).on_open(|rejected: Rejected, ask: Ask| {
        assert_eq!(rejected.reason(), RejectReason::Open);
        ask.0
    });
    let mut service = layer.layer(Strict::default());
    for _ in 0..4 {
        let failed: Result<&str, &str> = service.ready().await.unwrap().call(Ask("fail")).await;
        assert_eq!(failed, Err("no answer"));
    }
    assert_eq!(service.ready().await.unwrap().call(Ask("bolts")).await, Ok("bolts"));
    assert_eq!((circuit.state(), circuit.counts().rejected_open), (State::Open, 1));
}

#[tokio::test(start_paused = true)]
async fn an_inner_service_that_cannot_get_ready_says_so_and_counts_nothing() {
    let circuit = circuit();
    let (mut service, mut upstream) =
        mock::spawn_layer::<&str, &str, _>(CircuitBreakerLayer::new(circuit.clone()).box_errors());
    upstream.send_error("no connection");
    let Poll::Ready(Err(error)) = service.poll_ready() else { panic!("it is an error") };
    assert_eq!(error.to_string(), "no connection");
    assert_eq!((circuit.counts(), circuit.tally().failures), (fusebox_std::CallCounts::default(), 0));
}
