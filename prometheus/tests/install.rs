//! The recorder that is installed. There is one in a program, so there is one test.
#![cfg(feature = "install")]
#![allow(clippy::float_cmp, reason = "what is exported is exact")]

mod common;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use common::{Page, builder, clock, fail, secs, trip};
use fusebox::Outcome;
use fusebox_prometheus::{CallDurations, Exporter, InstallError};

fn get(address: SocketAddr) -> String {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(secs(20))).unwrap();
    socket.write_all(b"GET /metrics HTTP/1.1\r\nhost: me\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn one_line_serves_all_metrics_of_a_program() {
    let (exporter, clock) = (Exporter::new(), clock());
    let set = builder(clock).build().unwrap();
    let durations = CallDurations::with_bounds(&[secs(1), secs(2)]).unwrap();
    exporter.register_timed("upstreams", &set, &durations).unwrap();
    let circuit = set.handle("inventory").unwrap();
    fail(&circuit);

    // What goes wrong is told, and leaves the way free.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let error = exporter.install(address).unwrap_err();
    assert!(matches!(error, InstallError::AddressInUse(_)), "{error:?}");
    let expected =
        format!("metrics cannot be served at {address}: something listens there already; choose another port");
    assert_eq!(error.to_string(), expected);
    let error = exporter.install("not an address").unwrap_err();
    assert!(matches!(error, InstallError::Listen(..)), "{error:?}");
    assert!(error.to_string().starts_with("metrics cannot be served at \"not an address\": "), "{error}");

    let installed = exporter.install("127.0.0.1:0").unwrap();
    metrics::counter!("orders_total").increment(3);
    let timed = durations.of(&circuit);
    timed.record(Outcome::Success, secs(2));
    let page = get(installed.address().unwrap());
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
    assert!(page.contains("content-type: text/plain; version=0.0.4; charset=utf-8\r\n"), "{page}");
    for line in [
        "orders_total 3\n",
        "# TYPE circuit_breaker_calls_total counter\n",
        "# HELP circuit_breaker_state 1 for the state that the circuit is in, 0 for all others.\n",
        "circuit_breaker_calls_total{set=\"upstreams\",circuit=\"inventory\",outcome=\"failure\"} 1\n",
        "circuit_breaker_state{set=\"upstreams\",circuit=\"inventory\",state=\"closed\"} 1\n",
        "# TYPE circuit_breaker_call_duration_seconds histogram\n",
        "circuit_breaker_call_duration_seconds_bucket{set=\"upstreams\",circuit=\"inventory\",outcome=\"success\",le=\"2\"} 1\n",
    ] {
        assert!(page.contains(line), "{line} is not in {page}");
    }

    // Each answer is of its moment.
    trip(&circuit);
    for page in [get(installed.address().unwrap()), installed.render()] {
        assert!(page.contains("circuit_breaker_state{set=\"upstreams\",circuit=\"inventory\",state=\"open\"} 1\n"));
        assert!(page.contains("circuit_breaker_state{set=\"upstreams\",circuit=\"inventory\",state=\"closed\"} 0\n"));
    }
    // What it renders says what a page says, but for fractions of seconds.
    let (recorded, page) = (Page::read(&installed.render()), Page::of(&exporter));
    for (series, value) in &page.0 {
        let is_duration = series.contains("call_duration");
        let found = recorded.0.get(series).copied();
        assert!(is_duration || found.is_some_and(|found| (found - value).abs() < 1.0), "{series} {value} {found:?}");
    }

    for error in [exporter.install_recorder().unwrap_err(), exporter.install("127.0.0.1:0").unwrap_err()] {
        assert!(matches!(error, InstallError::RecorderInstalled), "{error:?}");
        assert!(error.to_string().contains("Exporter::sync"), "{error}");
    }
}
