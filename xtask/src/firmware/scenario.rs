//! The check of `scenario`. Whether scenarios pass, and look as on the host as random traces do, is for the image to
//! say.

use anyhow::{Context, Result, ensure};

use super::emulator::{Run, figures};

/// The image has played some files, all of whose scenarios passed, and random traces, of which it tells last.
pub(crate) fn check(run: &Run) -> Result<String> {
    let random = run.messages().find(|message| message.starts_with("random from "));
    let random = random.context("the image played no random traces")?;
    Ok(format!("{}; {random}", totals(run.messages())?))
}

fn totals<'a>(messages: impl Iterator<Item = &'a str>) -> Result<String> {
    let (mut files, mut scenarios, mut trials) = (0, 0, 0);
    for (name, report) in messages.filter_map(|message| message.split_once(": ")) {
        let Some((counts, _digest)) = report.split_once(" trials, digest ") else { continue };
        let [passed, total, played] = figures(counts)?;
        ensure!(passed == total && total > 0, "{name}: {report}");
        files += 1;
        scenarios += total;
        trials += played;
    }
    ensure!(files > 0, "the image played no file");
    Ok(format!("{scenarios} scenarios of {files} files as on the host, in {trials} trials"))
}

#[cfg(test)]
mod tests {
    use super::totals;

    #[test]
    fn files_are_added_up_and_must_have_passed() {
        let files =
            ["rules.jsonl: 95/95 in 4184 trials, digest 106d4a3c", "a b", "sets.jsonl: 9/9 in 373 trials, digest 0"];
        assert_eq!(totals(files.into_iter()).unwrap(), "104 scenarios of 2 files as on the host, in 4557 trials");
        for bad in ["a.jsonl: 8/9 in 373 trials, digest 0", "a.jsonl: 0/0 in 0 trials, digest 0", "nothing: at all"] {
            assert!(totals([bad].into_iter()).is_err(), "{bad}");
        }
    }
}
