//! The committed list of mutants that no test can tell from the code, each with the reason.

use std::fmt;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use toml_edit::{DocumentMut, Item, Table};

/// Why a mutant may live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Whatever is done to the code, it answers the same.
    Equal,
    /// The answers are the same, at another cost.
    Cost,
    /// It never ends, so what notices it is the limit in time.
    Endless,
}

/// One that is listed.
#[derive(Clone, Debug)]
pub(super) struct Survivor {
    pub(super) mutant: Mutant,
    pub(super) kind: Kind,
}

/// A mutant by what is changed where, and no line number: those move with every edit above.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mutant {
    pub(super) file: String,
    /// What is changed, in the words of cargo-mutants.
    pub(super) change: String,
    /// The line in which the change begins, since one function may have several like it.
    pub(super) code: String,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Equal, Self::Cost, Self::Endless];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Cost => "cost",
            Self::Endless => "endless",
        }
    }
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}, at `{}`", self.file, self.change, self.code)
    }
}

impl Mutant {
    /// One that cargo-mutants names, with its line out of the file below `root`.
    pub(super) fn of(mutant: &Value, root: &Path) -> Result<Self> {
        let understood = || -> Option<(&str, usize, &str)> {
            let file = mutant.get("file")?.as_str()?;
            let line = mutant.get("span")?.get("start")?.get("line")?.as_u64()?;
            // `file:line:column: change`.
            let change = mutant.get("name")?.as_str()?.strip_prefix(file)?.splitn(4, ':').nth(3)?;
            Some((file, usize::try_from(line).ok()?, change.trim()))
        };
        let (file, line, change) = understood().with_context(|| format!("cannot understand the mutant {mutant}"))?;
        let path = root.join(file);
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let code = text.lines().nth(line.saturating_sub(1)).unwrap_or_default().trim();
        Ok(Self { file: file.into(), change: change.into(), code: code.into() })
    }

    /// As it would stand in the list, but for the reason.
    pub(super) fn entry(&self) -> String {
        let mut entry = Table::new();
        for (key, text) in [("file", &self.file), ("change", &self.change), ("code", &self.code)] {
            entry.insert(key, toml_edit::value(text));
        }
        format!("[[survivor]]\n{entry}")
    }
}

/// Reads the list.
pub(super) fn read(path: &Path) -> Result<Vec<Survivor>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(&text).with_context(|| format!("cannot understand {}", path.display()))
}

fn parse(text: &str) -> Result<Vec<Survivor>> {
    let document: DocumentMut = text.parse()?;
    let mut survivors = vec![];
    for (name, item) in document.iter() {
        let Some(entries) = item.as_array_of_tables().filter(|_| name == "survivor") else {
            bail!("`{name}` is no list of [[survivor]]");
        };
        for entry in entries {
            survivors.extend(read_entry(entry).with_context(|| format!("in the entry\n{entry}"))?);
        }
    }
    Ok(survivors)
}

/// One survivor, or as many as read alike.
fn read_entry(entry: &Table) -> Result<Vec<Survivor>> {
    const KEYS: [&str; 6] = ["file", "change", "code", "kind", "reason", "times"];
    if let Some((key, _)) = entry.iter().find(|(key, _)| !KEYS.contains(key)) {
        bail!("`{key}` is none of {}", KEYS.join(", "));
    }
    let text = |key: &str| {
        let text = entry.get(key).and_then(Item::as_str).unwrap_or_default().trim();
        ensure!(!text.is_empty(), "`{key}` is missing");
        Ok(text.to_string())
    };
    text("reason")?;
    let name = text("kind")?;
    let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.name() == name) else {
        bail!("`{name}` is none of {}", Kind::ALL.map(Kind::name).join(", "));
    };
    let times = match entry.get("times") {
        Some(times) => times.as_integer().and_then(|times| usize::try_from(times).ok()).filter(|times| *times > 1),
        None => Some(1),
    };
    let times = times.context("`times` is not 2 or more")?;
    let survivor =
        Survivor { mutant: Mutant { file: text("file")?, change: text("change")?, code: text("code")? }, kind };
    Ok(vec![survivor; times])
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: &str = "\
[[survivor]]
file = \"src/lib.rs\"
change = \"replace < with <= in wait\"
code = \"if a < b {\"
kind = \"equal\"
reason = \"Both are never the same.\"
";

    #[test]
    fn entries_are_read_whole() {
        let survivors = parse(&ENTRY.repeat(2)).unwrap();
        assert_eq!(survivors.len(), 2);
        assert_eq!(survivors[0].kind, Kind::Equal);
        let text = "src/lib.rs: replace < with <= in wait, at `if a < b {`";
        assert_eq!(survivors[0].mutant.to_string(), text);
        assert!(ENTRY.starts_with(&survivors[0].mutant.entry()));
        assert!(parse("").unwrap().is_empty());
        assert_eq!(parse(&format!("{ENTRY}times = 3\n")).unwrap().len(), 3);
    }

    #[test]
    fn an_entry_that_lacks_something_is_refused() {
        for key in ["file", "change", "code", "kind", "reason"] {
            let without: Vec<&str> = ENTRY.lines().filter(|line| !line.starts_with(key)).collect();
            let error = format!("{:#}", parse(&without.join("\n")).unwrap_err());
            assert!(error.contains(&format!("`{key}` is missing")), "{error}");
        }
        for (from, to) in [("reason", "why"), ("\"equal\"", "\"alike\""), ("survivor", "mutant"), ("[[", "[")] {
            assert!(parse(&ENTRY.replace(from, to)).is_err(), "{to}");
        }
        for times in ["1", "0", "-1", "'two'"] {
            assert!(parse(&format!("{ENTRY}times = {times}\n")).is_err(), "{times}");
        }
        assert!(parse(&ENTRY.replace("Both are never the same.", " ")).is_err(), "a reason is more than a space");
    }

    #[test]
    fn a_mutant_is_known_by_its_line_and_not_by_the_number_of_that() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("lib.rs"), "fn wait() {\n    if a < b {\n").unwrap();
        let mutant = serde_json::json!({
            "name": "lib.rs:2:10: replace < with <= in <impl A for B>::wait",
            "file": "lib.rs",
            "span": { "start": { "line": 2, "column": 10 }, "end": { "line": 2, "column": 11 } },
        });
        let mutant = Mutant::of(&mutant, folder.path()).unwrap();
        assert_eq!(mutant.to_string(), "lib.rs: replace < with <= in <impl A for B>::wait, at `if a < b {`");
        assert!(Mutant::of(&serde_json::json!({ "name": "lib.rs" }), folder.path()).is_err());
    }
}
