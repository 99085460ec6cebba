//! What a call costs on a host, in instructions that callgrind counts.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use super::figures::Figure;
use super::{Measured, Suite};
use crate::shell::{Call, Shell};
use crate::tools;

pub(super) const SUITE: Suite = Suite { name: "callgrind", file: "benches/budgets.toml", obstacle: OBSTACLE, measure };

/// The one kind of machine whose instructions are written down.
const MACHINE: &str = "x86-64";
const OBSTACLE: Option<&str> = if cfg!(all(target_arch = "x86_64", target_os = "linux")) {
    None
} else {
    Some("none counted: the figures are those of Linux on x86-64")
};

/// How often each path is counted: with few calls and many, guarded and not.
const COUNTS: usize = 4;

fn measure(shell: &Shell, compiler: &str, _: bool) -> Result<Measured> {
    tools::debian_packages(shell, &["valgrind"], &["valgrind"])?;
    tools::toolchain(shell, compiler, &[])?;
    let folder = tempfile::tempdir()?;
    let counted = folder.path().join("counted");
    let printed = shell.run(&program(compiler, &counted))?;
    let mut counts = (1..).map(|number| summary(&counted.with_extension(number.to_string())));
    let mut figures: Vec<Figure> = vec![];
    for line in printed.lines() {
        // cargo may have printed others.
        let words: Vec<&str> = line.split('\t').collect();
        let ["path", name, calls] = words[..] else { continue };
        let counts = counts.by_ref().take(COUNTS).collect::<Result<Vec<_>>>()?;
        let value = instructions(&counts, calls.parse()?).with_context(|| format!("cannot count {name}"))?;
        // Of paths that have the same name the shortest counts.
        match figures.iter_mut().find(|known| known.name == name) {
            Some(known) => known.value = known.value.min(value),
            None => figures.push(Figure::new(MACHINE, "instructions", name, value)),
        }
    }
    ensure!(!figures.is_empty(), "the program printed no path");
    let problems = changed_by_exporting(&figures);
    Ok(Measured { figures, problems, note: String::new() })
}

/// Ends the names of paths whose circuits are exported. Without it they are those of the same calls to others.
const EXPORTED: &str = "_exported";

/// Calls must not take part in exporting, so each takes as many instructions with an exporter as without.
fn changed_by_exporting(figures: &[Figure]) -> Vec<String> {
    let exported = figures.iter().filter_map(|figure| Some((figure.name.strip_suffix(EXPORTED)?, figure.value)));
    let mut compared = 0;
    let problem = |(name, value): (&str, u32)| {
        compared += 1;
        match figures.iter().find(|figure| figure.name == name) {
            Some(plain) if plain.value == value => None,
            Some(plain) => Some(format!("{name} takes {value} with an exporter and {} without", plain.value)),
            None => Some(format!("{name} is counted with an exporter only")),
        }
    };
    let mut problems: Vec<String> = exported.filter_map(problem).collect();
    if compared == 0 {
        problems.push("no path is exported".into());
    }
    problems
}

/// What runs the program under callgrind, built as `cargo xtask bench` builds it.
fn program(compiler: &str, counted: &Path) -> Call {
    let runner = [
        "valgrind --quiet --tool=callgrind --collect-atstart=no".split(' ').map(String::from).collect(),
        vec![
            "--toggle-collect=*instructions::measured*".into(),
            "--dump-before=*instructions::written_down*".into(),
            format!("--callgrind-out-file={}", counted.display()),
        ],
    ];
    Call::new("cargo run --quiet --profile bench -p fusebox-bench --bin instructions --config")
        .arg(format!("target.\"cfg(all())\".runner={:?}", runner.concat()))
        .env("RUSTUP_TOOLCHAIN", compiler)
        // Another processor's instructions would be others.
        .env("RUSTFLAGS", "")
}

/// The instructions of one count.
fn summary(path: &Path) -> Result<u64> {
    let text = fs::read_to_string(path).context("valgrind wrote fewer counts than the program has paths")?;
    let number = text.lines().find_map(|line| line.strip_prefix("summary: "));
    number.context("valgrind wrote no summary")?.trim().parse().context("valgrind's summary is no number")
}

/// Instructions a call, to the nearest: what many calls take more than few, less what the same number of unguarded
/// calls takes more.
fn instructions(counts: &[u64], calls: u64) -> Result<u32> {
    let [few, many, few_unguarded, many_unguarded] = *counts else { bail!("{} counts", counts.len()) };
    let guarded = many.checked_sub(few);
    let unguarded = many_unguarded.checked_sub(few_unguarded);
    let more = guarded.zip(unguarded).and_then(|(guarded, unguarded)| guarded.checked_sub(unguarded));
    let more = more.context("a guarded call takes less than an unguarded one")?;
    Ok(u32::try_from((more + calls / 2).checked_div(calls).context("no calls")?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_the_start_nor_the_loop_counts() {
        assert_eq!(instructions(&[1_700, 18_700, 530, 5_530], 1_000).unwrap(), 12);
        assert_eq!(instructions(&[0, 12_499, 0, 0], 1_000).unwrap(), 12);
        assert_eq!(instructions(&[0, 12_500, 0, 0], 1_000).unwrap(), 13);
        for wrong in [&[5, 4, 0, 0][..], &[0, 4, 0, 5], &[1, 2, 3]] {
            assert!(instructions(wrong, 1).is_err(), "{wrong:?}");
        }
        assert!(instructions(&[0; 4], 0).is_err());
    }

    #[test]
    fn calls_take_as_many_instructions_with_an_exporter() {
        let figure = |name: &str, value| Figure::new(MACHINE, "instructions", name, value);
        let (plain, exported) = (figure("call", 41), figure("call_exported", 41));
        assert!(changed_by_exporting(&[plain.clone(), exported.clone()]).is_empty());
        let slower = changed_by_exporting(&[plain.clone(), figure("call_exported", 42)]);
        assert_eq!(slower, ["call takes 42 with an exporter and 41 without"]);
        assert_eq!(changed_by_exporting(&[exported]), ["call is counted with an exporter only"]);
        assert_eq!(changed_by_exporting(&[plain]), ["no path is exported"]);
    }

    #[test]
    fn a_count_is_read_or_missed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("counted.1");
        assert!(summary(&path).is_err());
        fs::write(&path, "events: Ir\nsummary: 1700\n\ntotals: 1700\n").unwrap();
        assert_eq!(summary(&path).unwrap(), 1_700);
        fs::write(&path, "events: Ir\n").unwrap();
        assert!(summary(&path).is_err());
    }
}
