//! The reader of scenarios never panics or runs away; its errors name a line, and what it reads can be played.

use std::collections::HashSet;

use fusebox_scenario::{Room, Scenarios, play_all, read};

/// Each scenario is played from several starts for each step, so work grows with the square.
const LONGEST: usize = 4_096;
/// All calls of a file together, as its steps ask for them. Those of more would take too long here.
const MOST_CALLS: usize = 20_000;

/// Bytes are the text of a file.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if text.len() > LONGEST || repetitions(text) > MOST_CALLS {
        return;
    }
    let written: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    match read::pack(text) {
        Err(error) => {
            let said = format!("{error:#}");
            if written.is_empty() {
                assert_eq!(said, "there is no scenario in it");
                return;
            }
            let number = said.strip_prefix("line ").and_then(|rest| rest.split_once(": "));
            let number: usize = number.and_then(|(number, _)| number.parse().ok()).unwrap_or_else(|| panic!("{said}"));
            assert!((1..=text.lines().count()).contains(&number), "there is no such line: {said}");
            // That line alone is wrong too, and those before it are not.
            let line = text.lines().nth(number - 1).unwrap_or_default();
            let alone = read::pack(line).map(drop).map_err(|error| format!("{error:#}"));
            let (_, reason) = said.split_once(": ").unwrap_or_default();
            assert_eq!(alone, Err(format!("line 1: {reason}")), "line {number} by itself: {line}");
            let before: Vec<_> = text.lines().take(number - 1).filter(|line| !line.trim().is_empty()).collect();
            assert!(before.is_empty() || read::pack(&before.join("\n")).is_ok(), "an earlier line is wrong: {said}");
        }
        Ok(packed) => {
            let read: Vec<_> = Scenarios::packed(&packed).map(|scenario| scenario.unwrap().id()).collect();
            assert_eq!(read.len(), written.len(), "a line is a scenario");
            let mut failed = HashSet::new();
            let mut failures = 0;
            let report = play_all(Scenarios::packed(&packed), &Room::HOST, |scenario, trial, failure| {
                assert!(!format!("{} {trial}: {failure}", scenario.id()).is_empty());
                failed.insert(scenario.id());
                failures += 1;
            });
            let report = report.unwrap_or_else(|error| panic!("what was read cannot be played: {error}"));
            assert_eq!((report.total as usize, report.passed + failures), (read.len(), report.total), "{failed:?}");
            // Packed anew, and played with less room: the same, or said to be too much.
            assert_eq!(read::pack(text).unwrap(), packed);
            let chip = play_all(Scenarios::packed(&packed), &Room::CHIP, |_, _, _| {});
            assert!(chip.is_ok_and(|chip| chip.total == report.total));
        }
    }
}

/// How often steps are to be repeated, at most. Numbers beyond the reader's limit are refused before anything is played.
fn repetitions(text: &str) -> usize {
    if text.contains("\\u00") {
        // It may spell any number.
        return usize::MAX;
    }
    let numbers = text.split('*').skip(1).map(|rest| {
        let digits = rest.find(|char: char| !char.is_ascii_digit()).unwrap_or(rest.len());
        rest[..digits].parse().unwrap_or(usize::MAX)
    });
    numbers.filter(|times| *times <= 1_000_000).sum()
}
