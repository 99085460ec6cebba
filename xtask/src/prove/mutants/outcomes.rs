//! What cargo-mutants writes down of a run.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::survivors::Mutant;

/// A mutant, and what became of it.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) mutant: Mutant,
    pub(super) end: End,
}

/// What became of a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Caught,
    Missed,
    Timeout,
    /// It does not compile.
    Unviable,
}

/// The outcomes of a run, from a file of its own format. The mutants' lines are read below `root`.
pub(super) fn read(path: &Path, root: &Path) -> Result<Vec<Outcome>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let all: Value = serde_json::from_str(&text).with_context(|| format!("cannot understand {}", path.display()))?;
    of(&all, root).with_context(|| format!("in {}", path.display()))
}

fn of(all: &Value, root: &Path) -> Result<Vec<Outcome>> {
    ensure!(all.get("end_time").is_some_and(Value::is_string), "the run was interrupted");
    let entries = all.get("outcomes").and_then(Value::as_array).context("there are no outcomes")?;
    let mut outcomes = vec![];
    let mut has_baseline = false;
    for entry in entries {
        let summary = entry.get("summary").and_then(Value::as_str).unwrap_or_default();
        match entry.get("scenario").and_then(|scenario| scenario.get("Mutant")) {
            Some(mutant) => outcomes.push(Outcome { mutant: Mutant::of(mutant, root)?, end: End::of(summary)? }),
            None if summary == "Success" => has_baseline = true,
            None => bail!("the tests fail without any mutant"),
        }
    }
    // Where the tests of the unchanged code did not run, any failure would count as caught.
    ensure!(has_baseline || outcomes.is_empty(), "the tests of the unchanged code did not run");
    Ok(outcomes)
}

impl End {
    fn of(summary: &str) -> Result<Self> {
        Ok(match summary {
            "CaughtMutant" => Self::Caught,
            "MissedMutant" => Self::Missed,
            "Timeout" => Self::Timeout,
            "Unviable" => Self::Unviable,
            _ => bail!("a mutant ended as `{summary}`, whatever that is"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn run(baseline: &str, ends: &[&str]) -> Value {
        let mutant = json!({ "name": "a.rs:1:1: replace", "file": "a.rs", "span": { "start": { "line": 1 } } });
        let mutant = |end: &&str| json!({ "scenario": { "Mutant": mutant }, "summary": end });
        let baseline = json!({ "scenario": "Baseline", "summary": baseline });
        let entries: Vec<Value> = std::iter::once(baseline).chain(ends.iter().map(mutant)).collect();
        json!({ "outcomes": entries, "end_time": "2000-01-01T00:00:00Z" })
    }

    #[test]
    fn each_mutant_has_an_end() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.rs"), "fn a() {}\n").unwrap();
        let all = run("Success", &["CaughtMutant", "MissedMutant", "Timeout", "Unviable"]);
        let outcomes = of(&all, folder.path()).unwrap();
        let ends: Vec<End> = outcomes.iter().map(|outcome| outcome.end).collect();
        assert_eq!(ends, [End::Caught, End::Missed, End::Timeout, End::Unviable]);
        assert_eq!(outcomes[0].mutant.code, "fn a() {}");
        assert!(of(&run("Success", &["Melted"]), folder.path()).is_err());
    }

    #[test]
    fn a_run_that_proves_nothing_is_an_error() {
        let nowhere = Path::new("nowhere");
        let error = of(&run("Failure", &[]), nowhere).unwrap_err().to_string();
        assert_eq!(error, "the tests fail without any mutant");
        let mut interrupted = run("Success", &[]);
        interrupted["end_time"] = Value::Null;
        assert_eq!(of(&interrupted, nowhere).unwrap_err().to_string(), "the run was interrupted");
        assert!(of(&json!({ "end_time": "now" }), nowhere).is_err());
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.rs"), "").unwrap();
        let mut alone = run("Success", &["CaughtMutant"]);
        alone["outcomes"].as_array_mut().unwrap().remove(0);
        let error = of(&alone, folder.path()).unwrap_err().to_string();
        assert_eq!(error, "the tests of the unchanged code did not run");
    }
}
