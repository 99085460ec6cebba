//! What the libraries and programs stand on.

use std::fs;

use anyhow::{Context, Result, ensure};

use crate::shell::{Call, Shell};
use crate::tools;

/// Libraries whose code is safe, all of it.
const SAFE: [&str; 3] = ["core/src/lib.rs", "std-ext/src/lib.rs", "prometheus/src/lib.rs"];

/// Licences, sources and versions are as `deny.toml` wants them, in each workspace of the tree. Advisories are not looked
/// at: they need a database that is kept up to date.
pub(super) fn allowed(shell: &Shell) -> Result<String> {
    tools::cargo_tool(shell, "deny")?;
    let config = shell.root().join("deny.toml");
    let mut notes = Vec::new();
    let manifests = shell.run(&Call::new(r"git grep -l ^\[workspace\]$ -- *Cargo.toml"))?;
    for manifest in manifests.lines() {
        let folder = shell.root().join(manifest.trim_end_matches("Cargo.toml"));
        let call = Call::new("cargo deny --all-features --config").arg(&config);
        let check = call.args("check --hide-inclusion-graph licenses bans sources").within(&folder);
        shell.run(&check).with_context(|| format!("{manifest} and deny.toml disagree"))?;
        let path = folder.join("Cargo.lock");
        let lock = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        notes.push(format!("{} of {manifest}", lock.matches("[[package]]").count()));
    }
    Ok(format!("crates: {}; advisories are not looked at", notes.join(", ")))
}

/// The libraries forbid unsafe code, and each file that has some says what for.
pub(super) fn without_unsafe_code(shell: &Shell) -> Result<String> {
    let files_with = |text: &str| shell.run(&Call::new("git grep -F -n").arg(text).args("-- *.rs"));
    let forbid = files_with("#![forbid(unsafe_code)]")?;
    for library in SAFE {
        let has_it = forbid.lines().any(|line| line.starts_with(&format!("{library}:")));
        ensure!(has_it, "{library} does not forbid unsafe code");
    }
    // All else is denied it by the lints of both workspaces.
    let reasons = files_with("(unsafe_code, reason = ")?;
    Ok(format!(
        "none in {} libraries; {} places in tests and boards, listed in the log",
        SAFE.len(),
        reasons.lines().count()
    ))
}
