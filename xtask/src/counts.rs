//! How many tests a log tells of.

/// Tests that passed, added up over every test binary in the log of one or more `cargo test` runs.
pub(crate) fn tests_passed(log: &str) -> usize {
    log.lines()
        .filter_map(|line| line.trim_start().strip_prefix("test result: ok. "))
        .filter_map(|rest| number_before(rest, " passed"))
        .sum()
}

/// Tests that said `skipped: ` and why, and then counted as passed all the same.
pub(crate) fn tests_skipped(log: &str) -> usize {
    log.matches("skipped: ").count()
}

/// Scenarios that passed, added up over every `N passed, N failed` line in the log.
pub(crate) fn scenarios_passed(log: &str) -> usize {
    log.lines().filter(|line| line.ends_with(" failed")).filter_map(|line| number_before(line, " passed, ")).sum()
}

/// How many setups of the model were explored, and how many states they have together.
pub(crate) fn explored(log: &str) -> (usize, usize) {
    let states = log.lines().filter_map(|line| {
        let (_, rest) = line.split_once("explored: ")?;
        number_before(rest.rsplit_once(": ")?.1, " states, ")
    });
    states.fold((0, 0), |(setups, sum), states| (setups + 1, sum + states))
}

fn number_before(text: &str, word: &str) -> Option<usize> {
    text.split_once(word)?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_test_binary_counts() {
        let log = "\
running 3 tests
test wraps ... ok
test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s
   Doc-tests fusebox
test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.80s
test result: FAILED. 7 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.80s
";
        assert_eq!(tests_passed(log), 15);
        assert_eq!(tests_passed("running 0 tests\n"), 0);
    }

    #[test]
    fn the_states_of_all_setups_are_added_up() {
        let log =
            "test a ... explored: a, b: 12 states, depth 3, 4 properties, 0.1 s\nexplored: c: d: 5 states, depth 2\n";
        assert_eq!(explored(log), (2, 17));
        assert_eq!(explored("explored: nothing\n"), (0, 0));
    }

    #[test]
    fn skipped_tests_are_counted_even_in_the_middle_of_a_line() {
        let log = "skipped: a: no Python\ntest b ... skipped: b: no Python\nok\ntest no_rows_are_skipped ... ok\n";
        assert_eq!(tests_skipped(log), 2);
    }

    #[test]
    fn the_scenario_files_are_added_up() {
        assert_eq!(scenarios_passed("ok A1\n41 passed, 0 failed\nok B1\n7 passed, 0 failed\n"), 48);
        assert_eq!(scenarios_passed("everything passed, nothing failed\n"), 0);
    }
}
