//! Services that wait for their circuit, on a clock that the test moves.
#![cfg(all(feature = "tower", feature = "tokio"))]

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};
use std::time::Duration;

use fusebox::policy::MaxFailures;
use fusebox::{Error, Settings, State};
use fusebox_std::tower::CircuitBreakerLayer;
use fusebox_std::{CircuitBreakerSet, Handle, TokioClock};
use tokio::time::{Instant, advance, timeout};
use tower::limit::ConcurrencyLimit;
use tower::load::Constant;
use tower::ready_cache::ReadyCache;
use tower::{Layer, Service, ServiceExt};
use tower_test::mock;

type Clock = TokioClock<1_000>;
type Circuit = Handle<&'static str, Clock>;

fn set() -> CircuitBreakerSet<&'static str, Clock, MaxFailures<3>> {
    CircuitBreakerSet::builder().clock(Clock::new(), Settings::DEFAULT).build().unwrap()
}

fn circuit() -> Circuit {
    set().handle(&"upstream").unwrap()
}

fn gated(circuit: &Circuit) -> mock::Spawn<impl Service<u32, Response = u32, Error = Error<Infallible>> + use<>> {
    mock::Spawn::new(CircuitBreakerLayer::new(circuit.clone()).gate().layer(Double))
}

/// A wait that never ends fails: on a clock that stands still while anything is done, an hour is over at once.
async fn in_time<T>(wait: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(3_600), wait).await.expect("it is never woken")
}

/// A service that is always ready.
#[derive(Clone, Copy, Debug)]
struct Double;

impl Service<u32> for Double {
    type Response = u32;
    type Error = Infallible;
    type Future = Ready<Result<u32, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, number: u32) -> Self::Future {
        ready(Ok(2 * number))
    }
}

/// What servers and balancers ask of services and layers.
fn is_for_servers<T: Clone + Send + Sync + Unpin + 'static>(value: T) -> T {
    value
}

#[tokio::test(start_paused = true)]
async fn it_waits_as_long_as_the_circuit_does() {
    let circuit = circuit();
    let layer = is_for_servers(CircuitBreakerLayer::new(circuit.clone()).gate());
    let mut service = is_for_servers(layer.layer(Double));
    assert_eq!(service.ready().await.unwrap().call(1).await, Ok(2));
    circuit.open();
    let asked = Instant::now();
    assert_eq!(in_time(service.ready()).await.unwrap().call(2).await, Ok(4));
    assert_eq!((asked.elapsed(), circuit.state()), (Duration::from_secs(10), State::Closed));
    assert_eq!(circuit.counts().rejected(), 0);
}

