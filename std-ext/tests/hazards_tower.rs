//! What broke circuit breakers elsewhere, through the Tower service and around it, on a clock that the test moves.
#![cfg(all(feature = "tower", feature = "tokio"))]

use std::future::pending;
use std::time::Duration;

use fusebox::policy::{CountWindow, MaxFailures, Rates, TimeWindow, TripPolicy};
use fusebox::{Error, Outcome, Rejected, Settings, State, by_error};
use fusebox_std::tower::CircuitBreakerLayer;
use fusebox_std::{Abandoned, CircuitBreakerSet, Handle, TokioClock};
use tokio::time::{advance, sleep, timeout};
use tower::limit::ConcurrencyLimit;
use tower::load_shed::LoadShed;
use tower::load_shed::error::Overloaded;
use tower::timeout::error::Elapsed;
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_test::mock;

type Clock = TokioClock<1_000>;
type Circuit<P = MaxFailures<3>> = Handle<&'static str, Clock, P>;

fn circuit_with<P: TripPolicy>(settings: Settings<Clock, P>, abandoned: Abandoned) -> Circuit<P> {
    let builder = CircuitBreakerSet::<&'static str>::builder().clock(Clock::new(), settings).abandoned(abandoned);
    builder.build().unwrap().handle(&"upstream").unwrap()
}

fn circuit() -> Circuit {
    circuit_with(Settings::DEFAULT, Abandoned::default())
}

async fn until_half_open(circuit: &Circuit) {
    circuit.open();
    advance(Duration::from_secs(10)).await;
}

/// What the inner service does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Do {
    Succeed,
    FailAfter(u64),
    SucceedAfter(u64),
    Hang,
    Panic,
}

async fn act(what: Do) -> Result<(), BoxError> {
    match what {
        Do::Succeed => Ok(()),
        Do::FailAfter(millis) => {
            sleep(Duration::from_millis(millis)).await;
            Err("no answer".into())
        }
        Do::SucceedAfter(millis) => {
            sleep(Duration::from_millis(millis)).await;
            Ok(())
        }
        Do::Hang => pending().await,
        Do::Panic => panic!("an upstream's client that panics"),
    }
}

/// Polls a future once, and goes on with it in a task.
async fn start<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> tokio::task::JoinHandle<T> {
    let task = tokio::spawn(future);
    tokio::task::yield_now().await;
    task
}

