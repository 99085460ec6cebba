//! The images that measure, built and run, and those that are measured.

use anyhow::{Context, Result};

use super::Core;
use super::figures::Figure;
use super::size::Size;
use crate::firmware::emulator::{self, Line};
use crate::firmware::images::Image;
use crate::firmware::{self, boards::BOARDS};
use crate::shell::{Call, Shell};

const PACKAGE: &str = "budgets";

/// Images whose bytes are told, over those of [`FLOOR`].
const SIZED: [&str; 4] = ["breaker", "breaker_settings_held", "breaker_with_listener", "set_of_8"];
/// The same firmware without a breaker.
const FLOOR: &str = "unguarded";

/// Measures everything on one core.
pub(crate) fn measure(shell: &Shell, core: &Core, compiler: &str) -> Result<Vec<Figure>> {
    let sized =
        SIZED.iter().fold(cargo(core, compiler).args("--bin").args(FLOOR), |call, one| call.args("--bin").args(one));
    shell.run(&sized.args("--bin instructions"))?;
    // Here the image masks interrupts in its own way, so it is built without the product's.
    shell.run(&cargo(core, compiler).args("--bin masked --no-default-features --features measured-section"))?;

    let mut figures = run(shell, core, "instructions")?;
    figures.extend(run(shell, core, "masked")?);
    let size =
        |name: &str| Size::of(&shell.root().join("target/firmware").join(core.board.target).join("release").join(name));
    let floor = size(FLOOR)?;
    for name in SIZED {
        let more = size(name)?.more_than(floor).with_context(|| format!("{name} on {}", core.name))?;
        for (group, bytes) in [("text", more.text), ("flash", more.flash), ("ram", more.ram)] {
            figures.push(Figure::new(core.name, &format!("{group}_bytes"), name, u32::try_from(bytes)?));
        }
    }
    // Figures of a group come from several images.
    let mut groups: Vec<String> = vec![];
    for figure in &figures {
        if !groups.contains(&figure.group) {
            groups.push(figure.group.clone());
        }
    }
    figures.sort_by_key(|figure| groups.iter().position(|group| *group == figure.group));
    Ok(figures)
}

/// What builds images of the package for a core.
pub(crate) fn cargo(core: &Core, compiler: &str) -> Call {
    // Without debug information it links in half the time, and the code is the same.
    firmware::for_board("build", PACKAGE, core.board)
        .env("CARGO_PROFILE_RELEASE_DEBUG", "false")
        .env("DEFMT_LOG", "info")
        .env("RUSTUP_TOOLCHAIN", compiler)
}

/// Runs an image, every message of which is a figure.
fn run(shell: &Shell, core: &Core, name: &'static str) -> Result<Vec<Figure>> {
    let check = |_: &emulator::Run| Ok(String::new());
    let image = Image { name, package: PACKAGE, binary: name, boards: BOARDS, line: Line::None, shift: 10, check };
    let run = emulator::run(shell, &image, core.board).with_context(|| format!("{name} on {}", core.name))?;
    run.messages().map(|line| Figure::parse(core.name, line)).collect()
}
