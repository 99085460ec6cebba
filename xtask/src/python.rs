//! Python packages that tests compare with, kept in the user's cache folder.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use etcetera::BaseStrategy as _;

use crate::shell::{Call, Shell};

/// A package in the version that the tests are written for, which needs no other.
pub(crate) struct Package {
    name: &'static str,
    version: &'static str,
    module: &'static str,
}

/// The published python-circuit.
pub(crate) const ORACLE: Package = Package { name: "python-circuit", version: "0.1.9", module: "circuit" };
/// Prometheus' own client, for its strict parser of `OpenMetrics`.
pub(crate) const PROMETHEUS_CLIENT: Package =
    Package { name: "prometheus-client", version: "0.26.0", module: "prometheus_client.openmetrics.parser" };

/// An interpreter that can import a package.
pub(crate) struct Python {
    pub(crate) python: PathBuf,
    /// Where the package is, when the interpreter does not find it by itself.
    pub(crate) path: Option<PathBuf>,
}

/// Finds the package in the cache folder or installs it there.
///
/// A virtual environment comes first. Debian splits `venv` off, so a plain folder is the second way.
pub(crate) fn with(shell: &Shell, package: &Package) -> Result<Python> {
    let name = package.name;
    let cache = etcetera::choose_base_strategy()
        .with_context(|| format!("no home folder to keep {name} in"))?
        .cache_dir()
        .join("fusebox");
    with_in(shell, package, &cache.join(format!("{name}-{}", package.version)))
}

fn with_in(shell: &Shell, package: &Package, cache: &Path) -> Result<Python> {
    let own = cache.join("venv");
    let bin = if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" };
    let in_venv = Python { python: own.join(bin), path: None };
    if in_venv.has(shell, package) {
        return Ok(in_venv);
    }
    let system = system_python(shell)?;
    let packages = cache.join("packages");
    let in_folder = Python { python: system.clone(), path: Some(packages.clone()) };
    if in_folder.has(shell, package) {
        return Ok(in_folder);
    }
    let wanted = format!("{}=={}", package.name, package.version);
    let python = || Call::program(&system).args("-m");
    let make_venv = python().args("venv --clear").arg(&own);
    let fill_venv = Call::program(&in_venv.python).args("-m pip install --no-deps").arg(&wanted);
    if shell.succeeds(&make_venv) && shell.succeeds(&fill_venv) && in_venv.has(shell, package) {
        return Ok(in_venv);
    }
    let fill_folder = python().args("pip install --no-deps --upgrade --target").arg(&packages).arg(&wanted);
    if shell.succeeds(&fill_folder) && in_folder.has(shell, package) {
        return Ok(in_folder);
    }
    bail!(
        "{wanted} cannot be installed; install Python's venv or pip, then run by hand: \
         {make_venv} && {fill_venv}, or: {fill_folder}"
    )
}

fn system_python(shell: &Shell) -> Result<PathBuf> {
    ["python3", "python"]
        .map(PathBuf::from)
        .into_iter()
        .find(|python| {
            shell.succeeds(&Call::program(python).arg("-c").arg("import sys; assert sys.version_info >= (3, 8)"))
        })
        .context("no Python 3.8 or later; install python3 with its venv or pip")
}

impl Python {
    fn has(&self, shell: &Shell, package: &Package) -> bool {
        let Package { name, version, module } = package;
        let is_there =
            format!("import {module}, importlib.metadata as m; assert m.version(\"{name}\") == \"{version}\"");
        shell.succeeds(&self.call().arg("-c").arg(&is_there))
    }

    /// Runs the interpreter, which is still to be told what to do.
    pub(crate) fn call(&self) -> Call {
        self.prepare(Call::program(&self.python))
    }

    fn prepare(&self, call: Call) -> Call {
        match &self.path {
            Some(path) => call.env("PYTHONPATH", path),
            None => call,
        }
    }

    /// Tells a test run where the oracle is.
    pub(crate) fn for_tests(&self, call: Call) -> Call {
        self.prepare(call).env("FUSEBOX_ORACLE_PYTHON", &self.python)
    }
}
