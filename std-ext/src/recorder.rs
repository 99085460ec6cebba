//! What becomes of the events of a circuit.

use std::time::SystemTime;

use fusebox::policy::TripPolicy;
use fusebox::{Event, Listener, State};

use crate::clock::Uptime;
use crate::entry::Entry;
use crate::record::Record;

/// Writes transitions down, and passes events on to the user's listener.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recorder;

impl<K, C: Uptime + Clone, P: TripPolicy, L: Listener<K>> Listener<Entry<K, C, P, L>> for Recorder {
    fn on_event(&self, entry: &Entry<K, C, P, L>, event: &Event) {
        entry.wake();
        if entry.is_untracked() {
            return;
        }
        if let Event::Transition(transition) = event {
            let mut log = entry.aside().log.lock();
            let record = Record { transition: *transition, at: SystemTime::now() };
            // Another transition may have followed by now, and may even be written down.
            let (state, now) = (entry.peer().state(), entry.common.clock().uptime());
            log.note(record, state, now, entry.common.records);
            drop(log);
            // Until it closed, it went on by the settings that it had opened with.
            if transition.to() == State::Closed && !transition.observed() {
                entry.reload();
            }
            entry.learned(None);
        }
        entry.tell(event);
    }
}
