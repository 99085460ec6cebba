//! What a breaker costs on each core, measured in the emulator.

use anyhow::Result;

use super::figures::Figure;
use super::{Measured, Suite, UPDATE, images, page, panics};
use crate::firmware;
use crate::firmware::boards::{Board, LM3S6965EVB, MICROBIT, MPS2_AN386, VIRT};
use crate::page::Page;
use crate::shell::Shell;
use crate::tools;

/// A core, and the emulated board that has it.
#[derive(Debug)]
pub(crate) struct Core {
    /// As the committed file calls it.
    pub(crate) name: &'static str,
    /// As people call it.
    pub(super) title: &'static str,
    pub(crate) board: &'static Board,
}

pub(super) const CORES: &[Core] = &[
    Core { name: "cortex-m0", title: "Cortex-M0", board: MICROBIT },
    Core { name: "cortex-m3", title: "Cortex-M3", board: LM3S6965EVB },
    Core { name: "cortex-m4f", title: "Cortex-M4F", board: MPS2_AN386 },
    Core { name: "riscv32imac", title: "RV32IMAC", board: VIRT },
];

pub(super) const SUITE: Suite =
    Suite { name: "boards", file: "examples/firmware/budgets.toml", obstacle: None, measure };

fn measure(shell: &Shell, compiler: &str, update: bool) -> Result<Measured> {
    firmware::install(shell)?;
    let targets: Vec<&str> = CORES.iter().map(|core| core.board.target).collect();
    tools::toolchain_for(shell, compiler, &targets)?;
    let mut figures: Vec<Figure> = vec![];
    for core in CORES {
        figures.extend(images::measure(shell, core, compiler)?);
    }
    let mut page = Page::read(shell, page::PAGE, UPDATE)?;
    let table = page::table(&figures);
    if update {
        page.update(&table)?;
    }
    let problems = page.problem(&table).into_iter().collect();
    let note = panics::prove(shell, compiler)?;
    Ok(Measured { figures, problems, note })
}
