//! What is told about circuits.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use axum::body::Body;
use axum::http::Request;
use fusebox::policy::{Consecutive, MaxFailures};
use fusebox::{Event, Outcome, Settings, State};
use fusebox_std::admin::{Admin, CircuitDetails};
use fusebox_std::{CircuitBreakerSet, Counts, StdClock};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{admin, builder, clock, secs, shown, trip, upstreams};

/// RFC 3339 with milliseconds, in UTC.
fn is_timestamp(value: &Value) -> bool {
    let text = value.as_str().unwrap();
    let form: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    form == "0000-00-00T00:00:00.000Z"
}

#[tokio::test]
async fn one_circuit_is_shown_with_all_that_is_known_of_it() {
    let clock = clock();
    let set = upstreams(clock);
    let inventory = set.handle("inventory").unwrap();
    clock.advance(secs(5));
    let _ = inventory.call(|| Ok::<_, ()>(()));
    let _ = inventory.run(|()| Outcome::Ignored, || ());
    trip(&inventory);
    for _ in 0..3 {
        let _ = inventory.call(|| Ok::<_, ()>(()));
    }
    clock.advance(secs(4));
    let mut body = shown(&admin(&set), "/circuits/upstreams/inventory").await;
    assert!(is_timestamp(&body["since"]) && body["since"] == body["records"][0]["at"], "{body}");
    body["since"].take();
    body["records"][0]["at"].take();
    let trip = json!({"reason": "max_failures", "calls": 4, "failures": 4, "slow": 0, "rate_percent": 100});
    let expected = json!({
        "set": "upstreams",
        "circuit": "inventory",
        "state": "open",
        "since": null,
        "retry_after_seconds": 6.0,
        "cause": "tripped",
        "trip": trip,
        "tally": {"calls": inventory.tally().calls, "failures": inventory.tally().failures, "slow": 0},
        "explanation": "open, since 4 calls failed within the window; a probe in 6s",
        "calls_total": {"success": 1, "failure": 4, "ignored": 1, "abandoned": 0},
        "rejections_total": {"open": 3, "half_open_full": 0, "forced_open": 0, "would_reject": 0},
        "state_seconds_total": {
            "closed": 5.0, "open": 4.0, "half_open": 0.0, "forced_open": 0.0, "disabled": 0.0, "observe": 0.0
        },
        "records": [{
            "at": null, "from": "closed", "to": "open", "cause": "tripped", "trip": trip, "wait_seconds": 10.0,
            "observed": false, "because": "4 calls failed within the window"
        }],
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_circuit_explains_itself_in_each_state() {
    let clock = clock();
    let set = upstreams(clock);
    let router = admin(&set);
    let circuit = set.handle("inventory").unwrap();
    let look = async || {
        let body = shown(&router, "/circuits/upstreams/inventory/explain").await;
        let text = |field: &str| body[field].as_str().map(str::to_owned);
        (text("state").unwrap(), text("cause"), body["retry_after_seconds"].clone(), text("explanation").unwrap())
    };
    let expect = |state: &str, cause: Option<&str>, left: Value, sentence: &str| {
        (state.to_owned(), cause.map(str::to_owned), left, sentence.to_owned())
    };
    assert_eq!(look().await, expect("closed", None, Value::Null, "closed, since nothing happened yet"));
    trip(&circuit);
    clock.advance(secs(10));
    assert_eq!(look().await.2, Value::Null, "the wait is over");
    let probe = circuit.try_acquire().unwrap();
    let words = "half-open, since the wait was over and a call came; probes have 60s left";
    assert_eq!(look().await, expect("half_open", Some("wait_over"), json!(60.0), words));
    probe.success();
    assert_eq!(look().await, expect("closed", Some("probes_succeeded"), Value::Null, "closed, since probes succeeded"));
    circuit.force_open();
    assert_eq!(look().await, expect("forced_open", Some("manual"), Value::Null, "forced open, since somebody said so"));
    circuit.disable();
    assert_eq!(look().await.0, "disabled");
    circuit.observe();
    assert_eq!(look().await.0, "observe");
}

#[tokio::test]
async fn sets_of_all_types_stand_beside_each_other() {
    let clock = clock();
    let listener = |_: &u32, _: &Event| {};
    let shards = builder::<u32>(clock).capacity(1).listener(listener).build().unwrap();
    let settings = Settings::builder().consecutive(2).build().unwrap();
    let devices = CircuitBreakerSet::<std::net::IpAddr>::builder().settings(settings);
    let devices: CircuitBreakerSet<_, StdClock, Consecutive> = devices.build().unwrap();
    let plain: CircuitBreakerSet<&'static str> = CircuitBreakerSet::new();
    shards.handle(&1).unwrap().open();
    assert!(shards.handle(&2).is_err());
    devices.handle(&[127, 0, 0, 1].into()).unwrap();
    let admin = Admin::new().set("shards", shards).set("devices", devices).set("plain", plain).router();

    let body = shown(&admin, "/circuits").await;
    let sets = body["sets"].as_array().unwrap();
    let names: Vec<_> = sets.iter().map(|set| set["set"].as_str().unwrap()).collect();
    assert_eq!(names, ["devices", "plain", "shards"]);
    let numbers = |set: &Value| ["size", "capacity", "evicted_total", "refused_total"].map(|field| set[field].clone());
    assert_eq!(numbers(&sets[2]), [1, 1, 0, 1]);
    assert_eq!(numbers(&sets[1]), [0, 10_000, 0, 0]);
    assert_eq!(sets[2]["states"]["open"], 1);
    assert_eq!(
        (&sets[0]["circuits"][0]["circuit"], &sets[0]["circuits"][0]["set"]),
        (&json!("127.0.0.1"), &json!("devices"))
    );
    assert_eq!(shown(&admin, "/circuits/devices/127.0.0.1").await["state"], "closed");
    assert_eq!(shown(&admin, "/circuits/shards/1").await["state"], "open");
}

#[tokio::test]
async fn what_is_not_counted_is_null_and_not_zero() {
    for (counts, expected) in [
        (Counts::None, Value::Null),
        (Counts::Failures, json!({"success": null, "failure": 1, "ignored": 0, "abandoned": 0})),
        (Counts::All, json!({"success": 1, "failure": 1, "ignored": 0, "abandoned": 0})),
    ] {
        let set = builder::<String>(clock()).counts(counts).build().unwrap();
        let _ = set.call("inventory", || Ok::<_, ()>(()));
        let _ = set.call("inventory", || Err::<(), _>(()));
        let body = shown(&admin(&set), "/circuits/upstreams/inventory").await;
        assert_eq!(body["calls_total"], expected, "{counts:?}");
        assert_eq!(body["rejections_total"].is_null(), counts == Counts::None);
    }
}

#[test]
fn reports_are_for_other_programs_too() {
    let set = CircuitBreakerSet::<String, _, MaxFailures<3>>::new();
    let circuit = set.handle("inventory").unwrap();
    circuit.observe();
    let details = CircuitDetails::new("upstreams", &circuit);
    assert_eq!(details.report.state, State::Observe.as_str());
    assert_eq!(serde_json::to_value(&details).unwrap()["state"], "observe");
}

#[test]
fn outside_of_a_runtime_it_answers_too() {
    let set = upstreams(clock());
    set.handle("inventory").unwrap();
    let request = Request::get("/circuits/upstreams/inventory").body(Body::empty()).unwrap();
    let mut response = pin!(admin(&set).oneshot(request));
    let polled = response.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(polled, Poll::Ready(Ok(response)) if response.status() == 200));
}
