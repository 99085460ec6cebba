//! The steps of `cargo xtask test`, cheap ones first.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::budgets;
use crate::counts;
use crate::firmware;
use crate::prometheus;
use crate::python;
use crate::shell::{Call, Shell};
use crate::step::Step;
use crate::tools;

pub(crate) const STEPS: &[Step] = &[
    Step { name: "fmt", about: "the code is formatted", run: fmt },
    Step { name: "clippy", about: "no lint warns, with every feature and with each alone", run: clippy },
    Step { name: "doc", about: "the documentation builds without warnings", run: doc },
    Step { name: "test", about: "unit, integration and doc tests of the workspace", run: test },
    Step { name: "halves", about: "the library's tests with the state word of 32-bit targets", run: halves },
    Step { name: "oracle", about: "fusebox against the published python-circuit", run: oracle },
    Step { name: "scenarios", about: "scenario files, played by the program", run: scenarios },
    Step {
        name: "prom",
        about: "rules, dashboard and console before the real Prometheus and Alertmanager",
        run: prometheus::step,
    },
    Step {
        name: "embedded",
        about: "every feature on five bare-metal targets, with size assertions, and on a 32-bit host",
        run: embedded,
    },
    Step { name: "firmware", about: "images on four emulated boards, their logs checked", run: firmware::step },
    Step {
        name: "budgets",
        about: "instructions, stack and bytes as written down, and no panic",
        run: budgets::on_boards,
    },
    Step { name: "callgrind", about: "instructions of guarded calls on a host as written down", run: budgets::on_host },
    Step { name: "msrv", about: "the workspace builds with the oldest Rust it promises", run: msrv },
    Step { name: "loom", about: "every interleaving of racing threads", run: loom },
    Step { name: "miri", about: "unit tests under Miri: 64-bit, 32-bit and big-endian", run: miri },
];

const EMBEDDED_TARGETS: [&str; 6] = [
    "thumbv6m-none-eabi",
    "thumbv7m-none-eabi",
    "thumbv7em-none-eabihf",
    "riscv32imac-unknown-none-elf",
    "riscv32imc-unknown-none-elf",
    // 32 bits with 64-bit atomics, which pad a circuit as 64-bit hosts do.
    "i686-unknown-linux-gnu",
];
/// Each with the way in which such a target carries the state word.
const MIRI_TARGETS: [(&str, &str); 3] =
    [("x86_64-unknown-linux-gnu", ""), ("i686-unknown-linux-gnu", HALVES), ("s390x-unknown-linux-gnu", "")];

/// What other crates do wrong is for `cargo xtask prove`: they take long to build.
const TESTS: &str = "cargo test --workspace --exclude fusebox-peer-tests --all-features --no-fail-fast";

fn fmt(shell: &Shell) -> Result<String> {
    shell.run(&Call::new("cargo fmt --all --check"))?;
    firmware::check_format(shell)?;
    shell.run(&Call::new("cargo fmt --manifest-path fuzz/Cargo.toml --check"))?;
    Ok(String::new())
}

fn clippy(shell: &Shell) -> Result<String> {
    tools::cargo_tool(shell, "hack")?;
    shell.run(&Call::new("cargo clippy --workspace --all-targets --all-features -- -D warnings"))?;
    shell.run(&Call::new(
        "cargo hack clippy -p fusebox -p fusebox-std -p fusebox-prometheus --each-feature -- -D warnings",
    ))?;
    Ok(String::new())
}

fn doc(shell: &Shell) -> Result<String> {
    // The library and the program share their name, so only libraries have pages.
    // The model has the library's own files for modules, whose links lead elsewhere there.
    let doc = Call::new("cargo doc --workspace --exclude fusebox-protocol --lib --no-deps --all-features");
    shell.run(&doc.env("RUSTDOCFLAGS", "-D warnings"))?;
    Ok(String::new())
}

fn test(shell: &Shell) -> Result<String> {
    run_tests(shell, [Call::new(TESTS)])
}

fn oracle(shell: &Shell) -> Result<String> {
    let oracle = python::with(shell, &python::ORACLE)?;
    // The same packages and features as in `test`, so that nothing is compiled again.
    run_tests(shell, [oracle.for_tests(Call::new(TESTS).args("--test oracle*"))])
}

fn scenarios(shell: &Shell) -> Result<String> {
    let own = jsonl_files(&shell.root().join("examples/lab/scenarios"))
        .context("the repository's own scenarios are not there")?;
    // Files beside the repository are more input for whoever has them, never a need.
    let beside = jsonl_files(&shell.root().join("../shared/scenarios")).unwrap_or_default();
    let note = if beside.is_empty() { "; ../shared/scenarios is not there" } else { "" };
    let run = Call::new("cargo run --release --bin fusebox -- scenario");
    let log = shell.run(&own.iter().chain(&beside).fold(run, Call::arg))?;
    let passed = counts::scenarios_passed(&log);
    ensure!(passed > 0, "the program ran no scenario");
    Ok(format!("{passed} scenarios{note}"))
}

