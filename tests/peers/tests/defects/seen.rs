//! What the tests print.

use std::fmt;
#[cfg(feature = "peers")]
use std::io::{self, Write as _};

const LOCK: &str = include_str!("../../../../Cargo.lock");

/// Prints what a row did to a crate, with the version of the crate that was compiled.
pub(crate) fn seen(row: &str, package: &str, what: fmt::Arguments<'_>) {
    println!("seen: {row} | {package} {} | {what}", version(package));
}

/// Says that a crate did not show what it is known for, even where the output of passing tests is hidden.
#[cfg(feature = "peers")]
pub(crate) fn not_seen(row: &str, package: &str, why: fmt::Arguments<'_>) {
    // The test harness captures the print macros, not the stream itself; a closed stream is no reason to fail.
    let _ = writeln!(io::stderr(), "skipped: {row} of {package} {}: {why}", version(package));
}

fn version(package: &str) -> &str {
    let entry = format!("name = \"{package}\"\nversion = \"");
    let rest = LOCK.split_once(&entry).map_or("", |(_, rest)| rest);
    rest.split('"').next().unwrap_or_default()
}

#[test]
fn versions_are_those_of_the_lock_file() {
    assert_eq!(version("fusebox"), env!("CARGO_PKG_VERSION"));
    assert_eq!(version("no-such-crate"), "");
}
