//! What a breaker costs on each core, measured exactly and compared with what is written down.

mod compare;
mod figures;
mod file;
mod images;
mod page;
mod panics;
mod size;

use anyhow::{Result, ensure};

use crate::firmware;
use crate::firmware::boards::{Board, LM3S6965EVB, MICROBIT, MPS2_AN386, VIRT};
use crate::shell::Shell;
use crate::tools;
use file::BudgetFile;
use page::Page;

/// The committed file.
const FILE: &str = "examples/firmware/budgets.toml";

/// A core, and the emulated board that has it.
#[derive(Debug)]
pub(crate) struct Core {
    /// As the committed file calls it.
    pub(crate) name: &'static str,
    /// As people call it.
    title: &'static str,
    pub(crate) board: &'static Board,
}

const CORES: &[Core] = &[
    Core { name: "cortex-m0", title: "Cortex-M0", board: MICROBIT },
    Core { name: "cortex-m3", title: "Cortex-M3", board: LM3S6965EVB },
    Core { name: "cortex-m4f", title: "Cortex-M4F", board: MPS2_AN386 },
    Core { name: "riscv32imac", title: "RV32IMAC", board: VIRT },
];

/// What was found.
pub(crate) struct Outcome {
    /// All figures, a line each.
    pub(crate) table: String,
    /// What is wrong, a line each.
    pub(crate) problems: Vec<String>,
    /// What else is worth noting.
    pub(crate) note: String,
}

/// Measures everything and compares it. An update writes the figures down first, and ceilings hold all the same.
pub(crate) fn run(shell: &Shell, update: bool) -> Result<Outcome> {
    firmware::install(shell)?;
    let path = shell.root().join(FILE);
    let mut file = BudgetFile::read(&path)?;
    let compiler = file.compiler().to_string();
    let targets: Vec<&str> = CORES.iter().map(|core| core.board.target).collect();
    tools::toolchain_for(shell, &compiler, &targets)?;
    let mut figures = vec![];
    for core in CORES {
        figures.extend(images::measure(shell, core, &compiler)?);
    }
    let cores: Vec<&str> = CORES.iter().map(|core| core.name).collect();
    // The table shows what was written down before.
    let table = compare::table(&compare::rows(&figures, &file), &cores);
    shell.note(&table)?;
    let mut page = Page::read(shell)?;
    if update {
        file.update(&figures)?;
        page.update(&figures)?;
    }
    let mut problems = compare::problems(&compare::rows(&figures, &file));
    problems.extend(file.not_among(&figures).into_iter().map(|name| format!("{name} is not measured")));
    problems.extend(page.problem(&figures));
    let linked = panics::prove(shell, &compiler)?;
    Ok(Outcome { table, problems, note: format!("{} figures; {linked}", figures.len()) })
}

/// What to do about problems.
pub(crate) const ADVICE: &str = "`cargo xtask budgets --update` writes the measured figures down, the better ones too; a ceiling is met or changed by hand";

/// The step of `cargo xtask test`.
pub(crate) fn step(shell: &Shell) -> Result<String> {
    let outcome = run(shell, false)?;
    ensure!(outcome.problems.is_empty(), "{}\n{ADVICE}", outcome.problems.join("\n"));
    Ok(outcome.note)
}
