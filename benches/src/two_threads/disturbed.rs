//! Whether a thread was taken off its processor.

/// How often this thread was taken off its processor against its will, if the system tells.
#[cfg(target_os = "linux")]
pub(crate) fn so_far() -> Option<i64> {
    use nix::sys::resource::{UsageWho, getrusage};
    getrusage(UsageWho::RUSAGE_THREAD).ok().map(|usage| usage.involuntary_context_switches())
}

/// Elsewhere nobody tells, and no sample counts.
#[cfg(not(target_os = "linux"))]
pub(crate) fn so_far() -> Option<i64> {
    None
}
