//! Firmware on emulated boards: built, run, and its log checked.

mod bad_line;
pub(crate) mod boards;
mod checks;
pub(crate) mod emulator;
pub(crate) mod images;
mod modem;
mod page;
mod radio;
mod scenario;

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
pub(crate) fn run(shell: &Shell, only: &[String], only_on: &[String], mut tell: impl FnMut(&Row)) -> Result<Vec<Row>> {
    let Chosen { runs, page } = choose(only, only_on)?;
    install(shell)?;
    for (image, board) in &runs {
        build(shell, image, board)?;
    }
    let mut rows = vec![];
    let mut take = |row: Row| -> Result<()> {
        shell.note(&row.line())?;
        tell(&row);
        rows.push(row);
        Ok(())
    };
    for (image, board) in runs {
        let check = || emulator::run(shell, image, board).and_then(|run| (image.check)(&run));
        take(Row::of(image.name, board, check))?;
    }
    if page {
        take(Row::of(PAGE, page::BOARD, || page::run(shell)))?;
    }
    Ok(rows)
}

/// What to run.
struct Chosen {
    runs: Vec<(&'static Image, &'static Board)>,
    page: bool,
}

/// Each image with each board that it is for, all or the named ones.
fn choose(only: &[String], only_on: &[String]) -> Result<Chosen> {
    let names: Vec<&str> = IMAGES.iter().map(|image| image.name).chain([PAGE]).collect();
    let chosen = select::choose("image", &names, only)?;
    let page = chosen.last() == Some(&true);
    let images = IMAGES.iter().zip(chosen).filter(|(_, chosen)| *chosen);
    let names: Vec<&str> = BOARDS.iter().map(|board| board.name).collect();
    let boards: Vec<&Board> = BOARDS
        .iter()
        .zip(select::choose("board", &names, only_on)?)
        .filter_map(|(board, chosen)| chosen.then_some(*board))
        .collect();
    let runs = images.flat_map(|(image, _)| image.boards.iter().map(move |board| (image, *board)));
    let runs: Vec<_> = runs.filter(|(_, board)| boards.contains(board)).collect();
    let page = page && boards.contains(&page::BOARD);
    ensure!(page || !runs.is_empty(), "none of these images is for these boards");
    Ok(Chosen { runs, page })
}

/// The step of `cargo xtask test`.
pub(crate) fn step(shell: &Shell) -> Result<String> {
    let rows = run(shell, &[], &[], |_| ())?;
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
    fn images_and_boards_are_chosen_by_name() {
        let names = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        let Chosen { runs, page } = choose(&names(&["hello", "radio"]), &names(&["virt"])).unwrap();
        assert_eq!(runs.iter().map(|(image, _)| image.name).collect::<Vec<_>>(), ["hello", "radio"]);
        assert!(!page && runs.iter().all(|(_, board)| board.name == "virt"));
        let Chosen { runs, page } = choose(&[], &[]).unwrap();
        assert!(page && runs.len() > BOARDS.len());
        let error = choose(&names(&["helo"]), &[]).err().unwrap().to_string();
        assert!(error.starts_with("no image is called helo; the images are hello"), "{error}");
    }

    #[test]
    fn a_row_has_its_figures_or_its_reason() {
        let row = |outcome| Row { image: "radio", board: "virt", outcome, took: Duration::from_millis(1_240) };
        assert_eq!(row(Ok("7 sent".into())).line(), "radio          virt         ok        1.2 s  7 sent");
        assert_eq!(row(Err(anyhow!("a\nb"))).line(), "radio          virt         FAILED    1.2 s  a | b");
        assert!(Row::HEAD.ends_with("time"));
    }
}
