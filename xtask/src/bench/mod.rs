//! How long calls take, beside their floors and beside other crates, all in one run.

mod budget;
mod figures;
mod readme;
mod table;

use anyhow::{Result, ensure};

use crate::page::Page;
use crate::shell::{Call, Shell};
use figures::Figures;

/// What was found.
pub(crate) struct Outcome {
    /// Every figure, a line each.
    pub(crate) table: String,
    /// Every budget with its figure, a line each.
    pub(crate) budgets: Vec<budget::Verdict>,
}

/// The page with the table for readers.
const PAGE: &str = "README.md";
const UPDATE: &str = "cargo xtask bench --update";

/// Measures, and writes the page if that is wanted. A quick run is for trying, not for figures.
pub(crate) fn run(shell: &Shell, quick: bool, update: bool) -> Result<Outcome> {
    ensure!(!(quick && update), "a quick run is too short for figures to be written down");
    // All are built at once, and before anything is measured.
    shell.run(&build())?;
    let bytes = shell.run(&program("bytes"))?;
    let measure = |program: Call| shell.run(&if quick { program.args("-- --quick") } else { program });
    let (times, exporting) = (measure(program("timing"))?, measure(program("exporting"))?);
    let figures = Figures::parse(bytes.lines().chain(times.lines()).chain(exporting.lines()))?;
    let table = table::table(&figures);
    shell.note(&table)?;
    let budgets = budget::judge(&figures);
    if update {
        let mut page = Page::read(shell, PAGE, UPDATE)?;
        let text = readme::table(&figures);
        page.update(&text)?;
        ensure!(page.problem(&text).is_none(), "{PAGE} has no place for the figures");
    }
    Ok(Outcome { table, budgets })
}

const PACKAGE: &str = "--quiet --profile bench -p fusebox-bench --features peers";

fn build() -> Call {
    Call::new("cargo build").args(PACKAGE).args("--bin bytes --bin timing --bin exporting")
}

fn program(name: &str) -> Call {
    Call::new("cargo run").args(PACKAGE).args("--bin").args(name)
}
