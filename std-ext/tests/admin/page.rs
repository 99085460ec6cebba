//! The answers in docs/admin.md are those that the router gives.
//!
//! `UPDATE_PAGES=1 cargo test -p fusebox-std --features axum --test admin page` writes them down.

use std::fs;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use fusebox_std::admin::Admin;
use serde_json::Value;

use super::{ask, builder, clock, secs, trip, upstreams};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/admin.md");
const FENCE: &str = "```http\n";

/// A program after some time: its router as it is by default, and with changes allowed.
fn program() -> (Router, Router) {
    let clock = clock();
    let (upstreams, shards) = (upstreams(clock), builder::<u32>(clock).capacity(64).build().unwrap());
    for peer in ["inventory", "payments", "prices"] {
        for _ in 0..20 {
            upstreams.call(peer, || Ok::<_, ()>(())).unwrap();
        }
    }
    shards.handle(&7).unwrap();
    clock.advance(secs(300));
    trip(&upstreams.handle("inventory").unwrap());
    clock.advance(secs(4));
    trip(&upstreams.handle("payments").unwrap());
    let _ = upstreams.call("inventory", || Ok::<_, ()>(()));
    clock.advance(secs(2));
    let admin = || Admin::new().set("shards", shards.clone()).set("upstreams", upstreams.clone());
    let vital = |set: &str, key: &str| set == "upstreams" && key == "payments";
    (admin().vital(vital).router(), admin().vital(vital).allow_changes().router())
}

/// The request of a block, which is written as it goes over the wire.
fn request(block: &str) -> Request<Body> {
    let (head, body) = block.split_once("\n\n").unwrap_or((block.trim_end(), ""));
    let mut lines = head.lines();
    let (method, target) = lines.next().unwrap().split_once(' ').unwrap();
    let builder = lines.fold(Request::builder().method(method).uri(target), |builder, header| {
        let (name, value) = header.split_once(": ").unwrap();
        builder.header(name, value)
    });
    builder.body(Body::from(body.trim_end().to_owned())).unwrap()
}

/// Takes out the only thing that differs from run to run.
fn without_moments(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match (name.as_str(), field) {
                    ("at" | "since", Value::String(moment)) => *moment = "2026-11-23T15:04:05.678Z".into(),
                    (_, field) => without_moments(field),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(without_moments),
        _ => {}
    }
}

async fn answer(router: &Router, block: &str) -> String {
    let mut answer = ask(router, request(block)).await;
    without_moments(&mut answer.body);
    let status = StatusCode::from_u16(answer.status).unwrap();
    let body = serde_json::to_string_pretty(&answer.body).unwrap();
    format!("HTTP/1.1 {status}\nContent-Type: {}\n\n{body}\n", answer.content_type)
}

#[tokio::test]
async fn the_answers_of_the_page_are_real() {
    let page = fs::read_to_string(PAGE).unwrap();
    let (closed, open) = program();
    let mut blocks = page.split(FENCE);
    let mut real = blocks.next().unwrap().to_owned();
    let mut asked = 0;
    while let (Some(question), Some(old)) = (blocks.next(), blocks.next()) {
        let (question, between) = question.split_once("```\n").unwrap();
        let (_, after) = old.split_once("```\n").unwrap();
        // From where the page says how, changes are allowed.
        let router = if real.contains("`Admin::allow_changes` switches") { &open } else { &closed };
        let answer = answer(router, question).await;
        real.extend([FENCE, question, "```\n", between, FENCE, &answer, "```\n", after]);
        asked += 1;
    }
    assert_eq!(asked, 10, "requests with an answer");
    if std::env::var_os("UPDATE_PAGES").is_some() {
        fs::write(PAGE, &real).unwrap();
        return;
    }
    let difference = page.lines().zip(real.lines()).zip(1..).find(|((old, new), _)| old != new);
    assert_eq!(difference, None, "docs/admin.md is stale; the head of this test says how to write it anew");
    assert_eq!(page, real);
}
