//! The program as a user sees it, against its own server.

use std::time::Duration;

/// The output without what differs from run to run: the port, and the milliseconds that are left of a wait, as long as
/// they are more than the circuit would wait by itself.
fn without_numbers_of_the_day(output: &str) -> String {
    let lines = output.lines().map(|line| {
        if let Some((before, after)) = line.split_once("127.0.0.1:") {
            return format!("{before}127.0.0.1:PORT{}", after.trim_start_matches(|c: char| c.is_ascii_digit()));
        }
        let left = line.split_once("retry in ").and_then(|(before, rest)| Some((before, rest.split_once(" ms")?)));
        match left {
            Some((before, (millis, after))) if millis.parse::<u32>().is_ok_and(|millis| millis > 500) => {
                format!("{before}retry in N ms {}", after.trim_start())
            }
            _ => line.to_owned(),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_client_leaves_a_broken_service_alone_and_finds_out_that_it_is_repaired() {
    let program = duct::cmd!(env!("CARGO_BIN_EXE_fusebox-reqwest-client")).stdout_capture().start().unwrap();
    let Some(done) = program.wait_timeout(Duration::from_secs(60)).unwrap() else {
        program.kill().unwrap();
        panic!("it takes too long");
    };
    let output = String::from_utf8(done.stdout.clone()).unwrap();
    assert_eq!(without_numbers_of_the_day(&output), include_str!("story.txt").trim_end(), "{output}");
}
