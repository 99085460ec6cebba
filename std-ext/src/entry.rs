//! One peer's circuit and all that is kept beside it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, SystemTime};

use fusebox::policy::TripPolicy;
use fusebox::{Circuit, Event, Listener, Outcome, Peer, Settings, State};

use crate::clock::Uptime;
use crate::contained::contained;
use crate::counts::{CallCounts, Counters, Counts, Successes};
use crate::record::Log;
use crate::recorder::Recorder;
use crate::set::Table;
use crate::sync::{AtomicBool, AtomicU8, AtomicUsize, Mutex, fence};
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

/// What circuits that go by the same settings have in common.
pub(crate) type Shared<C, P> = fusebox::Shared<C, Recorder, Settings<C, P>>;

/// What all circuits of a set have in common.
pub(crate) struct Common<K, C, P: TripPolicy, L> {
    /// The settings that the set ever had.
    pub(crate) versions: Versions<Shared<C, P>>,
    pub(crate) listener: L,
    pub(crate) abandoned: Abandoned,
    pub(crate) counts: Counts,
    /// How many transitions each circuit remembers.
    pub(crate) records: usize,
    /// The set itself, which may be gone while somebody has a handle.
    pub(crate) table: Weak<Table<K, C, P, L>>,
    /// [`Table::take_back`], for who knows less of the key than the set does.
    pub(crate) take_back: TakeBack<K, C, P, L>,
}

type TakeBack<K, C, P, L> = fn(&Table<K, C, P, L>, &SharedEntry<K, C, P, L>) -> Result<(), SharedEntry<K, C, P, L>>;

impl<K, C, P: TripPolicy, L> Common<K, C, P, L> {
    pub(crate) const fn clock(&self) -> &C {
        self.versions.first().clock()
    }

    /// Tells the user's listener.
    pub(crate) fn tell(&self, key: &K, event: &Event)
    where
        L: Listener<K>,
    {
        contained(|| self.listener.on_event(key, event));
    }
}

/// One peer's circuit.
///
/// What each call looks at comes first and close together: with many peers most of the time of a call is spent on
/// fetching it. What a healthy peer does not need is kept aside, and made when it is.
#[repr(C)]
pub(crate) struct Entry<K, C, P: TripPolicy, L> {
    pub(crate) common: Arc<Common<K, C, P, L>>,
    /// Which of the set's settings it goes by.
    version: AtomicUsize,
    /// Whether it was asked for again since somebody looked. Not so at first: whoever was asked for only once goes
    /// before others do.
    pub(crate) touched: AtomicBool,
    /// Whether it was called since somebody looked for those that are idle, be it through a handle that was kept.
    pub(crate) called: AtomicBool,
    seat: AtomicU8,
    /// Whether its settings are its own.
    own_settings: AtomicBool,
    pub(crate) successes: Successes,
    /// Last of what each call looks at, and its state first: few successes look at its history. So 40 bytes are to be
    /// fetched, not 56.
    circuit: Circuit<P>,
    aside: OnceLock<Box<Aside>>,
    /// When it was made, as the clock's uptime.
    made: Duration,
    /// Where among the seats it is; written and read under the set's lock.
    pub(crate) place: AtomicUsize,
    pub(crate) key: K,
    /// When it was made, by the wall clock.
    pub(crate) made_at: SystemTime,
    me: Weak<Self>,
}

/// What is kept of a peer that is not only healthy.
pub(crate) struct Aside {
    pub(crate) counters: Counters,
    pub(crate) log: Mutex<Log>,
    waiters: Waiters,
}

/// An entry in a set's map and in the hands of those who use it.
pub(crate) type SharedEntry<K, C, P, L> = Arc<Entry<K, C, P, L>>;

/// Whether a circuit is the one that its set has for its peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Seat {
    /// It is.
    Taken,
    /// It made room for another. Should it learn something, it comes back.
    Evicted,
    /// The user removed it.
    Removed,
    /// It never was: there was no room, and nothing that happens to it is told.
    Untracked,
}

impl<K, C: Uptime + Clone, P: TripPolicy, L: Listener<K>> Entry<K, C, P, L> {
    /// A circuit for a peer. `generation` is where its generations begin: a part of the key's hash, so that neighbours
    /// draw different jitter.
    pub(crate) fn new(key: K, generation: u8, common: &Arc<Common<K, C, P, L>>) -> Arc<Self> {
        Self::with_seat(Seat::Taken, key, generation, common)
    }

    /// A circuit that lets all calls through and tells nothing, for a peer without room.
    pub(crate) fn untracked(key: K, common: &Arc<Common<K, C, P, L>>) -> Arc<Self> {
        let entry = Self::with_seat(Seat::Untracked, key, 0, common);
        entry.peer().disable();
        entry
    }

    fn with_seat(seat: Seat, key: K, generation: u8, common: &Arc<Common<K, C, P, L>>) -> Arc<Self> {
        let entry = Arc::new_cyclic(|me| Self {
            circuit: Circuit::with_generation(generation),
            common: Arc::clone(common),
            version: AtomicUsize::new(common.versions.current()),
            touched: AtomicBool::new(false),
            called: AtomicBool::new(false),
            seat: AtomicU8::new(seat as u8),
            own_settings: AtomicBool::new(false),
            successes: Successes::new(common.counts),
            aside: OnceLock::new(),
            made: common.clock().uptime(),
            place: AtomicUsize::new(usize::MAX),
            key,
            made_at: SystemTime::now(),
            me: me.clone(),
        });
        #[cfg(fusebox_loom)]
        crate::sync::settle_down(&entry, |entry| (entry.peer().tally(), entry.peer().state()));
        entry
    }

