//! Whole files: what passes, what fails and where, and what the checksum sees.

use std::fs;

use fusebox_scenario::{Error, Report, Room, Scenarios, play_all, read};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../lab/scenarios");

fn line(config: &str, steps: &str) -> String {
    format!(
        r#"{{"id":"a","config":{{"trip":{{"kind":"max_failures","max":1,"window_ms":1000}},"open":{{"wait_ms":500{config}}},"half_open":{{"probes":1,"close_after":1}}}},"steps":{steps}}}"#
    )
}

/// The report, and what was said of failures.
fn play(text: &str, room: &Room) -> (Report, Vec<String>) {
    let packed = read::pack(text).unwrap_or_else(|error| panic!("{text}: {error:#}"));
    let mut failures = Vec::new();
    let report = play_all(Scenarios::packed(&packed), room, |scenario, trial, failure| {
        failures.push(format!("{} {trial}: {failure}", scenario.id()));
    });
    (report.unwrap(), failures)
}

#[test]
fn all_files_pass_from_every_start_with_the_room_of_a_chip() {
    let mut scenarios = 0;
    for file in fs::read_dir(FOLDER).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        let (report, failures) = play(&text, &Room::CHIP);
        assert_eq!((report.passed, failures), (report.total, vec![]));
        assert_eq!(report.total as usize, text.lines().count());
        assert!(report.trials > 20 * report.total, "{report}");
        assert_eq!(play(&text, &Room::HOST).0, report, "room makes no difference");
        scenarios += report.total;
    }
    assert!(scenarios > 100);
}

#[test]
fn a_spoiled_expectation_is_told_once_with_scenario_trial_and_step() {
    let good = line("", r#"[[0,"C:F*2","+o@500"],[500,"C:S","+c"]]"#);
    let (report, failures) = play(&format!("{good}\n{}", good.replace("+c", "+o")), &Room::CHIP);
    assert_eq!((report.passed, report.total), (1, 2));
    assert_eq!(failures, ["a from tick 0: step 2: `C:S` at 500 ms: expected state open, came state closed"]);
}

/// Jitter is drawn from the moment of the opening: from another start, other waits are right.
#[test]
fn drawn_waits_are_judged_from_tick_0_alone() {
    let (report, failures) = play(&line(r#","jitter":"full","seed":7"#, r#"[[0,"C:F*2","+o@97"]]"#), &Room::CHIP);
    assert_eq!((report.passed, failures), (1, vec![]));
    assert!(report.trials > 5);
}

/// Buckets of time are aligned: a start in the middle of one would be another scenario.
#[test]
fn windows_of_time_are_started_between_buckets() {
    let text = line("", r#"[[90,"C:F","+c"],[100,"C:F","+c"],[101,"N:1/1","c"],[190,"C:F","+o"]]"#).replace(
        r#"{"kind":"max_failures","max":1,"window_ms":1000}"#,
        r#"{"kind":"time_window","buckets":1,"bucket_ms":100,"min_calls":2,"failure_rate":50}"#,
    );
    let (report, failures) = play(&text, &Room::CHIP);
    assert_eq!((report.passed, failures), (1, vec![]));
}

#[test]
fn the_checksum_sees_what_no_expectation_names() {
    let window = r#"{"kind":"count_window","calls":9,"min_calls":9,"failure_rate":9}"#;
    let rated = |steps| {
        let text = line("", steps).replace(r#"{"kind":"max_failures","max":1,"window_ms":1000}"#, window);
        play(&text, &Room::CHIP).0.digest
    };
    assert_ne!(rated(r#"[[0,"C:S"]]"#), rated(r#"[[0,"C:F"]]"#));

    let digest = |steps| play(&line("", steps), &Room::CHIP).0.digest;
    let steps = [
        r#"[[0,"C:F"]]"#,
        r#"[[0,"C:S"]]"#,
        r#"[[0,"C:F"],[1000,"?"]]"#,
        r#"[[0,"C:F*2"],[499,"C:S"]]"#,
        r#"[[0,"C:F*2"],[498,"C:S"]]"#,
        r#"[[0,"C:F*2"],[498,"X:S"],[498,"?"]]"#,
        r#"[[0,"M:force"],[0,"C:S"]]"#,
        r#"[[0,"M:metrics"],[0,"C:F*2"],[499,"C:I"]]"#,
        r#"[[0,"M:metrics"],[0,"C:F*2"],[500,"C:I"]]"#,
    ];
    let mut digests = steps.map(digest);
    assert_eq!(digests, steps.map(digest));
    digests.sort_unstable();
    assert!(digests.windows(2).all(|pair| pair[0] != pair[1]), "{digests:x?}");
    assert_ne!(digest(r#"[[0,"?","c"]]"#), digest(r#"[[0,"?","o"]]"#), "the verdict counts");
}

#[test]
fn more_permits_than_a_chip_keeps_are_an_error_there() {
    let labelled = |count| (0..count).map(|label| format!(r#"[0,"A{label}","+c"]"#)).collect::<Vec<_>>().join(",");
    for (fits, too_many) in [
        (r#"[[0,"A*260","+c"],[0,"C:S*2","+c"],[0,"X:S*260","c"]]"#.to_owned(), r#"[[0,"A*261","+c"]]"#.to_owned()),
        (format!("[{}]", labelled(16)), format!("[{}]", labelled(17))),
    ] {
        assert_eq!(play(&line("", &fits), &Room::CHIP).0.passed, 1);
        assert_eq!(play(&line("", &too_many), &Room::HOST).0.passed, 1);
        let packed = read::pack(&line("", &too_many)).unwrap();
        let mut told = 0;
        let report = play_all(Scenarios::packed(&packed), &Room::CHIP, |_, _, failure| {
            assert!(failure.is_for_want_of_room());
            told += 1;
        });
        assert_eq!((report.unwrap().passed, told), (0, 1));
    }
}

#[test]
fn damaged_bytes_are_an_error() {
    let packed = read::pack(&line("", r#"[[0,"C:F*2","+o@500"],[500,"C:S","+c"]]"#)).unwrap();
    for end in 1..packed.len() {
        let report = play_all(Scenarios::packed(&packed[..end]), &Room::CHIP, |_, _, _| {});
        assert!(matches!(report, Err(Error::Damaged(_))), "the first {end} bytes came out as {report:?}");
    }
}
