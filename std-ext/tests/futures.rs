//! Futures that are dropped, on a clock that the test moves.
#![cfg(feature = "tokio")]

use std::future::{pending, poll_fn};
use std::task::Poll;
use std::time::Duration;

use fusebox::policy::MaxFailures;
use fusebox::{Error, Outcome, Settings, State};
use fusebox_std::{Abandoned, CircuitBreakerSet, Handle, TokioClock};
use tokio::time::{advance, sleep, timeout};

type Clock = TokioClock<1_000>;

fn circuit(abandoned: Abandoned) -> Handle<&'static str, Clock> {
    let set: CircuitBreakerSet<&'static str, Clock, MaxFailures<3>> =
        CircuitBreakerSet::builder().clock(Clock::new(), Settings::DEFAULT).abandoned(abandoned).build().unwrap();
    set.handle(&"upstream").unwrap()
}

async fn hang_for(circuit: &Handle<&'static str, Clock>, millis: u64) {
    let call = circuit.call_async(pending::<Result<(), ()>>);
    assert!(timeout(Duration::from_millis(millis), call).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn y07_a_peer_that_hangs_trips_and_a_user_who_hangs_up_does_not() {
    let circuit = circuit(Abandoned::default());
    for _ in 0..10 {
        hang_for(&circuit, 900).await;
    }
    assert_eq!((circuit.state(), circuit.counts().abandoned), (State::Closed, 10));
    for _ in 0..4 {
        hang_for(&circuit, 1_000).await;
    }
    assert_eq!((circuit.state(), circuit.counts().abandoned), (State::Open, 14));
}

#[tokio::test(start_paused = true)]
async fn x03_a_dropped_probe_gives_its_slot_back() {
    let circuit = circuit(Abandoned::As(Outcome::Ignored));
    circuit.open();
    advance(Duration::from_secs(10)).await;
    hang_for(&circuit, 5).await;
    assert_eq!(circuit.state(), State::HalfOpen);
    assert_eq!(circuit.call_async(|| async { Ok::<_, ()>("pong") }).await, Ok("pong"));
    assert_eq!(circuit.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn x04_a_future_or_a_judge_that_panics_has_failed() {
    let circuit = circuit(Abandoned::As(Outcome::Ignored));
    for kind in 0..4 {
        let circuit = circuit.clone();
        let task = tokio::spawn(async move {
            let judge = |(): &()| if kind == 0 { panic!("the judge") } else { Outcome::Success };
            let make = || {
                assert!(kind != 1, "while it is made");
                async move {
                    assert!(kind != 2, "at the first poll");
                    sleep(Duration::from_millis(1)).await;
                    assert!(kind != 3, "at a later poll");
                }
            };
            circuit.run_async(judge, make).await
        });
        assert!(task.await.is_err_and(|error| error.is_panic()));
    }
    assert_eq!((circuit.state(), circuit.counts().failures), (State::Open, 4));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_polled_while_open() {
    let circuit = circuit(Abandoned::default());
    circuit.open();
    let result = circuit.call_async(|| poll_fn(|_| -> Poll<Result<(), ()>> { panic!("polled") })).await;
    assert!(matches!(result, Err(Error::Rejected(_))));
    // A future that was never polled asked for nothing.
    drop(circuit.call_async(|| async { Ok::<_, ()>(()) }));
    assert_eq!((circuit.counts().rejected_open, circuit.counts().abandoned), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn x28_a_permit_that_dies_with_its_task_is_abandoned() {
    let circuit = circuit(Abandoned::As(Outcome::Failure));
    circuit.open();
    advance(Duration::from_secs(10)).await;
    let permit = circuit.try_acquire().unwrap();
    let task = tokio::spawn(async move {
        pending::<()>().await;
        permit.success();
    });
    tokio::task::yield_now().await;
    task.abort();
    assert!(task.await.is_err_and(|error| error.is_cancelled()));
    assert_eq!((circuit.state(), circuit.counts().abandoned), (State::Open, 1));
}