#[tokio::test(start_paused = true)]
async fn all_who_wait_are_woken_by_whatever_lets_calls_through() {
    type Act = fn(&Circuit);
    let by_hand: [(&str, Act); 6] = [
        ("close", |circuit| circuit.close()),
        ("reset", |circuit| circuit.reset()),
        ("disable", |circuit| circuit.disable()),
        ("observe", |circuit| circuit.observe()),
        ("half-open", |circuit| assert!(circuit.half_open())),
        ("automatic", |circuit| circuit.automatic()),
    ];
    for (name, act) in by_hand {
        let circuit = circuit();
        let mut waiting = [gated(&circuit), gated(&circuit), gated(&circuit)];
        circuit.force_open();
        for service in &mut waiting {
            assert!(service.poll_ready::<u32>().is_pending(), "{name}");
        }
        advance(Duration::from_secs(100_000)).await;
        assert!(waiting.iter_mut().all(|service| !service.is_woken() && service.poll_ready().is_pending()), "{name}");
        act(&circuit);
        for service in &mut waiting {
            assert!(service.is_woken() && service.poll_ready().is_ready(), "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_cut_short_wakes() {
    let set = set();
    let circuit = set.handle(&"upstream").unwrap();
    let mut service = gated(&circuit);
    circuit.open_for(Duration::from_secs(3_600)).unwrap();
    assert!(service.poll_ready::<u32>().is_pending());
    circuit.open_for(Duration::from_secs(1)).unwrap();
    assert!(service.is_woken() && service.poll_ready().is_pending());
    advance(Duration::from_millis(1_001)).await;
    assert!(service.is_woken() && service.poll_ready().is_ready());

    circuit.close();
    circuit.open();
    assert!(service.poll_ready().is_pending());
    let shorter = Settings::builder().wait(Duration::from_millis(20)).build().unwrap();
    set.set_own_settings(&"upstream", Some(shorter)).unwrap();
    assert!(service.is_woken() && service.poll_ready().is_pending());
    advance(Duration::from_millis(21)).await;
    assert!(service.is_woken() && service.poll_ready().is_ready());
}

#[tokio::test(start_paused = true)]
async fn x05_of_many_who_wait_one_makes_the_probe_and_the_others_wait_for_its_verdict() {
    let circuit = circuit();
    circuit.open();
    let mut waiting: Vec<_> = (0..1_000).map(|_| gated(&circuit)).collect();
    assert!(waiting.iter_mut().all(|service| service.poll_ready::<u32>().is_pending()));
    advance(Duration::from_millis(10_001)).await;
    assert!(waiting.iter().all(mock::Spawn::is_woken));

    assert!(waiting[0].poll_ready().is_ready());
    let probe = circuit.try_acquire().unwrap();
    assert!(waiting[1..].iter_mut().all(|service| service.poll_ready().is_pending()));
    // What the probe does with its slot, they hear of.
    probe.ignored();
    assert!(waiting[1..].iter_mut().all(|service| service.is_woken() && service.poll_ready().is_ready()));
    let probe = circuit.try_acquire().unwrap();
    assert!(waiting.iter_mut().all(|service| service.poll_ready().is_pending()));
    drop(probe);
    assert!(waiting.iter_mut().all(|service| service.is_woken() && service.poll_ready().is_ready()));
    let probe = circuit.try_acquire().unwrap();
    assert!(waiting.iter_mut().all(|service| service.poll_ready().is_pending()));
    probe.success();
    assert!(waiting.iter_mut().all(|service| service.is_woken() && service.poll_ready().is_ready()));
    assert_eq!(circuit.counts().rejected(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_success_that_does_not_close_frees_its_slot_for_those_who_wait() {
    let settings = Settings::builder().close_after(2).build().unwrap();
    let set: CircuitBreakerSet<&str, Clock, MaxFailures<3>> =
        CircuitBreakerSet::builder().clock(Clock::new(), settings).build().unwrap();
    let circuit = set.handle(&"upstream").unwrap();
    let mut service = gated(&circuit);
    circuit.open();
    advance(Duration::from_secs(10)).await;
    let probe = circuit.try_acquire().unwrap();
    assert!(service.poll_ready::<u32>().is_pending());
    probe.success();
    assert_eq!(circuit.state(), State::HalfOpen);
    assert!(service.is_woken() && service.poll_ready().is_ready());
}

#[tokio::test(start_paused = true)]
async fn x14_one_that_waits_holds_neither_a_permit_nor_a_place() {
    let circuit = circuit();
    let mut limited = ConcurrencyLimit::new(Double, 1);
    let layer = CircuitBreakerLayer::new(circuit.clone()).gate();
    let mut service = mock::Spawn::new(layer.layer(limited.clone()));
    assert!(service.poll_ready::<u32>().is_ready());
    circuit.open();
    assert!(service.poll_ready::<u32>().is_pending());
    assert_eq!(in_time(limited.ready()).await.unwrap().call(1).await, Ok(2));
    advance(Duration::from_secs(10)).await;
    assert!(service.poll_ready::<u32>().is_ready());
    assert_eq!(circuit.state(), State::Open);
    assert_eq!(circuit.call(|| Ok::<_, ()>("pong")), Ok("pong"));
}

#[tokio::test(start_paused = true)]
async fn a_late_rejection_is_one_as_it_is_without_a_gate() {
    let circuit = circuit();
    let mut service = gated(&circuit);
    assert!(service.poll_ready::<u32>().is_ready());
    circuit.open();
    assert!(matches!(service.call(1).await, Err(Error::Rejected(_))));
    assert!(service.poll_ready::<u32>().is_pending());
}

#[tokio::test(start_paused = true)]
async fn a_balancer_leaves_out_a_peer_whose_circuit_is_open() {
    let set = set();
    let mut cache = ReadyCache::<&str, _, u32>::default();
    for key in ["a", "b"] {
        let layer = CircuitBreakerLayer::new(set.handle(&key).unwrap()).gate();
        cache.push(key, layer.layer(Double));
    }
    assert!(std::future::poll_fn(|cx| cache.poll_pending(cx)).await.is_ok());
    assert_eq!((cache.ready_len(), cache.pending_len()), (2, 0));
    let open = set.handle(&"a").unwrap();
    open.open();
    let still_ready = std::future::poll_fn(|cx| Poll::Ready(cache.check_ready(cx, &"a").unwrap())).await;
    assert_eq!((still_ready, cache.ready_len(), cache.pending_len()), (false, 1, 1));
    open.close();
    assert!(std::future::poll_fn(|cx| cache.poll_pending(cx)).await.is_ok());
    assert_eq!((cache.ready_len(), cache.pending_len()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn calls_of_a_p2c_balancer_go_to_the_peers_whose_circuits_are_closed() {
    let set = set();
    let guarded = ["a", "b", "c"].map(|key| {
        let circuit = set.handle(&key).unwrap();
        Constant::new(CircuitBreakerLayer::new(circuit).gate().layer(Double), 1)
    });
    let mut balancer = tower::balance::p2c::Balance::new(tower::discover::ServiceList::new::<u32>(guarded));
    set.handle(&"a").unwrap().force_open();
    set.handle(&"b").unwrap().open();
    for number in 0..100 {
        assert_eq!(in_time(balancer.ready()).await.unwrap().call(number).await.unwrap(), 2 * number);
    }
    let rejected = |key| set.handle(&key).unwrap().counts().rejected();
    assert_eq!((rejected("a"), rejected("b")), (0, 0));

    // With all of them open it waits for the first that may be probed.
    set.handle(&"c").unwrap().open_for(Duration::from_secs(60)).unwrap();
    let asked = Instant::now();
    assert_eq!(in_time(balancer.ready()).await.unwrap().call(1).await.unwrap(), 2);
    assert_eq!(asked.elapsed(), Duration::from_secs(10));
    assert_eq!(set.handle(&"b").unwrap().state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn half_of_all_calls_are_lost_without_a_gate() {
    let set = CircuitBreakerSet::<&str>::new();
    set.handle(&"broken").unwrap().force_open();
    let peers = ["broken", "well"]
        .map(|peer| Constant::new(CircuitBreakerLayer::new(set.handle(&peer).unwrap()).layer(Double), 1));
    let mut balancer = tower::balance::p2c::Balance::new(tower::discover::ServiceList::new::<u32>(peers));
    let mut rejected = 0;
    for number in 0..1_000 {
        rejected += u32::from(in_time(balancer.ready()).await.unwrap().call(number).await.is_err());
    }
    assert!((300..700).contains(&rejected), "{rejected}");
}
