//! Circuits that are changed by requests, if they may be.

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use super::{Admin, admin, ask, clock, get, post, secs, trip, upstreams};

const CHANGES: [(&str, &str); 8] = [
    ("open", "open"),
    ("half_open", "half_open"),
    ("force_open", "forced_open"),
    ("disable", "disabled"),
    ("observe", "observe"),
    ("automatic", "closed"),
    ("close", "closed"),
    ("reset", "closed"),
];

#[tokio::test]
async fn nothing_can_be_changed_unless_somebody_said_so() {
    let set = upstreams(clock());
    trip(&set.handle("inventory").unwrap());
    let before = set.get("inventory").unwrap().records();
    for (change, _) in CHANGES {
        let answer = post(&admin(&set), &format!("/circuits/upstreams/inventory/{change}"), "{}").await;
        assert_eq!((answer.status, answer.content_type.as_str()), (403, "application/problem+json"));
        let detail = "changes are switched off; a program switches them on by Admin::allow_changes";
        assert_eq!(answer.body["detail"], detail);
    }
    // Nor can anybody find out in this way which circuits there are.
    assert_eq!(post(&admin(&set), "/circuits/upstreams/prices/open", "{}").await.status, 403);
    assert_eq!(set.get("inventory").unwrap().records(), before);
}

#[tokio::test]
async fn each_change_is_made_told_and_seen() {
    let set = upstreams(clock());
    let circuit = set.handle("inventory").unwrap();
    let router = Admin::new().set("upstreams", set.clone()).allow_changes().router();
    for (change, state) in CHANGES {
        // An empty body will do.
        for body in ["{}", ""] {
            if change == "half_open" {
                circuit.open();
            }
            let answer = post(&router, &format!("/circuits/upstreams/inventory/{change}"), body).await;
            assert_eq!((answer.status, &answer.body["state"]), (200, &json!(state)), "{change}: {:?}", answer.body);
        }
        assert_eq!(circuit.state().as_str(), state);
        let seen = get(&router, "/circuits/upstreams/inventory").await.body;
        assert_eq!((&seen["state"], &seen["cause"]), (&json!(state), &json!("manual")));
    }
}

#[tokio::test]
async fn changes_that_end_in_the_same_state_differ() {
    let set = upstreams(clock());
    let circuit = set.handle("inventory").unwrap();
    let router = Admin::new().set("upstreams", set.clone()).allow_changes().router();
    let change = async |name: &str| {
        let body = post(&router, &format!("/circuits/upstreams/inventory/{name}"), "{}").await.body;
        (body["state"].as_str().unwrap().to_owned(), body["tally"]["failures"].as_u64().unwrap())
    };
    // A circuit that is closed has nothing to close, and goes on remembering.
    let _ = circuit.call(|| Err::<(), _>("no answer"));
    assert_eq!(change("close").await, ("closed".to_owned(), 1));
    assert_eq!(change("automatic").await, ("closed".to_owned(), 1));
    assert_eq!(change("reset").await, ("closed".to_owned(), 0));
    // One that opened by itself is automatic already.
    trip(&circuit);
    assert_eq!(change("automatic").await.0, "open");
    assert_eq!(change("close").await.0, "closed");
}

#[tokio::test]
async fn a_circuit_opens_for_a_time() {
    let clock = clock();
    let set = upstreams(clock);
    let circuit = set.handle("inventory").unwrap();
    let router = Admin::new().set("upstreams", set.clone()).allow_changes().router();
    let answer = post(&router, "/circuits/upstreams/inventory/open", "{\"for_seconds\": 600}").await;
    let left = answer.body["retry_after_seconds"].as_f64().unwrap();
    assert!((600.0..700.0).contains(&left), "{left}");
    clock.advance(secs(599));
    assert!(circuit.try_acquire().is_err());
}

#[tokio::test]
async fn what_cannot_be_done_now_is_a_conflict() {
    let set = upstreams(clock());
    set.handle("inventory").unwrap();
    let router = Admin::new().set("upstreams", set).allow_changes().router();
    let answer = post(&router, "/circuits/upstreams/inventory/half_open", "{}").await;
    assert_eq!(answer.status, 409);
    assert_eq!(answer.body["detail"], "\"inventory\" is closed, and only an open circuit can be made half-open");
}

#[tokio::test]
async fn what_a_page_of_another_site_can_send_changes_nothing() {
    let set = upstreams(clock());
    let circuit = set.handle("inventory").unwrap();
    let router = Admin::new().set("upstreams", set).allow_changes().router();
    let path = "/circuits/upstreams/inventory/force_open";
    let simple = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"];
    for content_type in simple.map(Some).into_iter().chain([None, Some("text/plain; application/json")]) {
        let request = Request::post(path);
        let request = if let Some(value) = content_type { request.header("content-type", value) } else { request };
        let answer = ask(&router, request.body(Body::from("{}")).unwrap()).await;
        assert_eq!(answer.status, 415, "{content_type:?}");
        assert!(answer.body["detail"].as_str().unwrap().contains("Content-Type: application/json"));
        // What a browser would have to see before it sends more.
        assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control")));
    }
    assert_eq!(circuit.state(), fusebox::State::Closed);
    let request = Request::post(path).header("content-type", "Application/JSON; charset=utf-8").body(Body::empty());
    assert_eq!(ask(&router, request.unwrap()).await.status, 200);
}

#[tokio::test]
async fn the_router_may_be_nested_below_segments_of_its_own() {
    let set = upstreams(clock());
    set.handle("inventory").unwrap();
    let admin = Admin::new().set("upstreams", set.clone()).allow_changes().router();
    let nested = axum::Router::new().nest("/tenants/{tenant}", admin);
    assert_eq!(get(&nested, "/tenants/a/circuits/upstreams/inventory").await.status, 200);
    assert_eq!(post(&nested, "/tenants/a/circuits/upstreams/inventory/open", "{}").await.status, 200);
    // Both may have a fallback only if the admin's has none.
    let other = axum::Router::new().fallback(|| async { "7" });
    assert_eq!(get(&other.merge(self::admin(&set)), "/elsewhere").await.body, 7);
}