    /// What can be done with the circuit.
    #[inline]
    pub(crate) fn peer(&self) -> Peer<'_, C, P, Recorder, Self> {
        Peer::new(self, &self.circuit, self.common.versions.get(self.version.load(Relaxed)))
    }

    /// The settings that it goes by now.
    pub(crate) fn settings(&self) -> &Settings<C, P> {
        self.common.versions.get(self.version.load(Relaxed)).settings()
    }

    /// What is kept aside, made if there is nothing yet.
    pub(crate) fn aside(&self) -> &Aside {
        self.aside.get_or_init(|| {
            Box::new(Aside {
                counters: Counters::new(self.common.counts),
                log: Mutex::new(Log::new(self.made)),
                waiters: Waiters::default(),
            })
        })
    }

    /// How many calls there were, and what became of them.
    pub(crate) fn counts(&self) -> CallCounts {
        let others = self.aside.get().map(|aside| aside.counters.read()).unwrap_or_default();
        CallCounts { successes: self.successes.read(), ..others }
    }

    /// Looks at what happened to it so far.
    pub(crate) fn look_back<T>(&self, look: impl FnOnce(&Log) -> T) -> T {
        match self.aside.get() {
            Some(aside) => look(&aside.log.lock()),
            None => look(&Log::new(self.made)),
        }
    }

    /// Those who wait for it. Whoever waits looks at the circuit after this.
    #[cfg(feature = "tokio")]
    pub(crate) fn waiters(&self) -> &Waiters {
        let waiters = &self.aside().waiters;
        fence(SeqCst);
        waiters
    }

    /// Lets all who wait have another look: to be called whenever a call may be let through that was not before, once
    /// that is so. Either this sees them, or they see that it is so, hence the fences. A waker that panics is its executor's
    /// affair, and not that of whoever happens to make the call.
    pub(crate) fn wake(&self) {
        fence(SeqCst);
        if let Some(aside) = self.aside.get() {
            let _ = catch_unwind(AssertUnwindSafe(|| aside.waiters.wake()));
        }
    }

    /// Notes that it was asked for.
    #[inline]
    pub(crate) fn touch(&self) {
        mark(&self.touched);
    }

    pub(crate) fn tell(&self, event: &Event) {
        self.common.tell(&self.key, event);
    }

    /// The set has new settings. An open or half-open circuit keeps its own until it closes, and with them its
    /// deadline.
    pub(crate) fn reload(&self) {
        let _choosing = self.common.versions.choose();
        let waits = matches!(self.peer().state(), State::Open | State::HalfOpen);
        if !waits && !self.own_settings.load(Relaxed) {
            self.version.store(self.common.versions.current(), Relaxed);
        }
    }

    /// Goes by settings of its own, or again by those of the set. Says whether it still has its place, and so keeps them.
    pub(crate) fn set_version(&self, own: Option<usize>) -> bool {
        let choosing = self.common.versions.choose();
        self.own_settings.store(own.is_some(), Relaxed);
        self.version.store(own.unwrap_or_else(|| self.common.versions.current()), Relaxed);
        drop(choosing);
        self.wake();
        fence(SeqCst);
        !self.is_evicted()
    }
}

/// Written at most once between two looks, so that callers do not fight over it.
#[inline]
pub(crate) fn mark(flag: &AtomicBool) {
    if !flag.load(Relaxed) {
        flag.store(true, Relaxed);
    }
}

/// Its place in the set.
///
/// Whoever takes a clean circuit out and whoever makes it remember something may race. Each writes, and then reads
/// what the other writes: the one that it is out, the other that it is no longer clean. With a fence between the two, at
/// least one of them sees the other, and puts the circuit back.
impl<K, C: Uptime + Clone, P: TripPolicy, L: Listener<K>> Entry<K, C, P, L> {
    pub(crate) fn is_evicted(&self) -> bool {
        self.seat.load(Relaxed) == Seat::Evicted as u8
    }

    pub(crate) fn is_untracked(&self) -> bool {
        self.seat.load(Relaxed) == Seat::Untracked as u8
    }

    #[cfg(feature = "saved")]
    pub(crate) fn has_seat(&self) -> bool {
        self.seat.load(Relaxed) == Seat::Taken as u8
    }

    /// Under the lock of the set.
    pub(crate) fn set_seat(&self, seat: Seat) {
        self.seat.store(seat as u8, Relaxed);
    }

    /// Whether nothing is lost without it: nothing that it learned, nor settings that somebody chose for it.
    pub(crate) fn is_expendable(&self) -> bool {
        self.peer().is_clean() && !self.own_settings.load(Relaxed)
    }

    /// Notes that it is out of the map, and says whether nothing is lost by that.
    pub(crate) fn leave(&self) -> bool {
        self.set_seat(Seat::Evicted);
        fence(SeqCst);
        self.is_expendable()
    }

    /// It may remember something now. If it does and is no longer in the set, it comes back. If the set has another
    /// circuit for the peer by now, that one takes in the `outcome`.
    #[inline]
    pub(crate) fn learned(&self, outcome: Option<Outcome>) {
        fence(SeqCst);
        if self.is_evicted() {
            self.come_back(outcome);
        }
    }

    #[cold]
    pub(crate) fn come_back(&self, outcome: Option<Outcome>) {
        let (Some(table), Some(me)) = (self.common.table.upgrade(), self.me.upgrade()) else { return };
        if let (Err(successor), Some(outcome)) = ((self.common.take_back)(&table, &me), outcome) {
            successor.peer().report(outcome);
            successor.learned(Some(outcome));
        }
    }
}
