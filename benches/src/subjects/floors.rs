//! What nothing that does the same can be faster than.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Instant;

use crate::answer::Answer;
use crate::subject::{Kind, Subject};
use crate::work::work;

/// The call that is guarded elsewhere.
pub(super) fn working() -> Vec<Subject> {
    vec![Subject::new(Kind::Floor, "bare call", || Ok(()), |()| Answer::unguarded(work()))]
}

/// Single steps of which breakers are made, without a call.
pub(super) fn steps() -> Vec<Subject> {
    let floor = Kind::Floor;
    vec![
        Subject::new(
            floor,
            "atomic load and branch",
            || Ok(AtomicU32::default()),
            |word| match word.load(Relaxed) {
                0 => Answer::Done,
                _ => Answer::Rejected,
            },
        ),
        Subject::new(
            floor,
            "fetch_add",
            || Ok(AtomicU32::default()),
            |word| {
                word.fetch_add(1, Relaxed);
                Answer::Done
            },
        ),
        Subject::new(
            floor,
            "Mutex",
            || Ok(Mutex::new(0_u32)),
            |word| {
                let mut word = word.lock().unwrap_or_else(PoisonError::into_inner);
                *word = word.wrapping_add(1);
                Answer::Done
            },
        ),
        Subject::new(
            floor,
            "Instant::now()",
            || Ok(()),
            |()| {
                std::hint::black_box(Instant::now());
                Answer::Done
            },
        ),
    ]
}
