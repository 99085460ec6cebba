//! Calls that are settled at the end of their response's body.
#![cfg(all(feature = "tower", feature = "http", feature = "tokio"))]

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use fusebox::policy::MaxFailures;
use fusebox::{Error, Outcome, Rejected, Settings, State};
use fusebox_std::http::{ClassifyTrailers, GrpcStatus, HttpStatus};
use fusebox_std::tower::CircuitBreakerLayer;
use fusebox_std::{CallCounts, CircuitBreakerSet, Counts, Handle, TokioClock};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::time::advance;
use tower::{Layer, Service, ServiceExt, service_fn};

type Clock = TokioClock<1_000>;
type Circuit = Handle<&'static str, Clock>;

/// What a body does when it is polled. After the last step it ends.
#[derive(Clone, Copy, Debug)]
enum Does {
    Data,
    Trailers(Option<&'static str>),
    Break,
    Hang,
    Panic,
}

/// A body that plays its steps.
#[derive(Clone, Debug)]
struct Script {
    steps: VecDeque<Does>,
    /// Whether it says that it has ended before it is asked for more.
    knows_its_end: bool,
}

fn body(steps: &[Does]) -> Script {
    Script { steps: steps.iter().copied().collect(), knows_its_end: false }
}

impl Body for Script {
    type Data = &'static [u8];
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Poll::Ready(match self.steps.front() {
            None => None,
            Some(Does::Hang) => return Poll::Pending,
            Some(Does::Panic) => panic!("a body that panics"),
            Some(_) => self.steps.pop_front().map(|step| match step {
                Does::Trailers(status) => {
                    let mut trailers = HeaderMap::new();
                    if let Some(status) = status {
                        trailers.insert("grpc-status", HeaderValue::from_static(status));
                    }
                    Ok(Frame::trailers(trailers))
                }
                Does::Break => Err("cut off"),
                _ => Ok(Frame::data(&b"data"[..])),
            }),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.knows_its_end && self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(4)
    }
}

fn circuit() -> Circuit {
    let set: CircuitBreakerSet<&'static str, Clock, MaxFailures<3>> =
        CircuitBreakerSet::builder().clock(Clock::new(), Settings::DEFAULT).counts(Counts::All).build().unwrap();
    set.handle(&"upstream").unwrap()
}

/// A service that answers with the response it is asked for.
fn guarded<T: ClassifyTrailers + Clone>(
    circuit: Circuit,
    trailers: T,
) -> impl Service<
    Response<Script>,
    Response = Response<impl Body<Data = &'static [u8], Error = &'static str> + Unpin>,
    Error = Error<&'static str>,
> {
    let layer = CircuitBreakerLayer::new(circuit).classify(GrpcStatus).until_end(trailers);
    layer.layer(service_fn(|response: Response<Script>| async { Ok::<_, &str>(response) }))
}

/// Calls, reads to the end, and says what the call counted as.
async fn outcome(steps: &[Does]) -> (CallCounts, usize) {
    let circuit = circuit();
    let mut service = guarded(circuit.clone(), GrpcStatus);
    let response = service.ready().await.unwrap().call(Response::new(body(steps))).await.unwrap();
    assert_eq!(circuit.counts(), CallCounts::default(), "settled before the body was read");
    let mut body = response.into_body();
    let mut frames = 0;
    while let Some(Ok(_)) = body.frame().await {
        frames += 1;
    }
    (circuit.counts(), frames)
}

fn counts(successes: u64, failures: u64, ignored: u64) -> CallCounts {
    let mut counts = CallCounts::default();
    (counts.successes, counts.failures, counts.ignored) = (successes, failures, ignored);
    counts
}

#[tokio::test(start_paused = true)]
async fn a_call_counts_as_its_trailers_say_and_else_as_its_end_does() {
    use Does::{Break, Data, Trailers};
    assert_eq!(outcome(&[Data, Data, Trailers(Some("0"))]).await, (counts(1, 0, 0), 3));
    assert_eq!(outcome(&[Data, Trailers(Some("14"))]).await, (counts(0, 1, 0), 2));
    assert_eq!(outcome(&[Trailers(Some("8"))]).await, (counts(0, 1, 0), 1));
    assert_eq!(outcome(&[Data, Trailers(Some("1"))]).await, (counts(0, 0, 1), 2));
    assert_eq!(outcome(&[Data, Trailers(Some("5"))]).await, (counts(1, 0, 0), 2));
    assert_eq!(outcome(&[Data, Trailers(None)]).await, (counts(1, 0, 0), 2));
    assert_eq!(outcome(&[Data, Data]).await, (counts(1, 0, 0), 2));
    assert_eq!(outcome(&[Data, Break]).await, (counts(0, 1, 0), 1));
}

#[tokio::test(start_paused = true)]
async fn trailers_count_as_their_reader_says() {
    let say_nothing = circuit();
    let mut service = guarded(say_nothing.clone(), HttpStatus);
    let script = body(&[Does::Trailers(Some("14"))]);
    let response = service.ready().await.unwrap().call(Response::new(script.clone())).await.unwrap();
    response.into_body().collect().await.unwrap();
    assert_eq!(say_nothing.counts(), counts(1, 0, 0));

    let own = circuit();
    let mut service = guarded(own.clone(), |_: &HeaderMap| Outcome::Ignored);
    let response = service.ready().await.unwrap().call(Response::new(script)).await.unwrap();
    response.into_body().collect().await.unwrap();
    assert_eq!(own.counts(), counts(0, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_head_that_is_no_success_and_a_body_that_is_empty_are_settled_at_once() {
    let circuit = circuit();
    let mut service = guarded(circuit.clone(), GrpcStatus);
    let unavailable = Response::builder().status(StatusCode::SERVICE_UNAVAILABLE).body(body(&[Does::Data])).unwrap();
    let failed = service.ready().await.unwrap().call(unavailable).await.unwrap();
    assert_eq!(circuit.counts(), counts(0, 1, 0));
    // Its body is passed on, and says nothing more.
    let collected = failed.into_body().collect().await.unwrap().to_bytes();
    assert_eq!((collected.as_ref(), circuit.counts()), (&b"data"[..], counts(0, 1, 0)));

    let empty = Script { steps: VecDeque::new(), knows_its_end: true };
    drop(service.ready().await.unwrap().call(Response::new(empty)).await.unwrap());
    assert_eq!(circuit.counts(), counts(1, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_says_it_ended_need_not_be_asked_for_more() {
    let circuit = circuit();
    let mut service = guarded(circuit.clone(), GrpcStatus);
    let script = Script { knows_its_end: true, ..body(&[Does::Data, Does::Data]) };
    let mut body = service.ready().await.unwrap().call(Response::new(script)).await.unwrap().into_body();
    assert_eq!((body.size_hint().exact(), body.is_end_stream()), (Some(4), false));
    assert!(body.frame().await.is_some());
    assert_eq!(circuit.counts(), counts(0, 0, 0));
    assert!(body.frame().await.is_some());
    assert!(body.is_end_stream());
    drop(body);
    assert_eq!(circuit.counts(), counts(1, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn y07_a_body_that_is_dropped_is_a_failure_if_it_ran_long() {
    let circuit = circuit();
    let mut service = guarded(circuit.clone(), GrpcStatus);
    for (millis, failures) in [(999, 0), (1_000, 1)] {
        let script = body(&[Does::Data, Does::Hang]);
        let mut body = service.ready().await.unwrap().call(Response::new(script)).await.unwrap().into_body();
        assert!(body.frame().await.is_some());
        assert!(tokio::time::timeout(Duration::from_millis(millis), body.frame()).await.is_err());
        drop(body);
        assert_eq!(circuit.tally().failures, failures);
    }
    assert_eq!((circuit.counts().abandoned, circuit.counts().failures), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn x04_a_body_or_a_classifier_that_panics_has_failed() {
    let circuit = circuit();
    for steps in [&[Does::Panic][..], &[Does::Trailers(None)]] {
        let mut service = guarded(circuit.clone(), |_: &HeaderMap| -> Outcome { panic!("the trailers") });
        let mut body = service.ready().await.unwrap().call(Response::new(body(steps))).await.unwrap().into_body();
        assert!(tokio::spawn(async move { body.frame().await.is_some() }).await.is_err_and(|error| error.is_panic()));
    }
    assert_eq!(circuit.counts(), counts(0, 2, 0));
}

#[tokio::test(start_paused = true)]
async fn x03_a_probe_ends_with_its_body_and_a_dropped_one_gives_its_slot_back() {
    let circuit = circuit();
    let mut service = guarded(circuit.clone(), GrpcStatus);
    circuit.open();
    advance(Duration::from_secs(10)).await;
    let response = || Response::new(body(&[Does::Data, Does::Trailers(Some("0"))]));

    let probe = service.ready().await.unwrap().call(response()).await.unwrap();
    assert_eq!(circuit.state(), State::HalfOpen);
    let rejected = service.ready().await.unwrap().call(response()).await;
    assert!(matches!(rejected, Err(Error::Rejected(_))));
    drop(probe);
    let probe = service.ready().await.unwrap().call(response()).await.unwrap();
    assert_eq!(circuit.state(), State::HalfOpen);
    probe.into_body().collect().await.unwrap();
    assert_eq!(circuit.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn x07_y08_the_end_of_a_stream_from_before_does_not_close() {
    let circuit = circuit();
    let mut service = guarded(circuit.clone(), GrpcStatus);
    let early = service.ready().await.unwrap().call(Response::new(body(&[Does::Data]))).await.unwrap();
    circuit.open();
    advance(Duration::from_secs(10)).await;
    let hung = Response::new(body(&[Does::Data, Does::Hang]));
    let probe = service.ready().await.unwrap().call(hung).await.unwrap();
    early.into_body().collect().await.unwrap();
    assert_eq!(circuit.state(), State::HalfOpen);
    drop(probe);
}

#[tokio::test(start_paused = true)]
async fn a_responder_answers_with_a_body_of_its_own() {
    let circuit = circuit();
    circuit.open();
    let layer = CircuitBreakerLayer::new(circuit.clone())
        .classify(GrpcStatus)
        .on_open(|_: Rejected, mut asked: Response<Script>| {
            *asked.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            asked
        })
        .until_end(GrpcStatus);
    let service = layer.layer(service_fn(|asked: Response<Script>| async { Ok::<_, &str>(asked) }));
    let response = service.oneshot(Response::new(body(&[Does::Data]))).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes().as_ref(), b"data");
    assert_eq!(circuit.counts().successes, 0);
}
