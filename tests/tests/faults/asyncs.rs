//! What is done asynchronously, with users' code that has to be polled more than once.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use fusebox::{Outcome, Rejected, Together};
use fusebox_std::http::{GrpcStatus, RetryAfter};
use fusebox_std::reqwest::CircuitBreakerMiddleware;
use fusebox_std::tower::CircuitBreakerLayer;
use http::{Extensions, HeaderMap, Response};
use http_body::{Body, Frame};
use reqwest_middleware::{Middleware, Next};
use tower::{Layer, Service, ServiceExt};

use crate::points::point;
use crate::user::{Judge, Key};
use crate::world::{WAIT, World};

pub(crate) type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A world, and what is done in it.
pub(crate) type Parts = (fn() -> World, fn(&World) -> Work);

/// All of them, each with the world that it is done in.
pub(crate) fn all() -> [(&'static str, Parts); 14] {
    [
        ("call_async", (World::new, call)),
        ("call_async of a probe", (World::before_a_probe, call)),
        ("call_async_or", (World::new, call_or)),
        ("call_async of two circuits", (World::before_a_probe, together)),
        ("wait_until_ready", (open, wait_until_ready)),
        ("Tower, a circuit", (World::new, tower)),
        ("Tower, a probe", (World::before_a_probe, tower)),
        ("Tower, by key", (World::before_a_probe, tower_by_key)),
        ("Tower, open when polled", (open, tower_open_when_polled)),
        ("Tower, an answer while open", (open, tower_on_open)),
        ("Tower, a gate", (open, tower_gate)),
        ("Tower, until the end", (World::before_a_probe, tower_until_end)),
        ("Tower, a wait as asked", (World::before_a_probe, tower_wait_hint)),
        ("reqwest", (World::before_a_probe, reqwest)),
    ]
}

fn open() -> World {
    let world = World::new();
    world.circuit.open();
    world
}

/// Is pending so often, and asks to be polled again.
async fn steps<T>(mut pending: u32, result: T) -> T {
    poll_fn(|cx| {
        point("poll");
        if pending == 0 {
            return Poll::Ready(());
        }
        pending -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
    result
}

fn call(world: &World) -> Work {
    let circuit = world.circuit.clone();
    Box::pin(async move {
        for outcome in [Outcome::Ignored, Outcome::Success, Outcome::Failure] {
            let call = || {
                point("call");
                steps(2, if outcome == Outcome::Success { Ok(()) } else { Err(outcome) })
            };
            let _ = circuit.call_async_with(Judge, call).await;
        }
    })
}

fn call_or(world: &World) -> Work {
    let circuit = world.circuit.clone();
    Box::pin(async move {
        circuit.call_async_or(|| steps(2, Err(Outcome::Failure)), |_| steps(2, ())).await;
    })
}

fn together(world: &World) -> Work {
    let (circuit, set) = (world.circuit.clone(), world.set.clone());
    Box::pin(async move {
        let Ok(other) = set.handle(&Key(2)) else { return };
        let blame = |_: &Result<(), ()>| {
            point("classifier");
            (Outcome::Success, Outcome::Failure)
        };
        let both = Together((circuit, other));
        for _ in 0..2 {
            let _ = both.call_async_with(blame, || steps(2, Ok::<_, ()>(()))).await;
        }
    })
}

fn wait_until_ready(world: &World) -> Work {
    let (circuit, clock) = (world.circuit.clone(), world.clock.same());
    Box::pin(async move {
        let mut ready = pin!(circuit.wait_until_ready());
        let mut polls = 0;
        poll_fn(|cx| {
            polls += 1;
            if polls == 4 {
                clock.advance(WAIT);
                circuit.half_open();
            }
            cx.waker().wake_by_ref();
            ready.as_mut().poll(cx)
        })
        .await;
    })
}

/// A service that takes its time to be ready and to answer, with what it is asked for.
#[derive(Clone)]
struct Inner {
    pending: u32,
}

const INNER: Inner = Inner { pending: 2 };

impl<T: Send + 'static> Service<T> for Inner {
    type Response = T;
    type Error = Outcome;
    type Future = Pin<Box<dyn Future<Output = Result<T, Outcome>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Outcome>> {
        point("poll_ready");
        if self.pending == 0 {
            return Poll::Ready(Ok(()));
        }
        self.pending -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn call(&mut self, request: T) -> Self::Future {
        point("call");
        Box::pin(steps(2, Ok(request)))
    }
}

fn tower(world: &World) -> Work {
    let service = CircuitBreakerLayer::new(world.circuit.clone()).classify(Judge).layer(INNER);
    Box::pin(async move {
        for _ in 0..2 {
            let _ = service.clone().oneshot(()).await;
        }
    })
}

fn tower_by_key(world: &World) -> Work {
    let by = |(): &()| {
        point("key of a request");
        Key(1)
    };
    let service = CircuitBreakerLayer::by(world.set.clone(), by).classify(Judge).layer(INNER);
    Box::pin(async move {
        let _ = service.oneshot(()).await;
    })
}

fn tower_open_when_polled(world: &World) -> Work {
    let (clock, layer) = (world.clock.same(), CircuitBreakerLayer::new(world.circuit.clone()).classify(Judge));
    Box::pin(async move {
        let mut service = layer.layer(INNER);
        let _ = service.ready().await;
        clock.advance(WAIT);
        let _ = service.call(()).await;
    })
}

fn tower_on_open(world: &World) -> Work {
    let respond = |_: Rejected, (): ()| point("responder");
    let service = CircuitBreakerLayer::new(world.circuit.clone()).classify(Judge).on_open(respond).layer(INNER);
    Box::pin(async move {
        let _ = service.oneshot(()).await;
    })
}

fn tower_gate(world: &World) -> Work {
    let (circuit, clock) = (world.circuit.clone(), world.clock.same());
    Box::pin(async move {
        let mut service = CircuitBreakerLayer::new(circuit.clone()).classify(Judge).gate().layer(INNER);
        let mut polls = 0;
        let ready = poll_fn(|cx| {
            polls += 1;
            if polls == 3 {
                clock.advance(WAIT);
                circuit.half_open();
            }
            cx.waker().wake_by_ref();
            service.poll_ready(cx)
        });
        if ready.await.is_ok() {
            let _ = service.call(()).await;
        }
    })
}

/// A body of two frames and trailers, each of which is waited for.
struct Frames {
    left: u32,
    pending: bool,
}

impl Body for Frames {
    type Data = &'static [u8];
    type Error = Outcome;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Self::Data>, Outcome>>> {
        point("poll_frame");
        self.pending = !self.pending;
        if self.pending {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let Some(left) = self.left.checked_sub(1) else { return Poll::Ready(None) };
        self.left = left;
        Poll::Ready(Some(Ok(if left == 0 { Frame::trailers(HeaderMap::new()) } else { Frame::data(b"data") })))
    }

    fn is_end_stream(&self) -> bool {
        point("is_end_stream");
        self.left == 0
    }
}

#[derive(Clone)]
struct Trailers;

impl fusebox_std::http::ClassifyTrailers for Trailers {
    fn classify_trailers(&self, trailers: &HeaderMap) -> Outcome {
        point("classifier of trailers");
        GrpcStatus.classify_trailers(trailers)
    }
}

fn tower_until_end(world: &World) -> Work {
    let head = |result: &Result<Response<Frames>, Outcome>| {
        point("classifier");
        if result.is_ok() { Outcome::Success } else { Outcome::Failure }
    };
    let service = CircuitBreakerLayer::new(world.circuit.clone()).classify(head).until_end(Trailers);
    let service = service.layer(INNER);
    Box::pin(async move {
        let Ok(response) = service.oneshot(Response::new(Frames { left: 3, pending: false })).await else { return };
        let mut body = Box::pin(response.into_body());
        while poll_fn(|cx| body.as_mut().poll_frame(cx)).await.is_some() {}
    })
}

fn tower_wait_hint(world: &World) -> Work {
    let hint = |_: &Result<Result<(), Outcome>, Outcome>| {
        point("hint");
        Some(Duration::from_secs(WAIT))
    };
    let judge = |_: &Result<Result<(), Outcome>, Outcome>| Outcome::Failure;
    let layer = CircuitBreakerLayer::new(world.circuit.clone()).classify(judge);
    let service = layer.wait_at_least(hint).layer(INNER);
    Box::pin(async move {
        let _ = service.oneshot(Err(Outcome::Failure)).await;
    })
}

/// The end of a chain of middlewares, which answers by itself.
struct Upstream;

#[async_trait::async_trait]
impl Middleware for Upstream {
    async fn handle(
        &self,
        _: reqwest::Request,
        _: &mut Extensions,
        _: Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        point("call");
        let answer = Response::builder().status(503).header("retry-after", WAIT.to_string()).body("busy").unwrap();
        Ok(steps(2, answer.into()).await)
    }
}

fn reqwest(world: &World) -> Work {
    let by = |_: &reqwest::Request| {
        point("key of a request");
        Key(1)
    };
    let circuits = CircuitBreakerMiddleware::by(world.set.clone(), by);
    let circuits = circuits.wait_at_least(RetryAfter::up_to(Duration::from_secs(WAIT)));
    let client = reqwest_middleware::ClientBuilder::new(reqwest::Client::new()).with(circuits).with(Upstream).build();
    Box::pin(async move {
        let _ = client.get("http://127.0.0.1:9/").send().await;
    })
}
