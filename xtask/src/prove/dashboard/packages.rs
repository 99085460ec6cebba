//! Grafana's types and a compiler for them, kept in the user's cache folder.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use etcetera::BaseStrategy as _;
use serde_json::Value;

use crate::shell::{Call, Shell};
use crate::tools;

/// A package of the npm registry, with the folder that it is installed in.
struct Package {
    folder: &'static str,
    name: &'static str,
    version: &'static str,
}

const PACKAGES: [Package; 3] = [
    Package { folder: "@grafana/schema", name: "@grafana/schema", version: "13.2.3" },
    // The last one that knows queries to Prometheus.
    Package { folder: "grafana-schema-10", name: "@grafana/schema", version: "10.4.19" },
    Package { folder: "typescript", name: "typescript", version: "7.0.2" },
];

const OPTIONS: &str = "--noEmit --strict --skipLibCheck --pretty false --target es2022 --module esnext \
                       --moduleResolution bundler";

/// The compiler, beside Grafana's types.
pub(super) struct Compiler {
    folder: PathBuf,
}

impl Compiler {
    /// Finds the packages in the cache folder or installs them there.
    pub(super) fn find(shell: &Shell) -> Result<Self> {
        tools::debian_packages(shell, &["node", "npm"], &["nodejs", "npm"])?;
        let cache = etcetera::choose_base_strategy().context("no home folder to keep Grafana's types in")?;
        let compiler = Self { folder: cache.cache_dir().join("fusebox").join("grafana-types") };
        if !compiler.is_whole() {
            compiler.install(shell)?;
        }
        Ok(compiler)
    }

    fn install(&self, shell: &Shell) -> Result<()> {
        fs::create_dir_all(&self.folder).with_context(|| format!("cannot make {}", self.folder.display()))?;
        // None of them has scripts that it needs.
        let npm = Call::new("npm install --ignore-scripts --no-audit --no-fund --save-exact --prefix");
        let npm = PACKAGES.iter().fold(npm.arg(&self.folder), |call, package| call.arg(package.wanted()));
        shell.run(&npm).with_context(|| format!("Grafana's types cannot be installed; run by hand: {npm}"))?;
        ensure!(self.is_whole(), "`{npm}` did not install what it should; remove {}", self.folder.display());
        Ok(())
    }

    fn is_whole(&self) -> bool {
        let modules = self.modules();
        PACKAGES.iter().all(|package| package.is_in(&modules))
    }

    fn modules(&self) -> PathBuf {
        self.folder.join("node_modules")
    }

    /// Files below it find the packages.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Checks a file and what it imports.
    pub(super) fn check(&self, file: &str) -> Call {
        Call::new("node").arg(self.modules().join("typescript").join("bin").join("tsc")).args(OPTIONS).args(file)
    }
}

impl Package {
    /// As npm wants to be told of it.
    fn wanted(&self) -> String {
        let Self { folder, name, version } = self;
        if folder == name { format!("{name}@{version}") } else { format!("{folder}@npm:{name}@{version}") }
    }

    fn is_in(&self, modules: &Path) -> bool {
        let manifest = fs::read(modules.join(self.folder).join("package.json")).unwrap_or_default();
        let manifest: Value = serde_json::from_slice(&manifest).unwrap_or_default();
        manifest["version"] == self.version
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_in_a_folder_of_another_name_is_an_alias() {
        let wanted = PACKAGES.map(|package| package.wanted());
        let older = "grafana-schema-10@npm:@grafana/schema@10.4.19";
        assert_eq!(wanted, ["@grafana/schema@13.2.3", older, "typescript@7.0.2"]);
    }

    #[test]
    fn another_version_is_not_there() {
        let modules = tempfile::tempdir().unwrap();
        let package = Package { folder: "a", name: "a", version: "1.2.3" };
        assert!(!package.is_in(modules.path()));
        fs::create_dir(modules.path().join("a")).unwrap();
        for (version, is_in) in [("1.2.3", true), ("1.2.4", false)] {
            fs::write(modules.path().join("a/package.json"), format!("{{\"version\":\"{version}\"}}")).unwrap();
            assert_eq!(package.is_in(modules.path()), is_in, "{version}");
        }
    }
}
