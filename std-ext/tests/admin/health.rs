//! Health and readiness.

use serde_json::{Value, json};

use super::{Admin, Set, admin, builder, clock, get, secs, trip, upstreams};

async fn look(router: &axum::Router, path: &str) -> (u16, Value) {
    let answer = get(router, path).await;
    assert_eq!(answer.content_type, "application/health+json");
    (answer.status, answer.body)
}

#[tokio::test]
async fn all_closed_is_a_pass() {
    let set = upstreams(clock());
    let count = |count: usize| {
        json!([{
            "componentType": "component", "observedValue": count, "observedUnit": "circuits", "status": "pass",
        }])
    };
    let empty = json!({"status": "pass", "checks": {"upstreams:circuits": count(0)}});
    assert_eq!(look(&admin(&set), "/health").await, (200, empty));
    set.handle("inventory").unwrap();
    let one = json!({"status": "pass", "checks": {"upstreams:circuits": count(1), "upstreams:closed": count(1)}});
    assert_eq!(look(&admin(&set), "/health").await, (200, one.clone()));
    assert_eq!(look(&admin(&set), "/ready").await, (200, one));
}

#[tokio::test]
async fn an_open_circuit_is_a_warning_and_the_program_is_ready() {
    let set = upstreams(clock());
    set.handle("prices").unwrap();
    trip(&set.handle("inventory").unwrap());
    for path in ["/health", "/ready"] {
        let (status, body) = look(&admin(&set), path).await;
        assert_eq!((status, &body["status"]), (200, &json!("warn")));
        let open = json!([{
            "componentId": "inventory", "componentType": "component", "observedValue": "open", "status": "warn",
            "output": "open, since 4 calls failed within the window; a probe in 10s",
        }]);
        assert_eq!(body["checks"]["upstreams:state"], open);
        let count = |about: &str| {
            let check = &body["checks"][format!("upstreams:{about}")][0];
            (check["observedValue"].as_u64().unwrap(), check["status"].as_str().unwrap().to_owned())
        };
        assert_eq!(
            ["circuits", "closed", "open"].map(count),
            [(2, "warn".to_owned()), (1, "pass".to_owned()), (1, "warn".to_owned())]
        );
    }
}

#[tokio::test]
async fn each_state_has_its_status() {
    let clock = clock();
    let set = upstreams(clock);
    let circuit = set.handle("inventory").unwrap();
    let router = Admin::new().set("upstreams", set).vital(|_, _| true).router();
    let both = async || {
        let (health, ready) = (look(&router, "/health").await, look(&router, "/ready").await);
        assert_eq!(health.0, 200);
        let text = |body: &Value| body["status"].as_str().unwrap().to_owned();
        (text(&health.1), text(&ready.1), ready.0)
    };
    let expect = |health: &str, ready: &str, code: u16| (health.to_owned(), ready.to_owned(), code);
    assert_eq!(both().await, expect("pass", "pass", 200));
    trip(&circuit);
    assert_eq!(both().await, expect("warn", "fail", 503));
    // Without a request there would be no probe.
    clock.advance(secs(10));
    assert_eq!(both().await, expect("warn", "warn", 200));
    let probe = circuit.try_acquire().unwrap();
    assert_eq!(both().await, expect("warn", "warn", 200));
    probe.failure();
    assert_eq!(both().await, expect("warn", "fail", 503));
    circuit.force_open();
    assert_eq!(both().await, expect("warn", "fail", 503));
    circuit.disable();
    assert_eq!(both().await, expect("pass", "pass", 200));
    circuit.observe();
    assert_eq!(both().await, expect("pass", "pass", 200));
}

#[tokio::test]
async fn only_circuits_that_are_vital_fail() {
    let (upstreams, shards): (Set, Set<u32>) = (upstreams(clock()), builder(clock()).build().unwrap());
    let vital = |set: &str, key: &str| set == "shards" && key == "7";
    let router = Admin::new().set("upstreams", upstreams.clone()).set("shards", shards.clone()).vital(vital).router();
    upstreams.handle("7").unwrap().open();
    shards.handle(&8).unwrap().open();
    assert_eq!(look(&router, "/ready").await.0, 200);
    shards.handle(&7).unwrap().open();
    let (status, body) = look(&router, "/ready").await;
    assert_eq!((status, &body["status"]), (503, &json!("fail")));
    let listed = body["checks"]["shards:state"].as_array().unwrap();
    let listed: Vec<_> = listed.iter().map(|check| (&check["componentId"], &check["status"])).collect();
    assert_eq!(listed, [(&json!("7"), &json!("fail")), (&json!("8"), &json!("warn"))]);
    assert_eq!(body["checks"]["shards:circuits"][0]["status"], "fail");
    assert_eq!(body["checks"]["shards:open"][0]["status"], "fail");
    assert_eq!(body["checks"]["upstreams:circuits"][0]["status"], "warn");
    assert_eq!(look(&router, "/health").await.0, 200);
}

#[tokio::test]
async fn of_many_circuits_the_worst_hundred_are_listed() {
    let set = builder::<u32>(clock()).capacity(10_000).build().unwrap();
    for number in 0..10_000 {
        let circuit = set.handle(&number).unwrap();
        match number {
            9_999 => circuit.force_open(),
            5_000.. => {}
            4_000.. => circuit.observe(),
            _ => circuit.open(),
        }
    }
    let router = Admin::new().set("a:b", set).vital(|_, key| key == "9999").router();
    let (status, body) = look(&router, "/ready").await;
    assert_eq!(status, 503);
    let count = |about: &str| body["checks"][format!("a%3Ab:{about}")][0]["observedValue"].as_u64().unwrap();
    let counts = ["circuits", "closed", "open", "observe", "forced_open"].map(count);
    assert_eq!(counts, [10_000, 4_999, 4_000, 1_000, 1]);
    let listed = body["checks"]["a%3Ab:state"].as_array().unwrap();
    assert_eq!((listed.len(), &listed[0]["componentId"]), (100, &json!("9999")));
    assert!(listed[1..].iter().all(|check| check["status"] == "warn"));
    assert_eq!(body["notes"], json!(["a:b: 4901 more circuits are not closed"]));
}