#[tokio::test(start_paused = true)]
async fn x03_y03_probes_that_are_dropped_give_their_slots_back_or_fail_as_they_are_told() {
    let expected = [
        (Abandoned::As(Outcome::Ignored), State::HalfOpen, State::HalfOpen),
        (Abandoned::As(Outcome::Failure), State::Open, State::Open),
        (Abandoned::default(), State::HalfOpen, State::Open),
    ];
    for (abandoned, after_a_moment, after_a_second) in expected {
        for (millis, state) in [(5, after_a_moment), (1_000, after_a_second)] {
            let circuit = circuit_with(Settings::DEFAULT, abandoned);
            let limit = Duration::from_millis(millis);
            let layer = CircuitBreakerLayer::new(circuit.clone()).box_errors();
            let mut service = ServiceBuilder::new().timeout(limit).layer(layer).service_fn(act);
            // Six in a row, which left others half-open for ever.
            for probe in 1..=6 {
                until_half_open(&circuit).await;
                assert!(service.ready().await.unwrap().call(Do::Hang).await.unwrap_err().is::<Elapsed>());
                assert_eq!((circuit.state(), circuit.counts().abandoned), (state, probe), "{abandoned:?} {millis} ms");
                circuit.close();
            }
            until_half_open(&circuit).await;
            assert!(service.ready().await.unwrap().call(Do::Succeed).await.is_ok());
            assert_eq!(circuit.state(), State::Closed);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn x05_of_a_thousand_futures_when_the_wait_ends_one_is_let_through() {
    let circuit = circuit();
    let service = CircuitBreakerLayer::new(circuit.clone()).layer(service_fn(act));
    until_half_open(&circuit).await;
    let calls: Vec<_> = (0..1_000).map(|_| tokio::spawn(service.clone().oneshot(Do::SucceedAfter(5)))).collect();
    let mut answers = [0, 0];
    for call in calls {
        match call.await.unwrap() {
            Ok(()) => answers[0] += 1,
            Err(Error::Rejected(_)) => answers[1] += 1,
            Err(Error::Inner(error)) => panic!("{error}"),
        }
    }
    assert_eq!((answers, circuit.counts().rejected_half_open, circuit.state()), ([1, 999], 999, State::Closed));
}

#[tokio::test(start_paused = true)]
async fn x07_y08_the_success_of_a_straggler_does_not_close() {
    let circuit = circuit();
    let service = CircuitBreakerLayer::new(circuit.clone()).layer(service_fn(act));
    let straggler = start(service.clone().oneshot(Do::SucceedAfter(10_500))).await;
    until_half_open(&circuit).await;
    let probe = start(service.clone().oneshot(Do::FailAfter(1_000))).await;
    assert!(straggler.await.unwrap().is_ok());
    assert_eq!(circuit.state(), State::HalfOpen);
    assert!(probe.await.unwrap().is_err());
    assert_eq!(circuit.state(), State::Open);
}

#[tokio::test(start_paused = true)]
async fn x08_a_probe_of_an_earlier_time_neither_counts_nor_gives_back_a_slot() {
    let settings = Settings::builder().lease(Duration::from_secs(5)).build().unwrap();
    let circuit = circuit_with(settings, Abandoned::default());
    let service = CircuitBreakerLayer::new(circuit.clone()).layer(service_fn(act));
    until_half_open(&circuit).await;
    let lost = start(service.clone().oneshot(Do::SucceedAfter(6_000))).await;
    advance(Duration::from_secs(5)).await;
    let probe = start(service.clone().oneshot(Do::SucceedAfter(4_000))).await;
    assert!(lost.await.unwrap().is_ok());
    assert_eq!(circuit.state(), State::HalfOpen);
    assert!(matches!(service.oneshot(Do::Succeed).await, Err(Error::Rejected(_))));
    assert!(probe.await.unwrap().is_ok());
    assert_eq!(circuit.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn x11_failures_that_arrive_while_open_do_not_put_the_probe_off() {
    let circuit = circuit();
    let service = CircuitBreakerLayer::new(circuit.clone()).layer(service_fn(act));
    let late: Vec<_> =
        (1..=9).map(|seconds| tokio::spawn(service.clone().oneshot(Do::FailAfter(1_000 * seconds)))).collect();
    tokio::task::yield_now().await;
    circuit.open();
    for call in late {
        assert!(matches!(call.await.unwrap(), Err(Error::Inner(_))));
    }
    assert_eq!(circuit.retry_after(), Some(Duration::from_secs(1)));
}

#[tokio::test(start_paused = true)]
async fn x14_a_probe_that_a_concurrency_limit_turns_away_gives_its_slot_back() {
    let circuit = circuit();
    let limited = ConcurrencyLimit::new(service_fn(act), 1);
    let overloaded =
        by_error(|error: &BoxError| if error.is::<Overloaded>() { Outcome::Ignored } else { Outcome::Failure });
    let layer = CircuitBreakerLayer::new(circuit.clone()).classify(overloaded);
    let mut service = layer.layer(LoadShed::new(limited.clone()));
    let busy = start(limited.oneshot(Do::SucceedAfter(20_000))).await;
    until_half_open(&circuit).await;
    for shed in 1..=3 {
        let error = service.ready().await.unwrap().call(Do::Succeed).await.unwrap_err();
        assert!(error.into_inner().is_some_and(|error| error.is::<Overloaded>()));
        assert_eq!((circuit.state(), circuit.counts().ignored, circuit.counts().failures), (State::HalfOpen, shed, 0));
    }
    assert!(busy.await.unwrap().is_ok());
    assert!(service.ready().await.unwrap().call(Do::Succeed).await.is_ok());
    assert_eq!(circuit.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn x14_a_probe_is_not_taken_before_the_concurrency_limit_has_room() {
    let circuit = circuit();
    let limited = ConcurrencyLimit::new(service_fn(act), 1);
    let mut service = mock::Spawn::new(CircuitBreakerLayer::new(circuit.clone()).layer(limited.clone()));
    let busy = start(limited.oneshot(Do::SucceedAfter(20_000))).await;
    until_half_open(&circuit).await;
    assert!(service.poll_ready::<Do>().is_pending());
    assert_eq!(circuit.state(), State::Open);
    assert_eq!(circuit.call(|| Ok::<_, ()>("pong")), Ok("pong"));
    assert!(busy.await.unwrap().is_ok());
    assert!(service.is_woken() && service.poll_ready::<Do>().is_ready());
}

async fn hang_then_panic<P: TripPolicy<History: Send + Sync> + Send + Sync + 'static>(settings: Settings<Clock, P>) {
    let hung = circuit_with(settings, Abandoned::default());
    let layer = CircuitBreakerLayer::new(hung.clone()).box_errors();
    let service = ServiceBuilder::new().timeout(Duration::from_secs(2)).layer(layer.clone()).service_fn(act);
    let calls: Vec<_> = (0..200).map(|_| tokio::spawn(service.clone().oneshot(Do::Hang))).collect();
    for call in calls {
        assert!(call.await.unwrap().unwrap_err().is::<Elapsed>());
    }
    assert_eq!((hung.state(), hung.counts().abandoned), (State::Open, 200));

    let panicked = circuit_with(settings, Abandoned::default());
    let service = CircuitBreakerLayer::new(panicked.clone()).box_errors().layer(service_fn(act));
    let mut panics = 0;
    for _ in 0..200 {
        match tokio::spawn(service.clone().oneshot(Do::Panic)).await {
            Err(error) if error.is_panic() => panics += 1,
            Ok(Err(error)) if error.is::<Rejected>() => {}
            other => panic!("{other:?}"),
        }
    }
    let counts = panicked.counts();
    assert_eq!((panicked.state(), counts.failures, counts.rejected()), (State::Open, panics, 200 - panics));
}

#[tokio::test(start_paused = true)]
async fn y07_two_hundred_calls_that_hang_trip_and_so_do_two_hundred_panics() {
    hang_then_panic(Settings::DEFAULT).await;
    hang_then_panic(Settings::builder().consecutive(5).build().unwrap()).await;
    let rates = Rates::failures(50).min_calls(10);
    let settings: Settings<Clock, CountWindow> = Settings::builder().count_window(20, rates).build().unwrap();
    hang_then_panic(settings).await;
    let settings: Settings<Clock, TimeWindow<10>> =
        Settings::builder().time_window(10, Duration::from_secs(60), rates).build().unwrap();
    hang_then_panic(settings).await;
}

#[tokio::test(start_paused = true)]
async fn y07_a_user_who_hangs_up_after_a_moment_is_not_the_peers_fault() {
    let circuit = circuit();
    let layer = CircuitBreakerLayer::new(circuit.clone()).box_errors();
    let mut service = ServiceBuilder::new().timeout(Duration::from_millis(900)).layer(layer).service_fn(act);
    for _ in 0..200 {
        assert!(service.ready().await.unwrap().call(Do::Hang).await.unwrap_err().is::<Elapsed>());
    }
    assert_eq!((circuit.state(), circuit.counts().abandoned), (State::Closed, 200));
}

#[tokio::test(start_paused = true)]
async fn y11_a_service_behind_an_open_circuit_is_never_called() {
    let circuit = circuit();
    let (mut service, mut upstream) =
        mock::spawn_layer::<u32, u32, _>(CircuitBreakerLayer::new(circuit.clone()).box_errors());
    circuit.open();
    for number in 0..10_000 {
        assert!(service.poll_ready().is_ready());
        let answer = timeout(Duration::from_secs(60), service.call(number)).await.expect("the service was called");
        assert!(answer.unwrap_err().is::<Rejected>());
    }
    assert!(upstream.poll_request().is_pending());
    assert_eq!(circuit.counts().rejected_open, 10_000);
}

#[tokio::test(start_paused = true)]
async fn y12_through_a_buffer_only_what_was_ready_is_called() {
    let circuit = circuit();
    let (upstream, mut handle) = mock::pair::<u32, u32>();
    let buffered = ServiceBuilder::new()
        .layer(CircuitBreakerLayer::new(circuit.clone()).box_errors())
        .buffer(4)
        .concurrency_limit(2)
        .service(upstream);
    let calls: Vec<_> = (0..20).map(|number| tokio::spawn(buffered.clone().oneshot(number))).collect();
    // The mock panics at a call that comes before its turn.
    for _ in 0..20 {
        let (number, respond) = timeout(Duration::from_secs(60), handle.next_request()).await.unwrap().unwrap();
        respond.send_response(2 * number);
    }
    for (number, call) in (0..).zip(calls) {
        assert_eq!(call.await.unwrap().unwrap(), 2 * number);
    }
    assert_eq!(circuit.counts(), fusebox_std::CallCounts::default());
}
