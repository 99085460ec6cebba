//! The dashboard, held against Grafana's own types.

mod packages;
mod spoilt;

use std::fs;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::shell::Shell;
use packages::Compiler;

const DASHBOARD: &str = "prometheus/assets/grafana.json";
/// What it has to be.
const TYPES: &str = include_str!("types.ts");
/// In one line with the first of the dashboard, so that lines that the compiler names are its lines. Keys that nobody knows
/// are refused only in what is written out where its type is asked for: a JSON file that is imported has wider types.
const HEAD: &str = "import type { Dashboard } from './types'; export const dashboard: Dashboard = ";

pub(super) fn step(shell: &Shell) -> Result<String> {
    let compiler = Compiler::find(shell)?;
    let path = shell.root().join(DASHBOARD);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let dashboard: Value = serde_json::from_str(&text).with_context(|| format!("{DASHBOARD} is no JSON"))?;
    let panels = dashboard["panels"].as_array().map_or(0, Vec::len);
    ensure!(panels > 0, "{DASHBOARD} has no panels");

    // Beside the packages, which is where the compiler looks for them.
    let folder = tempfile::tempdir_in(compiler.folder()).context("cannot write beside Grafana's packages")?;
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).with_context(|| name.to_owned());
    let check = |name: &str| compiler.check(name).within(folder.path());
    write("types.ts", TYPES)?;
    write("dashboard.ts", &format!("{HEAD}{text}"))?;
    let whole = shell.run(&check("dashboard.ts"));
    whole.with_context(|| format!("{DASHBOARD} is not of Grafana's types; lines in the log are its lines"))?;

    let spoilt = spoilt::each(&dashboard)?;
    write("spoilt.ts", &spoilt::program(&spoilt))?;
    if !shell.succeeds(&check("spoilt.ts")) {
        let said = shell.fails(&check("spoilt.ts"))?;
        bail!("the check is not as strict as it was:\n{}", spoilt::wrong(&spoilt, &said).join("\n"));
    }
    let free = spoilt.iter().filter(|one| one.is_free).count();
    ensure!(free < spoilt.len(), "nothing was spoilt that has to be noticed");
    Ok(format!(
        "{panels} panels; of {} keys misspelled and values changed {} are noticed, {free} are free text",
        spoilt.len(),
        spoilt.len() - free
    ))
}
