//! Users' code in places from which no panic may get away.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

/// Runs it, as a destructor does. While a panic unwinds already, another one that got away would end the program: of that one
/// there is no more than its message.
pub(crate) fn contained(run: impl FnOnce()) {
    if thread::panicking() {
        let _ = catch_unwind(AssertUnwindSafe(run));
    } else {
        run();
    }
}
