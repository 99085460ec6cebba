//! The committed file: ceilings that are written by hand, and measured figures that are not.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use toml_edit::{DocumentMut, Item, Table, value};

use super::figures::Figure;

const COMPILER: &str = "compiler";
const CEILINGS: &str = "ceilings";
const MEASURED: &str = "measured";

/// The committed file.
pub(crate) struct BudgetFile {
    path: PathBuf,
    document: DocumentMut,
}

impl BudgetFile {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let document = text.parse().with_context(|| format!("cannot understand {}", path.display()))?;
        let file = Self { path: path.into(), document };
        file.check()?;
        Ok(file)
    }

    /// The Rust version whose code the figures are of.
    pub(crate) fn compiler(&self) -> &str {
        self.document.get(COMPILER).and_then(Item::as_str).unwrap_or_default()
    }

    /// The most that a figure may be, if that is limited.
    pub(crate) fn ceiling(&self, figure: &Figure) -> Option<u32> {
        self.number(CEILINGS, figure.core, &figure.group, &figure.name)
    }

    /// What the figure was when it was last written down.
    pub(crate) fn committed(&self, figure: &Figure) -> Option<u32> {
        self.number(MEASURED, figure.core, &figure.group, &figure.name)
    }

    /// Names in the file, as `core group.name`, that are not among the figures.
    pub(crate) fn not_among(&self, figures: &[Figure]) -> Vec<String> {
        let measured = |core: &str, group: &str, name: &str| {
            figures.iter().any(|figure| figure.core == core && figure.group == group && figure.name == name)
        };
        let mut names = vec![];
        for part in [CEILINGS, MEASURED] {
            for (core, group, name, _) in self.entries(part) {
                if !measured(core, group, name) {
                    names.push(format!("{part}: {core} {group}.{name}"));
                }
            }
        }
        names
    }

    /// Replaces all measured figures. Ceilings stay, with every comment.
    pub(crate) fn update(&mut self, figures: &[Figure]) -> Result<()> {
        let mut measured = implicit();
        for figure in figures {
            let core = measured.entry(figure.core).or_insert_with(|| Item::Table(implicit()));
            let group = core.as_table_mut().map(|core| core.entry(&figure.group).or_insert_with(toml_edit::table));
            if let Some(group) = group.and_then(Item::as_table_mut) {
                group.insert(&figure.name, value(i64::from(figure.value)));
            }
        }
        self.document.remove(MEASURED);
        self.document.insert(MEASURED, Item::Table(measured));
        fs::write(&self.path, self.document.to_string())
            .with_context(|| format!("cannot write {}", self.path.display()))
    }

    /// Every entry must be a number in a table of a group in a table of a core, or it would be passed over.
    fn check(&self) -> Result<()> {
        if self.compiler().is_empty() {
            bail!("{}: `{COMPILER}` is missing, the Rust version to measure with", self.path.display());
        }
        for (part, item) in self.document.iter().filter(|(part, _)| *part != COMPILER) {
            let is_known = [CEILINGS, MEASURED].contains(&part) && item.is_table();
            if !is_known {
                bail!("{}: `{part}` is neither the table `{CEILINGS}` nor `{MEASURED}`", self.path.display());
            }
            for (core, group, name, number) in self.entries(part) {
                if number.is_none() {
                    bail!("{}: {part} {core} {group}.{name} is not a whole number", self.path.display());
                }
            }
        }
        Ok(())
    }

    fn number(&self, part: &str, core: &str, group: &str, name: &str) -> Option<u32> {
        number(self.document.get(part)?.get(core)?.get(group)?.get(name)?)
    }

    /// Core, group, name and number of every entry of a part.
    fn entries(&self, part: &str) -> Vec<(&str, &str, &str, Option<u32>)> {
        let mut entries = vec![];
        for (core, groups) in self.document.get(part).map(tables).unwrap_or_default() {
            for (group, names) in tables(groups) {
                entries.extend(tables(names).into_iter().map(|(name, item)| (core, group, name, number(item))));
            }
        }
        entries
    }
}

/// What is in a table; nothing if it is none.
fn tables(item: &Item) -> Vec<(&str, &Item)> {
    item.as_table().map(|table| table.iter().collect()).unwrap_or_default()
}

fn number(item: &Item) -> Option<u32> {
    u32::try_from(item.as_integer()?).ok()
}

fn implicit() -> Table {
    let mut table = Table::new();
    table.set_implicit(true);
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# What this is.
compiler = \"1.2.3\"

[ceilings.m3.instructions]
# The promise.
success = 16

[measured.m3.instructions]
success = 15
gone = 3
";

    fn file() -> (tempfile::TempDir, BudgetFile) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("budgets.toml");
        fs::write(&path, TEXT).unwrap();
        let file = BudgetFile::read(&path).unwrap();
        (folder, file)
    }

    #[test]
    fn ceilings_and_measured_figures_are_read_apart() {
        let (_folder, file) = file();
        let success = Figure::new("m3", "instructions", "success", 0);
        assert_eq!((file.ceiling(&success), file.committed(&success)), (Some(16), Some(15)));
        let other = Figure { core: "m0", ..success.clone() };
        assert_eq!((file.ceiling(&other), file.committed(&other)), (None, None));
        assert_eq!(file.compiler(), "1.2.3");
        assert_eq!(file.not_among(&[success]), ["measured: m3 instructions.gone"]);
    }

    #[test]
    fn an_update_leaves_the_ceilings_as_they_are() {
        let (_folder, mut file) = file();
        let figures = [
            Figure::new("m0", "stack", "reject", 8),
            Figure::new("m3", "instructions", "success", 14),
            Figure::new("m3", "instructions", "failure", 60),
        ];
        file.update(&figures).unwrap();
        let expected = "\
# What this is.
compiler = \"1.2.3\"

[ceilings.m3.instructions]
# The promise.
success = 16

[measured.m0.stack]
reject = 8

[measured.m3.instructions]
success = 14
failure = 60
";
        assert_eq!(fs::read_to_string(&file.path).unwrap(), expected);
        let again = BudgetFile::read(&file.path).unwrap();
        assert!(again.not_among(&figures).is_empty());
        assert_eq!(again.committed(&figures[0]), Some(8));
    }

    #[test]
    fn what_would_be_passed_over_is_an_error() {
        let (folder, _file) = file();
        for (text, wanted) in [
            ("[ceiling.m3.stack]\na = 1", "`ceiling` is neither the table `ceilings` nor `measured`"),
            ("[ceilings.m3.stack]\na = \"1\"", "ceilings m3 stack.a is not a whole number"),
            ("[ceilings.m3.stack]\na = -1", "ceilings m3 stack.a is not a whole number"),
        ] {
            let path = folder.path().join("wrong.toml");
            fs::write(&path, format!("compiler = \"1\"\n{text}")).unwrap();
            let error = BudgetFile::read(&path).err().unwrap().to_string();
            assert!(error.ends_with(wanted), "{error}");
            fs::write(&path, text).unwrap();
            let error = BudgetFile::read(&path).err().unwrap().to_string();
            assert!(error.ends_with("`compiler` is missing, the Rust version to measure with"), "{error}");
        }
    }
}
