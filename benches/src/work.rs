//! The work that is guarded, the same for every subject.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Why the work failed.
#[derive(Clone, Copy, Debug)]
pub struct Failure;

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no answer")
    }
}

impl std::error::Error for Failure {}

/// A switch, so that no compiler knows how the work ends.
static FAILS: AtomicBool = AtomicBool::new(false);

/// The cheapest work whose end cannot be foreseen: a load and a branch.
///
/// # Errors
/// [`Failure`], if it [is to](set_failing).
#[inline(always)]
#[allow(clippy::inline_always, reason = "in every subject's code it is the same, and no call")]
pub fn work() -> Result<u32, Failure> {
    if FAILS.load(Relaxed) { Err(Failure) } else { Ok(7) }
}

/// Whether the work fails from now on.
pub fn set_failing(fails: bool) {
    FAILS.store(fails, Relaxed);
}
