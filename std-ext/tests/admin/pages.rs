//! Many circuits, page by page.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Set, admin, builder, clock, shown};

/// Ten thousand peers, of which every hundredth is open and every thousandth forced open.
fn many() -> Set<String> {
    let set = builder::<String>(clock()).capacity(10_000).build().unwrap();
    for number in 0..10_000 {
        let circuit = set.handle(&format!("peer {number}")).unwrap();
        match number {
            number if number % 1_000 == 0 => circuit.force_open(),
            number if number % 100 == 0 => circuit.open(),
            _ => {}
        }
    }
    set
}

fn keys(page: &Value) -> Vec<String> {
    page["circuits"].as_array().unwrap().iter().map(|one| one["circuit"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn all_pages_together_are_the_set_in_order() {
    let set = many();
    let router = admin(&set);
    let (mut all, mut pages, mut after) = (Vec::new(), 0, String::new());
    loop {
        let page = shown(&router, &format!("/circuits/upstreams?limit=1000{after}")).await;
        assert_eq!((&page["size"], &page["states"]["closed"]), (&json!(10_000), &json!(9_900)));
        all.extend(keys(&page));
        pages += 1;
        let Some(next) = page["next_after"].as_str() else { break };
        assert_eq!(Some(next), all.last().map(String::as_str));
        after = format!("&after={}", next.replace(' ', "%20"));
    }
    let sorted: BTreeSet<String> = (0..10_000).map(|number| format!("peer {number}")).collect();
    assert!(all.iter().eq(sorted.iter()), "{} circuits", all.len());
    assert_eq!(pages, 10, "the tenth page is full, and there is no more");
}

#[tokio::test]
async fn a_page_has_a_hundred_circuits_unless_told_otherwise() {
    let router = admin(&many());
    let page = shown(&router, "/circuits/upstreams").await;
    assert_eq!((keys(&page).len(), &page["next_after"]), (100, &json!("peer 1087")));
    let sets = shown(&router, "/circuits").await;
    assert_eq!(sets["sets"], json!([page]));
    let first = shown(&router, "/circuits?limit=2").await;
    assert_eq!(keys(&first["sets"][0]), ["peer 0", "peer 1"]);
}

#[tokio::test]
async fn states_select_and_the_totals_stay() {
    let router = admin(&many());
    let page = shown(&router, "/circuits/upstreams?state=open").await;
    assert_eq!((keys(&page).len(), &page["next_after"]), (90, &Value::Null));
    assert_eq!(page["states"]["forced_open"], 10);
    for query in ["state=open,forced_open", "state=open&state=forced_open"] {
        let page = shown(&router, &format!("/circuits/upstreams?{query}&limit=60")).await;
        assert_eq!(keys(&page).len(), 60);
        let next = page["next_after"].as_str().unwrap().replace(' ', "+");
        let rest = shown(&router, &format!("/circuits/upstreams?{query}&limit=60&after={next}")).await;
        assert_eq!((keys(&rest).len(), &rest["next_after"]), (40, &Value::Null));
        assert!(keys(&page).iter().chain(&keys(&rest)).all(|key| key.ends_with("00") || key == "peer 0"));
    }
    assert!(keys(&shown(&router, "/circuits/upstreams?state=half_open").await).is_empty());
}

/// The figures of docs/admin.md:
/// `cargo test --release -p fusebox-std --features axum --test admin -- --ignored --nocapture`.
#[tokio::test]
#[ignore = "it measures, and asserts nothing about time"]
async fn what_answers_about_a_hundred_thousand_circuits_take() {
    let set = builder::<String>(clock()).capacity(100_000).build().unwrap();
    for number in 0..100_000 {
        let circuit = set.handle(&format!("peer-{number}.example.org:8080")).unwrap();
        if number % 10 == 0 {
            circuit.open();
        }
    }
    let router = admin(&set);
    for path in [
        "/circuits/upstreams",
        "/circuits/upstreams?limit=1000",
        "/circuits/upstreams?state=half_open",
        "/circuits/upstreams/peer-7.example.org%3A8080",
        "/health",
    ] {
        let mut times: Vec<_> = Vec::new();
        for _ in 0..21 {
            let start = std::time::Instant::now();
            assert_eq!(super::get(&router, path).await.status, 200);
            times.push(start.elapsed());
        }
        times.sort_unstable();
        println!("{path}: median {:.1?}, longest {:.1?}", times[10], times[20]);
    }
}
