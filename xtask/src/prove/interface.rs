//! The public interface of the libraries: as it is written down, and as the last release had it.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, bail};

use crate::shell::{Call, Shell};
use crate::tools;

/// The libraries, each with the folder whose `public-api.txt` has its interface.
const LIBRARIES: [(&str, &str); 3] =
    [("fusebox", "core"), ("fusebox-std", "std-ext"), ("fusebox-prometheus", "prometheus")];

/// With this in the environment the interface is written down instead of compared.
const UPDATE: &str = "UPDATE_API";

/// All public items are those of the committed lists.
pub(super) fn listed(shell: &Shell) -> Result<String> {
    tools::cargo_tool(shell, "public-api")?;
    tools::toolchain(shell, "nightly", &[])?;
    let update = std::env::var_os(UPDATE).is_some();
    let mut counts = Vec::new();
    for (package, folder) in LIBRARIES {
        // Without what the compiler implements for nearly everything.
        let call = Call::new("cargo public-api --all-features --color never -sss -p").args(package);
        let found = shell.run(&call.env("CARGO_TERM_QUIET", "true"))?;
        let path = shell.root().join(folder).join("public-api.txt");
        if update {
            fs::write(&path, &found).with_context(|| format!("cannot write {}", path.display()))?;
        }
        let written = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let changes = changes(&written, &found);
        if !changes.is_empty() {
            bail!(
                "{folder}/public-api.txt is not what {package} has:\n{}\nIf that is meant: \
                 {UPDATE}=1 cargo xtask prove --only api",
                changes.join("\n")
            );
        }
        counts.push(format!("{package} {}", found.lines().count()));
    }
    Ok(format!("public items: {}", counts.join(", ")))
}

/// What was released is still there, as far as its version promises.
pub(super) fn compatible(shell: &Shell) -> Result<String> {
    let tags = shell.run(&Call::new("git tag --list v* --merged HEAD --sort=-v:refname"))?;
    let Some(last) = tags.lines().next() else {
        return Ok("nothing is released yet: no tag v* to compare with".into());
    };
    tools::cargo_tool(shell, "semver-checks")?;
    let check = Call::new("cargo semver-checks --all-features --baseline-rev").arg(last);
    shell.run(&LIBRARIES.iter().fold(check, |call, (package, _)| call.args("-p").args(package)))?;
    Ok(format!("{} libraries, compared with {last}", LIBRARIES.len()))
}

/// A line for each item that is gone or new.
fn changes(written: &str, found: &str) -> Vec<String> {
    let [written, found] = [written, found].map(|list| list.lines().collect::<BTreeSet<_>>());
    let gone = written.difference(&found).map(|item| format!("gone  {item}"));
    let new = found.difference(&written).map(|item| format!("new   {item}"));
    gone.chain(new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_that_changed_is_gone_and_new() {
        let found = changes("pub fn a()\npub fn b()\n", "pub fn a()\npub fn b(u8)\n");
        assert_eq!(found, ["gone  pub fn b()", "new   pub fn b(u8)"]);
        assert!(changes("pub fn a()", "pub fn a()\n").is_empty());
    }
}
