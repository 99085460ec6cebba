//! What a newcomer sees first.

use crate::program::{fusebox, fusebox_cut_off};

const LINKS: [&str; 8] = ["rooftop", "gate", "pump", "orchard", "barn", "river", "cellar", "mast"];

#[test]
fn the_demo_shows_every_link_and_what_was_saved() {
    let out = fusebox(&[]).success();
    for link in LINKS {
        assert_eq!(out.lines().filter(|line| line.trim_start().starts_with(link)).count(), 1, "{link} in:\n{out}");
    }
    for part in [
        "closed: sends",
        "open: silent",
        "half-open: one try",
        "of all losses avoided",
        "million rows per second",
        "replay",
    ] {
        assert!(out.contains(part), "no `{part}` in:\n{out}");
    }
    assert!(!out.contains('\u{1b}'), "colours are for terminals");
}

#[test]
fn the_picture_is_the_same_every_time() {
    let picture = || fusebox(&[]).success().split("Speed:").next().map(str::to_owned);
    assert_eq!(picture(), picture());
}

#[test]
fn what_it_says_to_try_works() {
    let out = fusebox(&[]).success();
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("examples/lab")).unwrap();
    let scenarios = folder.path().join("examples/lab/scenarios");
    std::fs::create_dir(&scenarios).unwrap();
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/rules.jsonl"), scenarios.join("rules.jsonl"))
        .unwrap();
    let commands: Vec<_> =
        out.lines().filter_map(|line| line.trim().strip_prefix(env!("CARGO_BIN_EXE_fusebox"))).collect();
    assert!(commands.len() >= 5, "{out}");
    for command in commands {
        let (args, file) = command.split_once(" > ").unwrap_or((command, "out.txt"));
        let run = std::process::Command::new(env!("CARGO_BIN_EXE_fusebox"))
            .args(args.split_whitespace())
            // It would go on until Ctrl-C.
            .args(if args.trim() == "serve" { &["--listen", "127.0.0.1:0", "--for", "1"][..] } else { &[] })
            .current_dir(folder.path())
            .stdout(std::fs::File::create(folder.path().join(file)).unwrap())
            .status()
            .unwrap();
        assert!(run.success(), "{command}");
    }
    assert!(folder.path().join("links.svg").exists());
}

#[test]
fn a_reader_who_leaves_early_is_no_error() {
    for args in [&[][..], &["generate", "--rows", "100000"], &["replay", "--help"]] {
        let run = fusebox_cut_off(args);
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{args:?}");
    }
}

#[test]
fn generated_traces_are_as_long_as_asked_for_and_replay() {
    let trace = fusebox(&["generate", "--rows", "1000", "--links", "300", "--seed", "5"]).success();
    assert_eq!(trace.lines().count(), 1001);
    assert_eq!(trace, fusebox(&["generate", "--rows", "1000", "--links", "300", "--seed", "5"]).success());
    let summary = crate::program::fusebox_on("replay", "t.csv", trace.as_bytes(), &["--json"]).success();
    assert!(summary.contains("\"calls\":1000,") && summary.contains("\"peers\":300}"), "{summary}");
    fusebox(&["generate", "--links", "0"]).refusal();
}
