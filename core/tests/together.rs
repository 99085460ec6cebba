//! Calls that several circuits guard.
#![cfg(not(fusebox_loom))]

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Waker};

use common::{Khz, admitted, breaker, builder, first_probe, secs, trip};
use fusebox::{CircuitBreaker, Error, Outcome, Settings, State, Together};

fn pair() -> [CircuitBreaker<Khz>; 2] {
    [breaker(builder()), breaker(builder())]
}

#[test]
fn x13_whoever_is_asked_first_gets_its_probe_back_if_a_later_one_rejects() {
    // Sentinel#1638 and #2136, sentinel-golang#196.
    let [peer, link] = pair();
    first_probe(&peer).ignored();
    link.force_open();
    assert!(matches!(Together((&peer, &link)).call(|| Ok::<_, ()>(())), Err(Error::Rejected(_))));
    assert!(Together((&peer, &link)).try_acquire().is_err());
    assert_eq!((peer.state(), admitted(&peer, 10)), (State::HalfOpen, 1), "the slot was free");
}

#[test]
fn x13_of_three_the_first_two_get_their_probes_back() {
    let ([first, second], third) = (pair(), breaker(builder()));
    first_probe(&first).ignored();
    first_probe(&second).ignored();
    third.force_open();
    assert!(Together((&first, &second, &third)).try_acquire().is_err());
    assert_eq!([admitted(&first, 10), admitted(&second, 10)], [1, 1]);
}

#[test]
fn whoever_rejects_is_heard_and_later_ones_are_not_asked() {
    let [peer, link] = pair();
    trip(&peer);
    first_probe(&link).ignored();
    let rejected = Together((&peer, &link)).try_acquire().map(|_| ()).unwrap_err();
    assert_eq!(rejected.retry_after().map(fusebox::Ticks::as_duration), Some(secs(10)));
    assert_eq!(admitted(&link, 10), 1, "its slot was never taken");
}

#[test]
fn each_is_blamed_for_its_own() {
    let ([peer, link], third) = (pair(), breaker(builder()));
    let all = Together((&peer, &link, &third));
    for _ in 0..4 {
        let blame = |result: &Result<(), &str>| {
            assert_eq!(*result, Err("lost"));
            (Outcome::Failure, Outcome::Success, Outcome::Ignored)
        };
        assert_eq!(all.call_with(blame, || Err("lost")), Err(Error::Inner("lost")));
    }
    assert_eq!([peer.state(), link.state(), third.state()], [State::Open, State::Closed, State::Closed]);
}

#[test]
fn an_error_and_a_panic_are_a_failure_of_all() {
    let [peer, link] = pair();
    let both = Together((&peer, &link));
    assert_eq!(both.call(|| Err::<(), _>("lost")), Err(Error::Inner("lost")));
    assert_eq!(both.call(|| Ok::<_, ()>(7)), Ok(7));
    catch_unwind(AssertUnwindSafe(|| both.call(|| -> Result<(), ()> { panic!("as it happens") }))).unwrap_err();
    assert_eq!([peer.tally().failures, link.tally().failures], [2, 2]);
}

#[test]
fn a_future_that_is_dropped_is_abandoned_and_one_that_panics_failed() {
    let settings = || Settings::builder().abandoned(Outcome::Ignored).build().unwrap();
    let (peer, link) = (CircuitBreaker::with_settings(Khz::new(), settings()), breaker(builder()));
    let both = Together((&peer, &link));
    let blame = |_: &Result<(), ()>| (Outcome::Success, Outcome::Success);
    let mut context = Context::from_waker(Waker::noop());
    {
        let future = both.call_async_with(blame, std::future::pending);
        assert!(pin!(future).as_mut().poll(&mut context).is_pending());
    }
    assert_eq!([peer.tally().failures, link.tally().failures], [0, 1], "as each one's settings say");
    {
        let mut future = pin!(both.call_async_with(blame, || async { panic!("as it happens") }));
        catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut context))).unwrap_err();
    }
    assert_eq!([peer.tally().failures, link.tally().failures], [1, 2]);
    {
        let future = both.call_async_with(|_| (Outcome::Failure, Outcome::Success), || async { Ok::<_, ()>(7) });
        assert!(pin!(future).as_mut().poll(&mut context).is_ready());
    }
    assert_eq!([peer.tally().failures, link.tally().failures], [2, 2]);
}

#[test]
fn a_panic_in_a_call_of_three_fails_all_of_them() {
    let ([first, second], third) = (pair(), breaker(builder()));
    for circuit in [&first, &second, &third] {
        first_probe(circuit).ignored();
    }
    let call =
        || Together((&first, &second, &third)).call(|| -> Result<(), ()> { panic!("the peer's library gave up") });
    assert!(catch_unwind(AssertUnwindSafe(call)).is_err());
    assert_eq!([first.state(), second.state(), third.state()], [State::Open; 3]);
}
