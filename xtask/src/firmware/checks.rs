//! What images are checked for beyond their exit code.

use std::fs;

use anyhow::{Context, Result, bail};

use super::emulator::Run;

/// Nothing more. The image's last message is worth noting.
pub(crate) fn last_message(run: &Run) -> Result<String> {
    run.messages().last().map(String::from).context("the image said nothing")
}

/// The log is that of `examples/firmware/expected/<image>.txt`, on every board.
pub(crate) fn as_expected(run: &Run) -> Result<String> {
    let path = run.folder.join("expected").join(format!("{}.txt", run.image));
    let expected = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let expected: Vec<&str> = expected.lines().collect();
    match first_difference(&expected, &run.lines) {
        None => Ok(format!("{} lines as expected", expected.len())),
        Some(difference) => {
            bail!("{difference}; the whole log is {}, expected is {}", run.log.display(), path.display())
        }
    }
}

fn first_difference(expected: &[&str], found: &[String]) -> Option<String> {
    (0..expected.len().max(found.len())).find_map(|at| {
        let (expected, found) = (expected.get(at).copied(), found.get(at).map(String::as_str));
        let text = |line: Option<&str>| line.map_or("nothing".to_string(), |line| format!("`{line}`"));
        (expected != found).then(|| format!("line {} is {}, not {}", at + 1, text(found), text(expected)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[&str]) -> Vec<String> {
        text.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_first_difference_is_named() {
        let expected = ["INFO a", "INFO b"];
        assert_eq!(first_difference(&expected, &lines(&["INFO a", "INFO b"])), None);
        let difference = |found: &[&str]| first_difference(&expected, &lines(found)).unwrap();
        assert_eq!(difference(&["INFO a", "INFO c"]), "line 2 is `INFO c`, not `INFO b`");
        assert_eq!(difference(&["INFO a"]), "line 2 is nothing, not `INFO b`");
        assert_eq!(difference(&["INFO a", "INFO b", "x"]), "line 3 is `x`, not nothing");
    }
}
