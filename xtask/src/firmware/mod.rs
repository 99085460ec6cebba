//! Firmware on emulated boards: built, run, and its log checked.

mod bad_line;
pub(crate) mod boards;
mod checks;
pub(crate) mod emulator;
pub(crate) mod images;
mod modem;
mod page;
mod radio;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::shell::{Call, Shell};
use crate::{select, tools};
use boards::{BOARDS, Board};
use images::{IMAGES, Image};

/// Where the firmware workspace is.
const FOLDER: &str = "examples/firmware";
/// The row of the program in the page for firmware.
const PAGE: &str = "page";
const MANIFEST: &str = "examples/firmware/Cargo.toml";

/// How one image did on one board.
pub(crate) struct Row {
    image: &'static str,
    board: &'static str,
    /// What is worth noting, or what went wrong.
    pub(crate) outcome: Result<String>,
    took: Duration,
}

impl Row {
    pub(crate) const HEAD: &str = "image          board        result     time";

    fn of(image: &'static str, board: &Board, check: impl FnOnce() -> Result<String>) -> Self {
        let start = Instant::now();
        let outcome = check();
        Self { image, board: board.name, outcome, took: start.elapsed() }
    }

    /// A line of the table.
    pub(crate) fn line(&self) -> String {
        let (word, text) = match &self.outcome {
            Ok(note) => ("ok", note.clone()),
            Err(error) => ("FAILED", format!("{error:#}")),
        };
        let text = text.lines().collect::<Vec<_>>().join(" | ");
        let line =
            format!("{:<14} {:<12} {word:<7} {:>5.1} s  {text}", self.image, self.board, self.took.as_secs_f64());
        line.trim_end().to_string()
    }
}

/// Installs what is missing, builds the images and runs them, all or the named ones. Each result is told at once.
pub(crate) fn run(shell: &Shell, only: &[String], mut tell: impl FnMut(&Row)) -> Result<Vec<Row>> {
    let names: Vec<&str> = IMAGES.iter().map(|image| image.name).chain([PAGE]).collect();
    let chosen = select::choose(&names, only)?;
    let page = chosen.last() == Some(&true);
    let chosen: Vec<&Image> = IMAGES.iter().zip(chosen).filter_map(|(image, chosen)| chosen.then_some(image)).collect();
    install(shell)?;
    let mut told = |rows: &[Row]| -> Result<()> {
        if let Some(row) = rows.last() {
            shell.note(&row.line())?;
            tell(row);
        }
        Ok(())
    };
    let mut rows = vec![];
    for image in &chosen {
        for board in image.boards {
            build(shell, image, board)?;
        }
    }
    for image in chosen {
        for board in image.boards {
            let check = || emulator::run(shell, image, board).and_then(|run| (image.check)(&run));
            rows.push(Row::of(image.name, board, check));
            told(&rows)?;
        }
    }
    if page {
        rows.push(Row::of(PAGE, boards::LM3S6965EVB, || page::run(shell)));
        told(&rows)?;
    }
    Ok(rows)
}

/// The step of `cargo xtask test`.
pub(crate) fn step(shell: &Shell) -> Result<String> {
    let rows = run(shell, &[], |_| ())?;
    let mut failed = String::new();
    for row in rows.iter().filter(|row| row.outcome.is_err()) {
        // Writing to a string cannot fail.
        let _ = writeln!(failed, "{}", row.line());
    }
    ensure!(failed.is_empty(), "{failed}");
    Ok(format!("{} runs on {} boards", rows.len(), BOARDS.len()))
}

/// Whether the firmware workspace is formatted.
pub(crate) fn check_format(shell: &Shell) -> Result<()> {
    shell.run(&Call::new("cargo fmt --all --check --manifest-path").arg(MANIFEST)).map(drop)
}

/// No lint warns in the firmware workspace, on any board.
pub(crate) fn lint(shell: &Shell) -> Result<()> {
    tools::targets(shell, &boards::targets())?;
    for board in BOARDS {
        for package in [&["board"], &images::packages_for(board)[..]].concat() {
            shell.run(&for_board("clippy", package, board).args("-- -D warnings"))?;
        }
        shell.run(&for_board("clippy", "budgets", board).args("--all-features -- -D warnings"))?;
    }
    Ok(())
}

/// Installs the emulators, the targets and what decodes logs.
pub(crate) fn install(shell: &Shell) -> Result<()> {
    tools::debian_packages(shell, boards::EMULATORS, boards::EMULATOR_PACKAGES)?;
    tools::targets(shell, &boards::targets())?;
    tools::cargo_program(shell, "defmt-print")
}

/// Builds the package of an image, alone: its features are not to be mixed with those of another. Whatever a
/// listener tells is logged.
fn build(shell: &Shell, image: &Image, board: &Board) -> Result<()> {
    let build = for_board("build", image.package, board).args("--bin").args(image.binary);
    shell.run(&build.env("DEFMT_LOG", "info,fusebox=trace")).map(drop)
}

/// What runs a command of cargo on one package for a board.
pub(crate) fn for_board(command: &str, package: &str, board: &Board) -> Call {
    Call::new("cargo")
        .args(command)
        .args("--release --target-dir target/firmware --manifest-path")
        .arg(MANIFEST)
        .args("--target")
        .args(board.target)
        .args("--package")
        .args(package)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::anyhow;

    #[test]
    fn a_row_has_its_figures_or_its_reason() {
        let row = |outcome| Row { image: "radio", board: "virt", outcome, took: Duration::from_millis(1_240) };
        assert_eq!(row(Ok("7 sent".into())).line(), "radio          virt         ok        1.2 s  7 sent");
        assert_eq!(row(Err(anyhow!("a\nb"))).line(), "radio          virt         FAILED    1.2 s  a | b");
        assert!(Row::HEAD.ends_with("time"));
    }
}
