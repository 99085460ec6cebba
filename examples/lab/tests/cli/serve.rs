//! The `serve` command: real peers, and what is told of them.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::TcpStream;

use serde_json::Value;

use crate::served::Served;

/// One packet every quarter of a second to each of two peers: `steady` always answers, the other one fails between the
/// fifth and the thirtieth second. Then nothing happens for months.
pub(crate) fn trace() -> String {
    let mut trace = "time_ms,peer,outcome\n".to_owned();
    for tick in 0..300 {
        let (time, outcome) = (tick * 250, if (20..120).contains(&tick) { "fail" } else { "ok" });
        writeln!(trace, "{time},steady,ok\n{},\"a/b <i>\",{outcome}", time + 100).unwrap();
    }
    writeln!(trace, "9999999999,steady,ok").unwrap();
    trace
}

pub(crate) const FLAGS: [&str; 4] = ["--trace", "t.csv", "--speed", "20"];

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
fn calls_are_measured_and_stricter_rules_are_on_trial() {
    let mut served = Served::start(&trace(), &[&FLAGS[..], &["--trial", "1"]].concat());
    served.line("half-open -> closed").unwrap();
    let totals = served.json_once("/totals", |totals| all_of(totals, "calls") == 600);
    let page = served.get("/metrics").body;
    for outcome in ["success", "failure"] {
        let label = format!("outcome=\"{outcome}\"");
        let measured = total(&page, "call_duration_seconds_count", &["set=\"peers\"", &label]);
        assert_eq!(measured, all_of(&totals, outcome), "{page}");
    }
    // Whoever hangs is given up on after a second, and half of that is slow.
    let (timed_out, slow) = (all_of(&totals, "timed_out"), total(&page, "slow_calls_total", &["set=\"peers\""]));
    assert!(timed_out > 0 && slow >= timed_out, "{slow} slow calls, {timed_out} not answered");
    // There is room for the first peer alone, and the other one is called all the same.
    let of_trial = |metric: &str| total(&page, metric, &["set=\"trial\""]);
    assert_eq!((of_trial("circuits"), of_trial("capacity")), (1, 1));
    assert_eq!(of_trial("calls_total"), 300, "{page}");
    let let_through: u64 = ["success", "failure"].map(|field| all_of(&totals, field)).iter().sum();
    assert_eq!(of_trial("refused_peers_total"), let_through - 300);
    assert_eq!(total(&page, "state", &["set=\"trial\"", "state=\"observe\""]), 1);
    let live = served.json("/live");
    assert_eq!((&live["peers"][0]["would_reject"], &live["peers"][1]["would_reject"]), (&Value::from(0), &Value::Null));

    // Rows of the other peer alone, so that it is the one on trial.
    let trace: String =
        trace().lines().filter(|row| !row.contains(",steady,ok")).fold(String::new(), |rows, row| rows + row + "\n");
    let served = Served::start(&format!("{trace}9999999999,later,ok\n"), &FLAGS);
    let live = served.json_once("/live", |live| live["peers"][0]["would_reject"].as_u64() > Some(0));
    let page = served.get("/metrics").body;
    let tripped = ["set=\"trial\"", "from=\"closed\",to=\"open\""];
    assert!(total(&page, "observed_transitions_total", &tripped) > 0, "{live:#}\n{page}");
    assert_eq!(total(&page, "transitions_total", &tripped), 0);
}

#[test]
fn circuits_are_changed_only_where_that_is_allowed() {
    let change = "/circuits/peers/steady/force_open";
    let served = Served::start(&trace(), &FLAGS);
    let refused = served.post(change);
    assert_eq!(refused.status, 403, "{}", refused.body);
    let served = Served::start(&trace(), &[&FLAGS[..], &["--allow-changes"]].concat());
    let changed = served.post(change);
    assert_eq!(changed.status, 200, "{}", changed.body);
    served.json_once("/totals", |totals| totals["peers"][0]["rejected"].as_u64() > Some(0));
    assert_eq!(served.json("/live")["peers"][0]["state"], "forced_open");
    // It is no recovery that somebody took it back.
    for change in ["disable", "automatic"] {
        assert_eq!(served.post(&format!("/circuits/peers/steady/{change}")).status, 200, "{change}");
    }
    assert_eq!(served.json("/live")["peers"][0]["state"], "closed");
    assert_eq!(served.json("/totals")["peers"][0]["recoveries"], 0);
    // What watches may be put into force.
    assert_eq!(served.post("/circuits/trial/steady/automatic").status, 200);
    assert_eq!(served.json("/circuits/trial/steady")["state"], "closed");
    assert_eq!(served.post("/circuits/none/steady/automatic").status, 404);
}

#[test]
fn a_peer_may_have_any_name() {
    let trace = "time_ms,peer,outcome\n0,\"a\"\"b\t\\\",ok\n9999999999,\"<b>&amp;\",ok\n";
    let name = "a\"b\t\\";
    let mut served = Served::start(trace, &FLAGS);
    served.json_once("/totals", |totals| all_of(totals, "calls") == 1);
    let page = served.get("/metrics").body;
    let line = "circuit_breaker_calls_total{set=\"peers\",circuit=\"a\\\"b\t\\\\\",outcome=\"success\"} 1";
    assert!(page.lines().any(|found| found == line), "{page}");
    for (path, found) in [
        ("/live", "/peers/0/circuit"),
        ("/totals", "/peers/0/peer"),
        ("/circuits/peers/a%22b%09%5C", "/circuit"),
        ("/circuits/peers", "/circuits/1/circuit"),
    ] {
        let answer = served.json(path);
        assert_eq!(answer.pointer(found).and_then(Value::as_str), Some(name), "{path}: {answer:#}");
    }
    #[cfg(unix)]
    {
        served.signal("-INT");
        served.line("peer  ").unwrap();
        let line = served.line("a\"b").expect("a line for it");
        assert!(line.contains("closed") && line.contains('\u{fffd}'), "{line}: a name does not tear its line apart");
    }
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

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_with_a_summary() {
    let mut served = Served::start("", &["--speed", "20"]);
    served.line("closed -> open").unwrap();
    // A browser that keeps its connection, or somebody who never comes to the point, holds nothing up.
    let _kept = TcpStream::connect(served.address).unwrap();
    let mut slow = TcpStream::connect(served.address).unwrap();
    slow.write_all(b"GET / HT").unwrap();
    served.signal("-INT");
    let (code, out) = served.end();
    assert_eq!(code, Some(0), "{out}");
    for part in ["/metrics", "Ctrl-C ends", "calls ", "answered", "rejected", "trips", "rooftop", "mast"] {
        assert!(out.contains(part), "no {part} in:\n{out}");
    }
    assert!(!out.contains('\u{1b}'), "colours are for terminals");
}

/// As service managers and containers do.
#[cfg(unix)]
#[test]
fn a_signal_to_terminate_ends_it_with_a_summary() {
    // Before anything was called, and while calls are under way.
    for part in ["Ctrl-C ends", "closed -> open"] {
        let mut served = Served::start("", &["--speed", "20"]);
        served.line(part).unwrap();
        served.signal("-TERM");
        let (code, out) = served.end();
        assert_eq!(code, Some(0), "{out}");
        assert!(out.contains("of the trace\n  calls ") && out.contains("rooftop"), "{out}");
    }
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
