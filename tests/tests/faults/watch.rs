//! A limit for what may hang.

use std::panic::resume_unwind;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How long a test may stay at one place before it counts as hanging. That takes fractions of a second.
const LIMIT: Duration = Duration::from_secs(60);

/// What a test is at, for the one who finds it hanging.
#[derive(Clone, Default)]
pub(crate) struct At(Arc<Mutex<String>>);

impl At {
    pub(crate) fn set(&self, place: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }

    fn get(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Runs it in a thread of its own, and fails rather than wait for ever for one that hangs.
pub(crate) fn in_time(test: impl FnOnce(&At) + Send + 'static) {
    let (done, ends) = channel();
    let at = At::default();
    let place = at.clone();
    let thread = thread::spawn(move || {
        test(&at);
        let _ = done.send(());
    });
    let mut last = place.get();
    while ends.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
        let now = place.get();
        assert_ne!(now, last, "it hangs");
        last = now;
    }
    let place = place.get();
    if let Err(panic) = thread.join() {
        eprintln!("at {place}");
        resume_unwind(panic);
    }
}