fn embedded(shell: &Shell) -> Result<String> {
    tools::targets(shell, &EMBEDDED_TARGETS)?;
    tools::cargo_tool(shell, "hack")?;
    // What is unused on a small target shows only there.
    let lint = Call::new("cargo hack clippy -p fusebox --each-feature");
    let lint = EMBEDDED_TARGETS.iter().fold(lint, |call, one| call.args("--target").args(one));
    shell.run(&lint.args("-- -D warnings"))?;
    firmware::lint(shell)?;
    Ok(format!("{} targets", EMBEDDED_TARGETS.len()))
}

fn msrv(shell: &Shell) -> Result<String> {
    let version = env!("CARGO_PKG_RUST_VERSION");
    tools::toolchain(shell, version, &[])?;
    let run = Call::new("rustup run").args(version);
    shell.run(&run.args("cargo check --workspace --all-features"))?;
    Ok(format!("Rust {version}"))
}

/// On a host the state word is one atomic; this cfg asks for the two halves of small targets.
pub(crate) const HALVES: &str = "--cfg fusebox_halves";

/// Atomics and locks are those of loom.
const LOOM: &str = "--cfg fusebox_loom";

fn halves(shell: &Shell) -> Result<String> {
    let call = Call::new("cargo test -p fusebox --lib --tests --no-fail-fast --target-dir target/halves");
    run_tests(shell, [call.env("RUSTFLAGS", HALVES)])
}

fn loom(shell: &Shell) -> Result<String> {
    // Three switches at the worst moments find the known races; more takes hours.
    let limit = std::env::var("LOOM_MAX_PREEMPTIONS").unwrap_or_else(|_| "3".into());
    let halves = format!("{LOOM} {HALVES}");
    let calls = [("fusebox", LOOM), ("fusebox", &halves), ("fusebox-std", LOOM)].map(|(package, flags)| {
        Call::new("cargo test --release --test loom* --target-dir target/loom -p")
            .args(package)
            .env("RUSTFLAGS", flags)
            .env("LOOM_MAX_PREEMPTIONS", &limit)
    });
    run_tests(shell, calls)
}

fn miri(shell: &Shell) -> Result<String> {
    tools::toolchain(shell, "nightly", &["miri", "rust-src"])?;
    let calls = MIRI_TARGETS.map(|(target, flags)| {
        Call::new("rustup run nightly cargo miri test -p fusebox --lib --target-dir target/miri")
            .args("--target")
            .args(target)
            .env("MIRIFLAGS", "-Zmiri-disable-isolation")
            .env("PROPTEST_CASES", "8")
            .env("RUSTFLAGS", flags)
    });
    run_tests(shell, calls)
}

/// Runs the calls and counts their tests. A run of no test at all has proved nothing.
pub(crate) fn run_tests(shell: &Shell, calls: impl IntoIterator<Item = Call>) -> Result<String> {
    let (mut ran, mut skipped) = (0, 0);
    for call in calls {
        let log = shell.run(&call)?;
        let without = counts::tests_skipped(&log);
        let count = counts::tests_passed(&log).saturating_sub(without);
        ensure!(count > 0, "`{call}` ran no test");
        ran += count;
        skipped += without;
    }
    Ok(match skipped {
        0 => format!("{ran} tests"),
        _ => format!("{ran} tests; {skipped} skipped themselves, the log says why"),
    })
}

/// The scenario files of a folder, in the order of their names.
pub(crate) fn jsonl_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files = entries
        .map(|entry| Ok(entry?.path()))
        .filter(|path| !matches!(path, Ok(path) if path.extension().is_none_or(|end| end != "jsonl")))
        .collect::<Result<Vec<_>>>()?;
    if files.is_empty() {
        bail!("no .jsonl file in {}", folder.display());
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_scenario_files_are_played_in_order_of_their_names() {
        let folder = tempfile::tempdir().unwrap();
        assert!(jsonl_files(folder.path()).is_err(), "an empty folder is an error");
        for name in ["b.jsonl", "a.jsonl", "README.md"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let files = jsonl_files(folder.path()).unwrap();
        assert_eq!(files, [folder.path().join("a.jsonl"), folder.path().join("b.jsonl")]);
        assert!(jsonl_files(&folder.path().join("none")).is_err());
    }
}
