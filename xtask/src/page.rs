//! A page with a place for figures that a task measures.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::shell::Shell;

const END: &str = "<!-- end -->\n";

/// A page with its place for figures.
pub(crate) struct Page {
    name: &'static str,
    /// The line before the place.
    begin: String,
    path: PathBuf,
    text: String,
}

impl Page {
    /// Reads the page, in which the place says that `command` writes it.
    pub(crate) fn read(shell: &Shell, name: &'static str, command: &str) -> Result<Self> {
        let path = shell.root().join(name);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {name}"))?;
        Ok(Self { name, begin: format!("<!-- begin: written by `{command}` -->\n"), path, text })
    }

    /// What is wrong with what stands in the place, if anything.
    pub(crate) fn problem(&self, figures: &str) -> Option<String> {
        match self.parts() {
            None => Some(format!("{} has no place for the figures: {}", self.name, self.begin)),
            Some((_, shown, _)) if shown != figures => {
                Some(format!("the table of {} does not show what was measured", self.name))
            }
            Some(_) => None,
        }
    }

    /// Writes the figures down, if there is a place.
    pub(crate) fn update(&mut self, figures: &str) -> Result<()> {
        if let Some((before, _, after)) = self.parts() {
            self.text = format!("{before}{}{figures}{END}{after}", self.begin);
            fs::write(&self.path, &self.text).with_context(|| format!("cannot write {}", self.name))?;
        }
        Ok(())
    }

    /// What stands before, in and after the place.
    fn parts(&self) -> Option<(&str, &str, &str)> {
        let (before, rest) = self.text.split_once(&self.begin)?;
        let (shown, after) = rest.split_once(END)?;
        Some((before, shown, after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_the_place_is_replaced_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("page.md");
        let begin = "<!-- begin: written by `cargo xtask it` -->\n";
        let text = format!("before\n{begin}old\n{END}after\n");
        let mut page = Page { name: "page.md", begin: begin.into(), path: path.clone(), text };
        assert_eq!(page.problem("new\n").unwrap(), "the table of page.md does not show what was measured");
        page.update("new\n").unwrap();
        assert_eq!(page.problem("new\n"), None);
        assert_eq!(fs::read_to_string(path).unwrap(), format!("before\n{begin}new\n{END}after\n"));
        let unmarked = Page { text: "no marks".into(), ..page };
        assert!(unmarked.problem("new\n").unwrap().starts_with("page.md has no place for the figures"));
    }
}
