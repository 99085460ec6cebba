//! What makes calls, one after the other.

use std::hint::black_box;

use crate::answer::Answer;

/// One thread's way to make calls.
pub trait Worker: Send {
    /// One call.
    fn once(&mut self) -> Answer;

    /// Many calls, whose answers are looked at and forgotten. All of it is one loop without a call through a pointer.
    fn run(&mut self, calls: u32);
}

impl<F: FnMut() -> Answer + Send> Worker for F {
    fn once(&mut self) -> Answer {
        self()
    }

    fn run(&mut self, calls: u32) {
        for _ in 0..calls {
            black_box(self());
        }
    }
}
