//! Where two threads wait for each other, awake, so that they set off together.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicU32, Ordering::AcqRel, Ordering::Acquire};
use std::thread;

/// Where two threads wait for each other.
#[derive(Debug)]
pub(super) struct Meeting {
    arrivals: AtomicU32,
}

impl Meeting {
    pub(super) const fn new() -> Self {
        Self { arrivals: AtomicU32::new(0) }
    }

    /// Waits for the other thread.
    pub(super) fn wait(&self) {
        let mine = self.arrivals.fetch_add(1, AcqRel);
        let both = (mine | 1).wrapping_add(1);
        loop {
            for _ in 0..4_096 {
                // The other thread may already have come back.
                if self.arrivals.load(Acquire).wrapping_sub(both) <= 1 {
                    return;
                }
                spin_loop();
            }
            // It may need this processor.
            thread::yield_now();
        }
    }
}
