//! Peers with unusual names.

use std::fmt;

use serde_json::json;

use super::{Admin, admin, builder, clock, get, post, shown, upstreams};

#[tokio::test]
async fn every_name_is_reachable_and_told_as_it_is() {
    let set = upstreams(clock());
    let names =
        ["a/b \"ü\"\n", "https://example.org:8080/?q=1#x", "100%", "%2F", "a+b", "日本", "explain", "\u{0}", "a\\b"];
    for name in names {
        set.handle(name).unwrap();
    }
    let router = Admin::new().set("a/b \"ü\"\n", set.clone()).allow_changes().router();
    let set_path = encoded("a/b \"ü\"\n");
    assert_eq!(set_path, "a%2Fb%20%22%C3%BC%22%0A");
    for name in names {
        let path = format!("/circuits/{set_path}/{}", encoded(name));
        assert_eq!(shown(&router, &path).await["circuit"], name);
        assert_eq!(shown(&router, &format!("{path}/explain")).await["set"], "a/b \"ü\"\n");
        let answer = post(&router, &format!("{path}/force_open"), "{}").await;
        assert_eq!((answer.status, &answer.body["state"]), (200, &json!("forced_open")), "{name:?}");
        assert_eq!(set.get(name).unwrap().state(), fusebox::State::ForcedOpen);
    }
    assert_eq!(set.len(), names.len());
}

#[tokio::test]
async fn keys_that_look_alike_are_listed_but_none_is_picked() {
    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Secret(u32);
    impl fmt::Display for Secret {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            // In pieces, as many keys are displayed.
            f.write_str("sec")?;
            f.write_str(if self.0 < 2 { "ret" } else { "rets" })
        }
    }
    let set = builder::<Secret>(clock()).build().unwrap();
    (0..3).for_each(|number| drop(set.handle(&Secret(number)).unwrap()));
    let router = Admin::new().set("upstreams", set.clone()).allow_changes().router();
    assert_eq!(shown(&router, "/circuits/upstreams").await["circuits"].as_array().unwrap().len(), 3);
    assert_eq!(shown(&router, "/circuits/upstreams/secrets").await["circuit"], "secrets");
    let answer = post(&router, "/circuits/upstreams/secret/force_open", "{}").await;
    assert_eq!(answer.status, 409);
    assert_eq!(answer.body["detail"], "2 circuits in \"upstreams\" are displayed as \"secret\"");
    assert!(set.handles().iter().all(|circuit| circuit.state() == fusebox::State::Closed));
}

#[tokio::test]
async fn asking_makes_no_circuit() {
    let set = upstreams(clock());
    let router = Admin::new().set("upstreams", set.clone()).allow_changes().router();
    assert_eq!(get(&router, "/circuits/upstreams/made%20up").await.status, 404);
    assert_eq!(get(&router, "/circuits/upstreams/made%20up/explain").await.status, 404);
    assert_eq!(post(&router, "/circuits/upstreams/made%20up/open", "{}").await.status, 404);
    assert!(set.is_empty());
    assert_eq!(get(&admin(&set), "/health").await.status, 200);
}

/// All but letters and digits, so also what a client might leave as it is.
fn encoded(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric();
    text.as_bytes()
        .iter()
        .map(|byte| if plain(byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
