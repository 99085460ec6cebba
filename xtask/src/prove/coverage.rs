//! How much of the code the tests run.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::shell::{Call, Shell};
use crate::tools;

/// A library whose tests are looked at.
struct Library {
    package: &'static str,
    features: &'static str,
    /// Where its code is. Other crates that its tests run do not count.
    sources: &'static str,
    /// The lines in a hundred that its tests must run.
    least: u64,
}

const LIBRARIES: [Library; 3] = [
    // What `defmt` logs is compared in the step `firmware`, line for line: it takes a chip's linker.
    Library {
        package: "fusebox",
        features: "--features embedded-hal-async-1,embedded-nal-async-09,embassy-time,fugit",
        sources: "core/src/",
        least: 98,
    },
    Library { package: "fusebox-std", features: "--all-features", sources: "std-ext/src/", least: 90 },
    Library { package: "fusebox-prometheus", features: "--all-features", sources: "prometheus/src/", least: 90 },
];

/// Lines of code.
#[derive(Debug, Default, PartialEq)]
struct Lines {
    all: u64,
    run: u64,
}

pub(super) fn step(shell: &Shell) -> Result<String> {
    tools::cargo_tool(shell, "llvm-cov")?;
    tools::toolchain(shell, "stable", &["llvm-tools"])?;
    let mut notes = Vec::new();
    for Library { package, features, sources, least } in LIBRARIES {
        // Without the examples in the documentation, which only a nightly compiler could measure.
        let call = Call::new("rustup run stable cargo llvm-cov --lib --tests --json --summary-only -p").args(package);
        let printed = shell.run(&call.args(features).env("CARGO_TERM_QUIET", "true"))?;
        let lines = lines_of(&printed, &shell.root().join(sources).display().to_string())?;
        ensure!(lines.all > 0, "no line of {sources} was counted");
        let tenths = lines.run * 1_000 / lines.all;
        let share = format!("{package} {}.{} % of {} lines", tenths / 10, tenths % 10, lines.all);
        ensure!(tenths >= least * 10, "{share}; at least {least} % are wanted");
        notes.push(share);
    }
    Ok(notes.join(", "))
}

/// Adds up the files of a folder. The report is the last line of what was printed.
fn lines_of(printed: &str, folder: &str) -> Result<Lines> {
    let report = printed.lines().rev().find(|line| line.starts_with('{')).context("there is no report")?;
    let report: Value = serde_json::from_str(report).context("the report cannot be read")?;
    let files = report.pointer("/data/0/files").and_then(Value::as_array).context("the report has no files")?;
    let of_folder = files.iter().filter(|file| file["filename"].as_str().is_some_and(|name| name.starts_with(folder)));
    of_folder.map(|file| &file["summary"]["lines"]).try_fold(Lines::default(), |sum, lines| {
        let number = |name: &str| lines[name].as_u64().with_context(|| format!("the report has no {name}"));
        Ok(Lines { all: sum.all + number("count")?, run: sum.run + number("covered")? })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_other_folders_do_not_count() {
        let file = |name: &str, all, run| serde_json::json!({ "filename": name, "summary": { "lines": { "count": all, "covered": run } } });
        let files = [file("/a/core/src/x.rs", 10, 9), file("/a/core/src/y.rs", 5, 5), file("/a/std/src/x.rs", 100, 0)];
        let printed = format!("running 1 test\n{}\n", serde_json::json!({ "data": [{ "files": files }] }));
        assert_eq!(lines_of(&printed, "/a/core/src/").unwrap(), Lines { all: 15, run: 14 });
        assert_eq!(lines_of(&printed, "/b/").unwrap(), Lines::default());
        assert!(lines_of("running 1 test\n", "/a/").is_err());
        assert!(lines_of("{}", "/a/").is_err());
    }
}
