//! Requests that cannot be answered, and what they are told.

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value, json};

use super::{Admin, Answer, ask, clock, get, post, upstreams};

fn router() -> axum::Router {
    let set = upstreams(clock());
    set.handle("inventory").unwrap();
    Admin::new().set("upstreams", set).allow_changes().router()
}

/// That it is a problem with this status and field, and what it says.
fn problem(answer: &Answer, status: u16, field: Option<&str>) -> String {
    assert_eq!((answer.status, answer.content_type.as_str()), (status, "application/problem+json"), "{answer:?}");
    assert_eq!((&answer.body["status"], answer.body.get("field").and_then(Value::as_str)), (&json!(status), field));
    let reason = axum::http::StatusCode::from_u16(status).unwrap().canonical_reason();
    assert_eq!(answer.body["title"].as_str(), reason);
    answer.body["detail"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_is_not_there_is_named() {
    let router = router();
    for path in ["/circuits/upstream", "/circuits/upstream/inventory", "/circuits/upstream/inventory/explain"] {
        let detail = problem(&get(&router, path).await, 404, None);
        assert_eq!(detail, "there is no set \"upstream\"; there are [\"upstreams\"]");
    }
    for path in ["/circuits/upstreams/a%2Fb", "/circuits/upstreams/a%2Fb/explain"] {
        let detail = problem(&get(&router, path).await, 404, None);
        assert_eq!(detail, "no circuit in \"upstreams\" is displayed as \"a/b\"; a circuit is made by the first call");
    }
    let detail = problem(&post(&router, "/circuits/upstreams/inventory/explode", "{}").await, 404, None);
    assert!(detail.starts_with("there is no change \"explode\"; there are open, half_open, "), "{detail}");
}

#[tokio::test]
async fn a_bad_query_is_told_its_field() {
    let router = router();
    for (query, field, detail) in [
        ("limit=0", "limit", "\"0\" is no whole number from 1 to 1000"),
        ("limit=1001", "limit", "\"1001\" is no whole number from 1 to 1000"),
        ("limit=many", "limit", "\"many\" is no whole number from 1 to 1000"),
        ("limit=", "limit", "\"\" is no whole number from 1 to 1000"),
        (
            "state=open,broken",
            "state",
            "\"broken\" is no state; there are closed, open, half_open, forced_open, disabled, observe",
        ),
        ("stat=open", "stat", "there are state, limit and after"),
    ] {
        for path in ["/circuits", "/circuits/upstreams"] {
            assert_eq!(problem(&get(&router, &format!("{path}?{query}")).await, 400, Some(field)), detail);
        }
    }
    let detail = problem(&get(&router, "/circuits?after=a").await, 400, Some("after"));
    assert_eq!(detail, "it goes with one set: /circuits/SET?after=KEY");
}

#[tokio::test]
async fn a_path_that_is_no_text_is_refused() {
    for path in ["/circuits/%FF", "/circuits/upstreams/%FF", "/circuits/upstreams/%FF/explain"] {
        problem(&get(&router(), path).await, 400, None);
    }
    problem(&post(&router(), "/circuits/upstreams/%FF/open", "{}").await, 400, None);
}

#[tokio::test]
async fn a_wrong_method_is_told_which_is_right() {
    let router = router();
    for (method, path, allowed) in [
        ("POST", "/circuits", "GET,HEAD"),
        ("DELETE", "/circuits/upstreams", "GET,HEAD"),
        ("PUT", "/circuits/upstreams/inventory", "GET,HEAD"),
        ("GET", "/circuits/upstreams/inventory/open", "POST"),
        ("OPTIONS", "/circuits/upstreams/inventory/open", "POST"),
        ("POST", "/health", "GET,HEAD"),
        ("POST", "/ready", "GET,HEAD"),
    ] {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let answer = ask(&router, request).await;
        let detail = problem(&answer, 405, None);
        assert_eq!(detail, format!("{method} is not for this path; the header Allow says what is"));
        assert_eq!(answer.headers[header::ALLOW], allowed, "{method} {path}");
    }
}

#[tokio::test]
async fn a_bad_body_is_told_what_is_wrong() {
    let router = router();
    let path = "/circuits/upstreams/inventory";
    for body in ["{", "[1]", "7", "{\"for_seconds\": \"1\"}", "\u{fffd}"] {
        let detail = problem(&post(&router, &format!("{path}/open"), body).await, 400, Some("body"));
        assert!(detail.ends_with("; {} would do"), "{detail}");
    }
    let detail = problem(&post(&router, &format!("{path}/open"), "{\"for\": 1}").await, 400, Some("for"));
    assert_eq!(detail, "there is for_seconds, for open");
    for seconds in ["-1", "1e300", "2147484"] {
        let body = format!("{{\"for_seconds\": {seconds}}}");
        problem(&post(&router, &format!("{path}/open"), &body).await, 400, Some("for_seconds"));
    }
    let detail =
        problem(&post(&router, &format!("{path}/reset"), "{\"for_seconds\": 1}").await, 400, Some("for_seconds"));
    assert_eq!(detail, "only open takes a time, reset does not");
    problem(&post(&router, &format!("{path}/open"), &" ".repeat(5_000)).await, 413, None);
    assert_eq!(get(&router, path).await.body["state"], "closed");
}

#[tokio::test]
async fn a_panic_is_an_answer_and_does_no_harm() {
    let set = upstreams(clock());
    set.handle("inventory").unwrap().force_open();
    let router = Admin::new().set("upstreams", set).vital(|_, _| panic!("a panic of the test")).router();
    let detail = problem(&get(&router, "/ready").await, 500, None);
    assert!(detail.contains("panic"), "{detail}");
    assert_eq!(get(&router, "/health").await.status, 200);
}
