//! What is measured.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use anyhow::Result;

use crate::answer::Answer;
use crate::worker::Worker;

/// Whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What nothing that does the work can be faster than.
    Floor,
    /// A breaker of this project.
    Ours,
    /// A breaker of another crate.
    Peer,
    /// A breaker of another crate that threads cannot share as it is.
    Unshared,
}

/// Makes a worker for a thread. All of them share one breaker.
pub type Workers = Box<dyn Fn() -> Box<dyn Worker> + Send + Sync>;

/// Something to call through, not made yet.
pub struct Subject {
    /// What it is called in the report.
    pub name: &'static str,
    /// Whose it is.
    pub kind: Kind,
    /// The bytes of the breaker itself, without what it has on the heap.
    pub size: usize,
    boxed: Box<dyn Fn() -> Result<Box<dyn Any>>>,
    start: Box<dyn Fn() -> Result<Workers>>,
}

impl Subject {
    /// A breaker that is called through a shared reference.
    pub fn new<B: Send + Sync + 'static>(
        kind: Kind,
        name: &'static str,
        build: impl Fn() -> Result<B> + Copy + 'static,
        call: impl Fn(&B) -> Answer + Copy + Send + Sync + 'static,
    ) -> Self {
        Self::with_callers(kind, name, build, Arc::clone, move |breaker| call(breaker))
    }

    /// A breaker of which each thread makes a caller of its own.
    pub fn with_callers<B: Send + Sync + 'static, W: Send + 'static>(
        kind: Kind,
        name: &'static str,
        build: impl Fn() -> Result<B> + Copy + 'static,
        caller: impl Fn(&Arc<B>) -> W + Copy + Send + Sync + 'static,
        call: impl Fn(&mut W) -> Answer + Copy + Send + Sync + 'static,
    ) -> Self {
        let start = move || -> Result<Workers> {
            let breaker = Arc::new(build()?);
            Ok(Box::new(move || {
                let mut mine = caller(&breaker);
                Box::new(move || call(&mut mine))
            }))
        };
        let boxed = move || -> Result<Box<dyn Any>> { Ok(Box::new(build()?)) };
        Self { name, kind, size: size_of::<B>(), boxed: Box::new(boxed), start: Box::new(start) }
    }

    /// Makes it. Each worker of it is for one thread.
    ///
    /// # Errors
    /// Says why it cannot be made.
    pub fn start(&self) -> Result<Workers> {
        (self.start)()
    }

    /// Makes it alone in a box, which has [`size`](Self::size) bytes, to see what else it takes from the heap.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn boxed(&self) -> Result<Box<dyn Any>> {
        (self.boxed)()
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject").field("name", &self.name).field("kind", &self.kind).finish_non_exhaustive()
    }
}
