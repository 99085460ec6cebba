//! The route for axum, asked over a real socket.
#![cfg(feature = "axum")]

mod common;

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use common::{builder, clock, trip};
use fusebox::State;
use fusebox_prometheus::{Exporter, Sample, from_fn, metrics_route};
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

async fn get(app: &Router, accept: Option<&str>) -> Response<Body> {
    let request = Request::get("/metrics");
    let request = accept.into_iter().fold(request, |request, accept| request.header(header::ACCEPT, accept));
    app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().into()).unwrap()
}

#[tokio::test]
async fn whoever_asks_for_openmetrics_gets_it() {
    let exporter = Exporter::new();
    let set = builder(clock()).build().unwrap();
    exporter.register("upstreams", &set).unwrap();
    trip(&set.handle("inventory").unwrap());
    let app = Router::new().route("/metrics", metrics_route(exporter));
    let open = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let plain = "text/plain; version=0.0.4; charset=utf-8";
    for (accept, expected) in [
        (None, plain),
        (Some("*/*"), plain),
        (Some("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.6"), plain),
        (Some("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"), open),
    ] {
        let response = get(&app, accept).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CONTENT_TYPE], expected);
        let page = text(response).await;
        assert_eq!(page.ends_with("# EOF\n"), expected == open);
        assert!(page.contains(r#"circuit_breaker_state{set="upstreams",circuit="inventory",state="open"} 1"#));
    }
    let post = Request::post("/metrics").body(Body::empty()).unwrap();
    assert_eq!(app.oneshot(post).await.unwrap().status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_source_that_panics_is_an_error_of_the_server() {
    let exporter = Exporter::new();
    let moody = |circuits: &mut fusebox_prometheus::Circuits<'_>| {
        circuits.add("inventory", Sample::new(State::Closed));
        panic!("not now");
    };
    exporter.register_source("upstreams", from_fn(moody)).unwrap();
    let app = Router::new().route("/metrics", metrics_route(exporter.clone()));
    assert_eq!(get(&app, None).await.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(exporter.unregister("upstreams"));
    assert_eq!(get(&app, None).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn it_answers_over_a_socket() {
    let exporter = Exporter::new();
    let set = builder(clock()).build().unwrap();
    exporter.register("upstreams", &set).unwrap();
    set.handle("inventory").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().route("/metrics", metrics_route(exporter));
    tokio::spawn(async move { axum::serve(listener, app).await });
    let asked = async {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(b"GET /metrics HTTP/1.1\r\nhost: me\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let answer = tokio::time::timeout(Duration::from_secs(20), asked).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("circuit_breaker_circuits{set=\"upstreams\"} 1\n"), "{answer}");
}
