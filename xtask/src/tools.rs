//! What the steps need beyond a stable toolchain, installed where it is missing.

use anyhow::{Context, Result, bail};

use crate::shell::{Call, Shell};

/// Makes sure that the active toolchain has these targets.
pub(crate) fn targets(shell: &Shell, wanted: &[&str]) -> Result<()> {
    add_targets(shell, wanted, "")
}

/// Makes sure that a toolchain is there, and has these targets.
pub(crate) fn toolchain_for(shell: &Shell, name: &str, wanted: &[&str]) -> Result<()> {
    toolchain(shell, name, &[])?;
    add_targets(shell, wanted, &format!("--toolchain {name}"))
}

fn add_targets(shell: &Shell, wanted: &[&str], option: &str) -> Result<()> {
    let installed = Call::new("rustup target list --installed").args(option);
    let installed = shell.run(&installed).context(NO_RUSTUP)?;
    let missing = missing(wanted, &installed);
    if missing.is_empty() {
        return Ok(());
    }
    install(shell, &Call::new("rustup target add").args(option).args(&missing.join(" ")))
}

/// Makes sure that a cargo subcommand is there, such as `hack`.
pub(crate) fn cargo_tool(shell: &Shell, subcommand: &str) -> Result<()> {
    if shell.succeeds(&Call::new("cargo").args(subcommand).args("--version")) {
        return Ok(());
    }
    install(shell, &Call::new("cargo install --locked").arg(format!("cargo-{subcommand}")))
}

/// Makes sure that a program is there that cargo can install by its name, such as `defmt-print`.
pub(crate) fn cargo_program(shell: &Shell, name: &str) -> Result<()> {
    if shell.succeeds(&Call::new(name).args("--version")) {
        return Ok(());
    }
    install(shell, &Call::new("cargo install --locked").args(name))
}

/// Makes sure that programs are there that the system's packages have.
pub(crate) fn debian_packages(shell: &Shell, programs: &[&str], packages: &[&str]) -> Result<()> {
    if programs.iter().all(|program| shell.succeeds(&Call::new(program).args("--version"))) {
        return Ok(());
    }
    let packages = packages.join(" ");
    let get = |command: &str| Call::new("apt-get").args(command).env("DEBIAN_FRONTEND", "noninteractive");
    let add = get("install -y --no-install-recommends").args(&packages);
    let is_root = shell.run(&Call::new("id -u")).is_ok_and(|id| id.trim() == "0");
    if !is_root || !shell.succeeds(&get("--version")) {
        bail!("{} are needed; run by hand: sudo {add}, or what your system has in its place", programs.join(" and "));
    }
    // A list of packages that is out of date, or not there yet, is the usual reason.
    if shell.succeeds(&add) || (shell.succeeds(&get("update")) && shell.succeeds(&add)) {
        return Ok(());
    }
    bail!(by_hand(&add))
}

/// Makes sure that a toolchain is there with these components.
pub(crate) fn toolchain(shell: &Shell, name: &str, components: &[&str]) -> Result<()> {
    let rustup = || Call::new("rustup");
    if !shell.succeeds(&rustup().args("run").args(name).args("rustc --version")) {
        let fresh = rustup().args("toolchain install --profile minimal --no-self-update").args(name);
        let fresh = components.iter().fold(fresh, |call, one| call.args("--component").args(one));
        return install(shell, &fresh);
    }
    let installed =
        shell.run(&rustup().args("component list --installed --toolchain").args(name)).context(NO_RUSTUP)?;
    let missing = missing(components, &installed);
    if missing.is_empty() {
        return Ok(());
    }
    let add = rustup().args("component add --toolchain").args(name).args(&missing.join(" "));
    install(shell, &add)
}

const NO_RUSTUP: &str = "the Rust targets and toolchains of the tests come from rustup";

fn install(shell: &Shell, call: &Call) -> Result<()> {
    shell.run(call).map(drop).with_context(|| by_hand(call))
}

fn by_hand(call: &Call) -> String {
    format!("a needed tool cannot be installed; run by hand: {call}")
}

/// The wanted names that no line of rustup's list has. A component's line may end in its host.
fn missing<'a>(wanted: &[&'a str], installed: &str) -> Vec<&'a str> {
    let is_there = |name: &str| {
        installed
            .lines()
            .map(str::trim)
            .any(|line| line.strip_prefix(name).is_some_and(|rest| rest.is_empty() || is_host(rest)))
    };
    wanted.iter().copied().filter(|name| !is_there(name)).collect()
}

/// Whether this is `-` and a host triple, as in `miri-x86_64-unknown-linux-gnu`.
fn is_host(suffix: &str) -> bool {
    suffix.starts_with('-') && suffix.matches('-').count() >= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_compared_whole() {
        let installed = "thumbv7em-none-eabihf\nx86_64-unknown-linux-gnu\n";
        let wanted = ["thumbv7em-none-eabi", "thumbv7em-none-eabihf", "thumbv6m-none-eabi"];
        assert_eq!(missing(&wanted, installed), ["thumbv7em-none-eabi", "thumbv6m-none-eabi"]);
    }

    #[test]
    fn a_component_may_carry_its_host() {
        let installed = "cargo-x86_64-unknown-linux-gnu\nmiri-aarch64-apple-darwin\nrust-src\n";
        assert_eq!(missing(&["miri", "rust-src"], installed), [""; 0]);
        assert_eq!(missing(&["rust", "clippy"], installed), ["rust", "clippy"]);
    }

    #[test]
    fn a_failed_install_says_what_to_run() {
        let call = Call::new("cargo install --locked cargo-hack");
        assert!(by_hand(&call).ends_with("run by hand: cargo install --locked cargo-hack"));
    }
}
