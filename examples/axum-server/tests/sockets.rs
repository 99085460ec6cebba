//! The shop, its upstream and its admin, each on a socket.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use fusebox::clock::ManualClock;
use fusebox_axum_server::{Warehouses, shop};
use fusebox_std::admin::Admin;
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);

async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn ask(request: Request<Body>) -> (StatusCode, HeaderMap, String) {
    let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
    let answer = async {
        let (head, body) = client.request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (head.status, head.headers, String::from_utf8(body.to_vec()).unwrap())
    };
    timeout(PATIENCE, answer).await.expect("no answer within 20 s")
}

async fn get(address: SocketAddr, path: &str) -> (StatusCode, HeaderMap, String) {
    ask(Request::get(format!("http://{address}{path}")).body(Body::empty()).unwrap()).await
}

async fn seen(admin: SocketAddr, path: &str) -> (StatusCode, Value) {
    let (status, _, body) = get(admin, path).await;
    (status, serde_json::from_str(&body).unwrap())
}

#[tokio::test]
async fn the_shop_trips_rejects_recovers_and_says_so() {
    let clock: &'static ManualClock<1_000> = Box::leak(Box::new(ManualClock::new()));
    let warehouses = Warehouses::start().await.unwrap();
    let circuits = shop::circuits(clock, ()).unwrap();
    let admin = serve(Admin::new().set("warehouses", circuits.clone()).router()).await;
    let shop = serve(shop(warehouses.address(), circuits.clone())).await;

    let (status, _, body) = get(shop, "/stock/south").await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, "7 bolts\n"));
    warehouses.set_broken(true);
    for _ in 0..4 {
        let (status, headers, _) = get(shop, "/stock/south").await;
        assert_eq!((status, headers.get(header::RETRY_AFTER)), (StatusCode::BAD_GATEWAY, None));
    }
    assert_eq!(warehouses.asked(), 5);

    // It is open: the upstream is left alone, and customers are told when to come back.
    clock.advance(Duration::from_millis(500));
    let (status, headers, body) = get(shop, "/stock/south").await;
    assert_eq!(
        (status, body.as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "not asked: circuit open, retry in 2500 ms\n")
    );
    assert_eq!(headers[header::RETRY_AFTER], "3");
    assert_eq!(warehouses.asked(), 5);
    assert_eq!(get(shop, "/stock/north").await.0, StatusCode::OK, "each warehouse has a circuit of its own");

    // The admin shows it on its own listener, and changes nothing.
    let (status, south) = seen(admin, "/circuits/warehouses/south").await;
    assert_eq!((status, &south["state"], &south["retry_after_seconds"]), (StatusCode::OK, &"open".into(), &2.5.into()));
    let (status, health) = seen(admin, "/health").await;
    assert_eq!((status, &health["status"]), (StatusCode::OK, &"warn".into()));
    let reset = Request::post(format!("http://{admin}/circuits/warehouses/south/reset"));
    let reset = reset.header(header::CONTENT_TYPE, "application/json").body(Body::from("{}")).unwrap();
    assert_eq!(ask(reset).await.0, StatusCode::FORBIDDEN);
    assert_eq!(get(shop, "/circuits").await.0, StatusCode::NOT_FOUND, "customers do not reach it");

    // A probe fails, the next one succeeds.
    clock.advance(Duration::from_millis(2_500));
    assert_eq!(get(shop, "/stock/south").await.0, StatusCode::BAD_GATEWAY);
    assert_eq!(get(shop, "/stock/south").await.1[header::RETRY_AFTER], "6");
    warehouses.set_broken(false);
    clock.advance(Duration::from_secs(6));
    assert_eq!(get(shop, "/stock/south").await.0, StatusCode::OK);
    assert_eq!(seen(admin, "/circuits/warehouses/south").await.1["cause"], "probes_succeeded");
    assert_eq!(warehouses.asked(), 7);

    // Names that somebody made up get no circuit.
    assert_eq!(get(shop, "/stock/east").await.0, StatusCode::NOT_FOUND);
    assert_eq!(circuits.len(), 2);
}

#[tokio::test]
async fn an_upstream_that_is_gone_trips_too() {
    let clock: &'static ManualClock<1_000> = Box::leak(Box::new(ManualClock::new()));
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let shop = serve(shop(gone, shop::circuits(clock, ()).unwrap())).await;
    for _ in 0..4 {
        assert_eq!(get(shop, "/stock/north").await.0, StatusCode::BAD_GATEWAY);
    }
    assert_eq!(get(shop, "/stock/north").await.0, StatusCode::SERVICE_UNAVAILABLE);
}

#[test]
fn the_program_runs_for_a_time_and_says_where_and_what() {
    let program = env!("CARGO_BIN_EXE_fusebox-axum-server");
    let run = duct::cmd!(program, "--shop", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--for", "1");
    let run = run.stdout_capture().stderr_capture().unchecked().start().unwrap();
    let output = run.wait_timeout(PATIENCE).unwrap().expect("it did not end within 20 s");
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("north  200 OK") && text.contains("south  200 OK"), "{text}");
    assert!(text.contains("/stock/south\nadmin  http://127.0.0.1:"), "{text}");
}

#[test]
fn an_address_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let program = env!("CARGO_BIN_EXE_fusebox-axum-server");
    let run = duct::cmd!(program, "--shop", &address, "--admin", "127.0.0.1:0", "--for", "1");
    let run = run.stdout_capture().stderr_capture().unchecked().start().unwrap();
    let output = run.wait_timeout(PATIENCE).unwrap().expect("it did not end within 20 s");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && text.contains(&format!("cannot listen at {address}: choose another")),
        "{text}"
    );
}

/// As Ctrl-C does it.
#[cfg(unix)]
#[test]
fn an_interrupt_ends_the_program_in_good_order() {
    use std::io::{BufRead, BufReader};

    let program = env!("CARGO_BIN_EXE_fusebox-axum-server");
    // It would end by itself, so that a program which ignores interrupts is not waited for forever.
    let output =
        duct::cmd!(program, "--shop", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--for", "20").reader().unwrap();
    let pid = output.pids()[0].to_string();
    let mut lines = BufReader::new(output).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("north  200 OK")));
    duct::cmd!("kill", "-INT", pid).run().unwrap();
    let rest: Vec<_> = lines.collect();
    assert!(rest.iter().any(|line| line.starts_with("The southern warehouse was asked")), "{rest:?}");
    assert!(!rest.iter().any(|line| line.contains("is mended")), "it was not interrupted: {rest:?}");
}
