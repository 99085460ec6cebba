//! One peer's circuit and all that is kept beside it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, SystemTime};

use fusebox::policy::TripPolicy;
use fusebox::{CircuitBreaker, Event, Listener, Outcome, Settings, State};
use parking_lot::Mutex;

use crate::clock::Uptime;
use crate::counts::{Counters, Counts};
use crate::record::Log;
use crate::versions::Versions;
use crate::waiters::Waiters;

/// What a call counts as that nobody saw the end of: a future that was dropped, a permit that was not settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Abandoned {
    /// Always this.
    As(Outcome),
    /// A failure if it ran so long, ignored otherwise: a user who hangs up after a moment is not the peer's fault.
    FailureAfter(Duration),
}

impl Default for Abandoned {
    fn default() -> Self {
        Self::FailureAfter(Duration::from_secs(1))
    }
}

/// What all circuits of a set have in common.
pub(crate) struct Common<C, P, L> {
    pub(crate) versions: Versions<C, P>,
    pub(crate) clock: C,
    pub(crate) listener: L,
    pub(crate) abandoned: Abandoned,
    pub(crate) counts: Counts,
    /// How many transitions each circuit remembers.
    pub(crate) records: usize,
}

/// What is kept of one peer beside its circuit.
pub(crate) struct Beside<K, C, P, L> {
    pub(crate) key: K,
    pub(crate) common: Arc<Common<C, P, L>>,
    pub(crate) counters: Counters,
    pub(crate) log: Mutex<Log>,
    pub(crate) waiters: Waiters,
    /// Which of the set's settings it goes by.
    version: AtomicUsize,
    /// Whether those are its own.
    own_settings: AtomicBool,
    /// Whether what happens to it is told: not so for a peer without room.
    tells: AtomicBool,
}

pub(crate) type Breaker<K, C, P, L> = CircuitBreaker<C, P, Recorder<K, C, P, L>, Current<K, C, P, L>>;

/// One peer's circuit.
pub(crate) struct Entry<K, C, P: TripPolicy, L> {
    pub(crate) breaker: Breaker<K, C, P, L>,
    pub(crate) beside: Arc<Beside<K, C, P, L>>,
    /// Whether it was asked for again since somebody looked. Not so at first: whoever was asked for only once goes
    /// before others do.
    pub(crate) touched: AtomicBool,
}

/// An entry in a set's map and in the hands of those who use it.
pub(crate) type Shared<K, C, P, L> = Arc<Entry<K, C, P, L>>;

/// The settings of one circuit as they are now.
pub(crate) struct Current<K, C, P, L>(Arc<Beside<K, C, P, L>>);

impl<K, C, P, L> AsRef<Settings<C, P>> for Current<K, C, P, L> {
    #[inline]
    fn as_ref(&self) -> &Settings<C, P> {
        self.0.common.versions.get(self.0.version.load(Relaxed))
    }
}

/// Writes transitions down, and passes events on to the user's listener.
pub(crate) struct Recorder<K, C, P, L>(Arc<Beside<K, C, P, L>>);

impl<K, C: Uptime, P: TripPolicy, L: Listener<K>> Listener for Recorder<K, C, P, L> {
    fn on_event(&self, (): &(), event: &Event) {
        let Beside { key, common, log, tells, waiters, .. } = &*self.0;
        waiters.wake();
        if !tells.load(Relaxed) {
            return;
        }
        if let Event::Transition(transition) = event {
            log.lock().note(*transition, SystemTime::now(), common.clock.uptime());
            // Until it closed, it went on by the settings that it had opened with.
            if transition.to() == State::Closed && !transition.observed() {
                self.0.update_settings();
            }
        }
        common.listener.on_event(key, event);
    }
}

impl<K, C, P, L> Beside<K, C, P, L> {
    /// Takes up the present settings of the set, unless it has its own.
    fn update_settings(&self) {
        if !self.own_settings.load(Relaxed) {
            self.version.store(self.common.versions.current(), Relaxed);
        }
    }

    /// Goes by settings of its own, or again by those of the set.
    pub(crate) fn set_version(&self, own: Option<usize>) {
        self.own_settings.store(own.is_some(), Relaxed);
        match own {
            Some(version) => self.version.store(version, Relaxed),
            None => self.update_settings(),
        }
        self.waiters.wake();
    }
}

impl<K, C: Uptime + Clone, P: TripPolicy, L: Listener<K>> Entry<K, C, P, L> {
    pub(crate) fn new(key: K, common: &Arc<Common<C, P, L>>) -> Self {
        let beside = Arc::new(Beside {
            key,
            common: Arc::clone(common),
            counters: Counters::new(common.counts),
            log: Mutex::new(Log::new(common.records, common.clock.uptime())),
            waiters: Waiters::default(),
            version: AtomicUsize::new(common.versions.current()),
            own_settings: AtomicBool::new(false),
            tells: AtomicBool::new(true),
        });
        let (recorder, current) = (Recorder(Arc::clone(&beside)), Current(Arc::clone(&beside)));
        let breaker = CircuitBreaker::with_listener(common.clock.clone(), current, recorder);
        Self { breaker, beside, touched: AtomicBool::new(false) }
    }

    /// A circuit that lets all calls through and tells nothing, for a peer without room.
    pub(crate) fn untracked(key: K, common: &Arc<Common<C, P, L>>) -> Self {
        let entry = Self::new(key, common);
        entry.beside.tells.store(false, Relaxed);
        entry.breaker.disable();
        entry
    }

    /// Notes that it was asked for. Written at most once between two looks, so that callers do not fight over it.
    #[inline]
    pub(crate) fn touch(&self) {
        if !self.touched.load(Relaxed) {
            self.touched.store(true, Relaxed);
        }
    }

    /// The set has new settings. An open or half-open circuit keeps its own until it closes, and with them its
    /// deadline.
    pub(crate) fn reload(&self) {
        if !matches!(self.breaker.state(), State::Open | State::HalfOpen) {
            self.beside.update_settings();
        }
    }

    pub(crate) fn tell(&self, event: &Event) {
        self.beside.common.listener.on_event(&self.beside.key, event);
    }
}
