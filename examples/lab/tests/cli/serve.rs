//! The `serve` command: real peers, and what is told of them.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};

use serde_json::Value;

use crate::program::fusebox;
use crate::served::Served;

/// One packet every quarter of a second to each of two peers: `steady` always answers, the other one fails between the
/// fifth and the thirtieth second. Then nothing happens for months.
fn trace() -> String {
    let mut trace = "time_ms,peer,outcome\n".to_owned();
    for tick in 0..300 {
        let (time, outcome) = (tick * 250, if (20..120).contains(&tick) { "fail" } else { "ok" });
        writeln!(trace, "{time},steady,ok\n{},\"a/b <i>\",{outcome}", time + 100).unwrap();
    }
    writeln!(trace, "9999999999,steady,ok").unwrap();
    trace
}

const FLAGS: [&str; 4] = ["--trace", "t.csv", "--speed", "20"];

fn total(page: &str, metric: &str, labels: &[&str]) -> u64 {
    let lines = page.lines().filter(|line| line.starts_with(&format!("circuit_breaker_{metric}{{")));
    let wanted = lines.filter(|line| labels.iter().all(|label| line.contains(label)));
    wanted.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

fn all_of(totals: &Value, field: &str) -> u64 {
    totals["all"][field].as_u64().unwrap_or_else(|| panic!("{field} in {totals}"))
}

#[test]
fn a_peer_fails_and_recovers_and_all_that_is_told_agrees() {
    let mut served = Served::start(&trace(), &FLAGS);
    served.line("closed -> open").unwrap();
    served.line("half-open -> closed").unwrap();
    // All but the last one, for which one would wait for months.
    let totals = served.json_once("/totals", |totals| all_of(totals, "calls") == 600);
    let [success, failure, rejected] = ["success", "failure", "rejected"].map(|field| all_of(&totals, field));
    assert!(success >= 300 && failure >= 10 && rejected >= 10, "{totals:#}");
    assert_eq!((success + failure + rejected, all_of(&totals, "recoveries")), (600, all_of(&totals, "trips")));

    let page = served.get("/metrics");
    assert!(page.content_type.starts_with("text/plain"), "{}", page.content_type);
    for report in totals["peers"].as_array().unwrap() {
        let circuit = format!("circuit=\"{}\"", report["peer"].as_str().unwrap());
        let count = |metric, label| total(&page.body, metric, &["set=\"peers\"", &circuit, label]);
        for (field, told) in [
            ("success", count("calls_total", "outcome=\"success\"")),
            ("failure", count("calls_total", "outcome=\"failure\"")),
            ("rejected", count("rejections_total", "reason=\"")),
            ("trips", count("transitions_total", "from=\"closed\",to=\"open\"")),
            ("recoveries", count("transitions_total", "from=\"half_open\",to=\"closed\"")),
        ] {
            assert_eq!(report[field].as_u64(), Some(told), "{circuit} {field}:\n{}", page.body);
        }
    }
    assert_eq!(total(&page.body, "state", &["state=\"closed\""]), 2);

    let live = served.json("/live");
    let failing = &live["peers"][1];
    assert_eq!((failing["circuit"].as_str(), failing["mode"].as_str()), (Some("a/b <i>"), Some("accept")), "{live:#}");
    assert_eq!(failing["calls_total"]["failure"], failing["client"]["failure"]);
    assert_eq!(failing["records"][0]["to"], "open");
    assert_eq!(served.json("/circuits/peers/a%2Fb%20%3Ci%3E")["records"], failing["records"]);
    assert_eq!(served.json("/circuits")["sets"][0]["states"]["closed"], 2);
    assert_eq!(served.json("/health")["status"], "pass");
}

#[test]
fn an_open_circuit_is_a_warning() {
    let served = Served::start(&trace(), &FLAGS);
    let is_open = |circuits: &Value| circuits["sets"][0]["states"]["open"] == 1;
    let circuits = served.json_once("/circuits?state=open", is_open);
    let circuit = &circuits["sets"][0]["circuits"][0];
    assert_eq!((circuit["circuit"].as_str(), circuit["trip"]["failures"].as_u64()), (Some("a/b <i>"), Some(10)));
    let health = served.get("/health");
    assert_eq!((health.status, health.content_type.as_str()), (200, "application/health+json"), "{}", health.body);
}

#[test]
fn peers_refuse_in_some_spells_and_hang_in_others() {
    let mut trace = "time_ms,peer,outcome\n".to_owned();
    for tick in 0..10 {
        writeln!(trace, "{},a,{}", tick * 1_000, if tick < 8 { "ok" } else { "fail" }).unwrap();
    }
    // It begins again and again.
    let served = Served::start(&trace, &["--trace", "t.csv", "--speed", "20"]);
    served.json_once("/totals", |totals| all_of(totals, "refused") >= 2 && all_of(totals, "timed_out") >= 2);
    served.json_once("/live", |live| live["peers"][0]["mode"] == "refuse");
    served.json_once("/live", |live| live["peers"][0]["mode"] == "hang");
    served.json_once("/live", |live| live["peers"][0]["mode"] == "accept");
}

#[test]
fn the_page_is_whole_and_takes_nothing_from_elsewhere() {
    let served = Served::start(&trace(), &FLAGS);
    let page = served.get("/");
    assert_eq!((page.status, page.content_type.as_str()), (200, "text/html; charset=utf-8"));
    for (path, content_type) in [("page.css", "text/css"), ("page.js", "text/javascript")] {
        assert!(page.body.contains(&format!("=\"{path}\"")), "{path}");
        let file = served.get(&format!("/{path}"));
        assert!(file.status == 200 && file.content_type.starts_with(content_type), "{path}: {}", file.content_type);
        let elsewhere = file.body.replace("http://www.w3.org/2000/svg", "");
        assert!(!elsewhere.contains("//www") && !elsewhere.contains("http"), "{path}");
    }
    assert!(!page.body.contains("http"), "{}", page.body);
    for part in
        ["<table", "<caption", "scope=\"col\"", "aria-live=\"polite\"", "aria-expanded", "prefers", "lang=\"en\""]
    {
        let found = page.body.contains(part) || served.get("/page.css").body.contains(part);
        assert!(found, "no {part}");
    }
    // Every link of the page leads somewhere.
    let links = page.body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    for link in links.filter(|link| !link.starts_with("data:")) {
        assert_eq!(served.get(&format!("/{link}")).status, 200, "{link}");
    }
    let unknown = served.get("/nowhere");
    assert!(unknown.status == 404 && unknown.body.contains("/metrics"), "{}", unknown.body);
    assert_eq!(served.get("/circuits/peers/nobody").status, 404);
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_with_a_summary() {
    let mut served = Served::start("", &["--speed", "20"]);
    served.line("closed -> open").unwrap();
    // A browser that keeps its connection, or somebody who never comes to the point, holds nothing up.
    let _kept = TcpStream::connect(served.address).unwrap();
    let mut slow = TcpStream::connect(served.address).unwrap();
    slow.write_all(b"GET / HT").unwrap();
    served.interrupt();
    let (code, out) = served.end();
    assert_eq!(code, Some(0), "{out}");
    for part in ["/metrics", "Ctrl-C ends", "calls ", "answered", "rejected", "trips", "rooftop", "mast"] {
        assert!(out.contains(part), "no {part} in:\n{out}");
    }
    assert!(!out.contains('\u{1b}'), "colours are for terminals");
}

#[test]
fn the_time_ends_it() {
    let (code, out) = Served::start("", &["--for", "0.5"]).end();
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("of the trace") && out.contains("to 8 peers"), "{out}");
}

#[test]
fn a_trace_begins_again() {
    let mut served = Served::start("time_ms,peer,outcome\n7,a,ok\n", &["--trace", "t.csv", "--speed", "100"]);
    served.line("begins again").unwrap();
    served.json_once("/totals", |totals| all_of(totals, "calls") >= 3);
}

/// The error message. Should the program serve instead, that ends.
fn refused(args: &[&str]) -> String {
    let end = if args.contains(&"--for") { &[][..] } else { &["--for", "1"] };
    fusebox(&[&["serve"], args, end].concat()).refusal()
}

#[test]
fn flags_that_cannot_be_are_refused() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let error = refused(&["--listen", &address]);
    assert!(error.contains(&address) && error.contains("127.0.0.1:0"), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");

    for (flag, value, reason) in [
        ("--listen", "9464", "--listen"),
        ("--listen", "localhost", "--listen"),
        ("--speed", "0", "from 1 to 100"),
        ("--speed", "-1", "from 1 to 100"),
        ("--speed", "101", "from 1 to 100"),
        ("--speed", "fast", "from 1 to 100"),
        ("--for", "0", "above 0"),
        ("--for", "-1", "above 0"),
        ("--for", "NaN", "above 0"),
        ("--for", "inf", "above 0"),
        ("--for", "5s", "above 0"),
    ] {
        let error = refused(&[flag, value]);
        assert!(error.contains(value) && error.contains(reason), "{flag} {value}: {error}");
    }
}

#[test]
fn traces_that_cannot_be_played_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.csv");
    let play = || refused(&["--listen", "127.0.0.1:0", "--trace", file.to_str().unwrap()]);
    let missing = play();
    assert!(missing.contains("t.csv") && missing.contains("fusebox generate > links.csv"), "{missing}");
    assert_eq!(missing.lines().count(), 1, "{missing}");
    let many = (0..101).fold(String::new(), |rows, peer| format!("{rows}0,peer {peer},ok\n"));
    for (rows, reason) in [
        ("a,b,c\n", "t.csv:1: expected the header"),
        ("time_ms,peer,outcome\n", "t.csv: there are no rows"),
        ("time_ms,peer,outcome\n0,a,ok\n0,a,lost\n", "t.csv:3: outcome is `lost`"),
        ("time_ms,peer,outcome\n5,a,ok\n4,a,ok\n", "t.csv:3: time_ms goes back"),
        (&format!("time_ms,peer,outcome\n{many}"), "t.csv: more than 100 peers"),
    ] {
        std::fs::write(&file, rows).unwrap();
        let error = play();
        assert!(error.contains(reason), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}
