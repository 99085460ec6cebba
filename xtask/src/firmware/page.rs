//! The program of `docs/firmware.md`, written down, built and run as the page says.

use std::fs;

use anyhow::{Context, Result, ensure};

use super::boards::{self, Board};
use crate::shell::{Call, Shell};

const PAGE: &str = "docs/firmware.md";

/// The board that the page is about.
pub(crate) const BOARD: &Board = boards::LM3S6965EVB;

/// What comes before the block that shows the output.
const PRINTS: &str = "`cargo run --release` prints";

/// Makes the page's files in an empty folder, runs its command there, and compares what it prints.
pub(crate) fn run(shell: &Shell) -> Result<String> {
    let page = fs::read_to_string(shell.root().join(PAGE)).with_context(|| format!("cannot read {PAGE}"))?;
    let folder = tempfile::tempdir()?;
    let files = files(&page);
    for (name, text) in &files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap_or(folder.path()))?;
        fs::write(&path, text)?;
    }
    let expected =
        block_after(&page, PRINTS).with_context(|| format!("{PAGE} does not say what its program prints"))?;

    // The page's reader gets the crate from the registry, its test the one beside it.
    let patch = format!("patch.crates-io.fusebox.path='{}'", shell.root().join("core").display());
    let target = shell.root().join("target/firmware");
    let run = Call::new("cargo run --quiet --release --config").arg(patch).env("CARGO_TARGET_DIR", target);
    let printed = shell.run(&run.within(folder.path()))?;
    ensure!(
        printed.lines().any(|line| line.trim_end() == expected.trim_end()),
        "the program of {PAGE} does not print what the page says, but: {}",
        printed.trim_end()
    );
    Ok(format!("{} files of {PAGE}", files.len()))
}

/// The files that the page shows: a line with a name in bold, then a block.
fn files(page: &str) -> Vec<(&str, &str)> {
    let names = page.lines().filter_map(|line| line.strip_prefix("**")?.strip_suffix("**"));
    names.filter_map(|name| Some((name, block_after(page, &format!("\n**{name}**\n"))?))).collect()
}

/// The text of the first fenced block after `mark`.
fn block_after<'a>(page: &'a str, mark: &str) -> Option<&'a str> {
    let (_, rest) = page.split_once(mark)?;
    let (_, block) = rest.split_once("\n```")?;
    let (_, text) = block.split_once('\n')?;
    let (text, _) = text.split_once("\n```")?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn files_are_named_in_bold_and_follow_in_a_block() {
        let page = "# Page\n\n**a/b.toml**\n\n```toml\nx = 1\n\ny = 2\n```\n\nText, **bold**.\n\n**c.rs**\n\n```rust,ignore\nfn c() {}\n```\n\nIt prints\n\n```text\none\n```\n";
        assert_eq!(files(page), [("a/b.toml", "x = 1\n\ny = 2"), ("c.rs", "fn c() {}")]);
        assert_eq!(block_after(page, "It prints"), Some("one"));
        assert_eq!(block_after(page, "It says"), None);
    }

    #[test]
    fn the_page_shows_a_whole_program() {
        let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(PAGE)).unwrap();
        let names: Vec<&str> = files(&page).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["Cargo.toml", "memory.x", "build.rs", ".cargo/config.toml", "src/main.rs"]);
    }
}
