//! The published python-circuit, kept in the user's cache folder, for the tests that compare with it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use etcetera::BaseStrategy as _;

use crate::shell::{Call, Shell};

const PACKAGE: &str = "python-circuit==0.1.9";
const IS_THERE: &str = "import circuit, importlib.metadata as m; assert m.version(\"python-circuit\") == \"0.1.9\"";

/// An interpreter that can import the package.
pub(crate) struct Oracle {
    pub(crate) python: PathBuf,
    /// Where the package is, when the interpreter does not find it by itself.
    pub(crate) path: Option<PathBuf>,
}

/// Finds the package in the cache folder or installs it there.
///
/// A virtual environment comes first. Debian splits `venv` off, so a plain folder is the second way.
pub(crate) fn oracle(shell: &Shell) -> Result<Oracle> {
    let cache = etcetera::choose_base_strategy()
        .context("no home folder to keep python-circuit in")?
        .cache_dir()
        .join("fusebox");
    oracle_in(shell, &cache.join("python-circuit-0.1.9"))
}

fn oracle_in(shell: &Shell, cache: &Path) -> Result<Oracle> {
    let own = cache.join("venv");
    let bin = if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" };
    let in_venv = Oracle { python: own.join(bin), path: None };
    if in_venv.works(shell) {
        return Ok(in_venv);
    }
    let system = system_python(shell)?;
    let packages = cache.join("packages");
    let in_folder = Oracle { python: system.clone(), path: Some(packages.clone()) };
    if in_folder.works(shell) {
        return Ok(in_folder);
    }
    let python = || Call::program(&system).args("-m");
    let make_venv = python().args("venv --clear").arg(&own);
    let fill_venv = Call::program(&in_venv.python).args("-m pip install --no-deps").arg(PACKAGE);
    if shell.succeeds(&make_venv) && shell.succeeds(&fill_venv) && in_venv.works(shell) {
        return Ok(in_venv);
    }
    let fill_folder = python().args("pip install --no-deps --upgrade --target").arg(&packages).arg(PACKAGE);
    if shell.succeeds(&fill_folder) && in_folder.works(shell) {
        return Ok(in_folder);
    }
    bail!(
        "{PACKAGE} cannot be installed; install Python's venv or pip, then run by hand: \
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

impl Oracle {
    fn works(&self, shell: &Shell) -> bool {
        shell.succeeds(&self.prepare(Call::program(&self.python)).arg("-c").arg(IS_THERE))
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
