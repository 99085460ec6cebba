//! The admin router: what it shows, what it changes, and what it says about health.
#![cfg(feature = "axum")]

mod changes;
mod errors;
mod health;
mod keys;
mod page;
mod pages;
mod shown;

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use fusebox::Settings;
use fusebox::clock::ManualClock;
use fusebox_std::admin::Admin;
use fusebox_std::{CircuitBreakerSet, CircuitBreakerSetBuilder, Counts, Handle};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

type Clock = &'static ManualClock<1_000>;
type Set<K = String> = CircuitBreakerSet<K, Clock>;

fn clock() -> Clock {
    Box::leak(Box::new(ManualClock::new()))
}

fn builder<K: Clone + Eq + std::hash::Hash>(clock: Clock) -> CircuitBreakerSetBuilder<K, Clock> {
    CircuitBreakerSet::<K>::builder().clock(clock, Settings::DEFAULT).counts(Counts::All)
}

fn upstreams(clock: Clock) -> Set {
    builder(clock).build().unwrap()
}

fn admin(set: &Set) -> Router {
    Admin::new().set("upstreams", set.clone()).router()
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn trip<K>(circuit: &Handle<K, Clock>) {
    for _ in 0..4 {
        let _ = circuit.call(|| Err::<(), _>("no answer"));
    }
    assert_eq!(circuit.state(), fusebox::State::Open);
}

/// What was answered.
#[derive(Debug)]
struct Answer {
    status: u16,
    content_type: String,
    headers: axum::http::HeaderMap,
    body: Value,
}

async fn ask(router: &Router, request: Request<Body>) -> Answer {
    let (head, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let content_type = head.headers.get(header::CONTENT_TYPE).map(|value| value.to_str().unwrap().to_owned());
    let body = serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{error}: {bytes:?}"));
    Answer { status: head.status.as_u16(), content_type: content_type.unwrap(), headers: head.headers, body }
}

async fn get(router: &Router, path: &str) -> Answer {
    ask(router, Request::get(path).body(Body::empty()).unwrap()).await
}

/// The body of an answer that is as it should be.
async fn shown(router: &Router, path: &str) -> Value {
    let answer = get(router, path).await;
    assert_eq!((answer.status, answer.content_type.as_str()), (200, "application/json"), "{path}: {:?}", answer.body);
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
    answer.body
}

async fn post(router: &Router, path: &str, body: &str) -> Answer {
    let request = Request::post(path).header("content-type", "application/json").body(Body::from(body.to_owned()));
    ask(router, request.unwrap()).await
}
