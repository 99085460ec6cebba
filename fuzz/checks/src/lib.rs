//! What must hold of fusebox whatever comes in.
//!
//! Each module has a function `check` that takes any bytes, and panics if they show something wrong. libFuzzer makes up such
//! bytes by the billion (`fuzz/README.md`); the tests of this crate give them what it once found worth keeping.
#![forbid(unsafe_code)]
#![allow(clippy::missing_panics_doc, reason = "to panic is what checks are for")]
#![allow(clippy::doc_markdown, reason = "OpenMetrics is a name of its own")]

pub mod machine;
pub mod metrics_text;
mod openmetrics;
pub mod saved_file;
pub mod scenario;
pub mod set;
pub mod snapshot;
pub mod trace;

/// A check, and the name that its target and its folder of inputs go by.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Of `fuzz/fuzz_targets/NAME.rs` and `fuzz/corpus/NAME`.
    pub name: &'static str,
    /// Panics if the bytes show something wrong.
    pub check: fn(&[u8]),
}

/// All of them.
pub const TARGETS: [Target; 7] = [
    Target { name: "machine", check: machine::check },
    Target { name: "set", check: set::check },
    Target { name: "snapshot", check: snapshot::check },
    Target { name: "saved_file", check: saved_file::check },
    Target { name: "trace", check: trace::check },
    Target { name: "scenario", check: scenario::check },
    Target { name: "metrics_text", check: metrics_text::check },
];
