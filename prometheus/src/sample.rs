//! What is exported of one circuit.

use std::time::{Duration, SystemTime};

use fusebox::policy::{Tally, TripPolicy};
use fusebox::{Clock, Listener, Peer, Settings, State};
use fusebox_std::{CallCounts, Counts, Handle, StateTimes, Transitions, Uptime};

use crate::durations::Histograms;
use crate::series::{Bits, COUNTS, Read, TRANSITIONS, run};

/// One circuit as it is now, for a [`Source`](crate::Source) of your own.
///
/// A breaker of the `no_std` core counts no calls, so [`Sample::of`] has its state, the rest of its wait, and what its
/// rates judge. Whoever counts calls adds them.
///
/// ```
/// use fusebox::{CircuitBreaker, clock::ManualClock};
/// use fusebox_prometheus::Sample;
/// use fusebox_std::{CallCounts, Counts};
///
/// let clock = ManualClock::<1_000>::new();
/// let radio = CircuitBreaker::new(&clock);
/// let mut counted = CallCounts::default();
/// counted.failures = 3;
/// let sample = Sample::of(radio.peer()).counts(counted, Counts::Failures);
/// # let _ = sample;
/// ```
#[derive(Clone, Debug)]
#[must_use = "a sample is to be told to `Circuits::add`"]
pub struct Sample {
    pub(crate) state: State,
    pub(crate) open_wait: Duration,
    pub(crate) window: Option<Tally>,
    pub(crate) counts: Option<(CallCounts, Counts)>,
    pub(crate) slow_calls: bool,
    pub(crate) transitions: Option<Transitions>,
    pub(crate) state_times: Option<StateTimes>,
    pub(crate) made: Option<SystemTime>,
    pub(crate) durations: Option<Histograms>,
}

/// What an exporter tells of circuits: nothing else has to be read. Their states cost next to nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted {
    totals: Bits,
    window: bool,
}

impl Wanted {
    const CALLS: Bits = run(0, TRANSITIONS);
    const TRANSITIONS: Bits = COUNTS & !Self::CALLS;

    pub(crate) fn of(reads: impl IntoIterator<Item = Read>) -> Self {
        let mut wanted = Self::default();
        for read in reads {
            wanted.totals |= read.sums();
            match read {
                // Who knows the transitions knows when the last one was.
                Read::LastTransition => wanted.totals |= Self::TRANSITIONS,
                Read::FailureRatio | Read::FailurePercent | Read::SlowPercent | Read::Window(_) => wanted.window = true,
                _ => {}
            }
        }
        wanted
    }

    const fn any(self, totals: Bits) -> bool {
        self.totals & totals != 0
    }
}

impl Sample {
    /// A circuit of which nothing but its state is known.
    pub const fn new(state: State) -> Self {
        Self {
            state,
            open_wait: Duration::ZERO,
            window: None,
            counts: None,
            slow_calls: false,
            transitions: None,
            state_times: None,
            made: None,
            durations: None,
        }
    }

    /// A circuit of the core: of a breaker its [`peer`](fusebox::CircuitBreaker::peer), of a set what its `iter` gives.
    pub fn of<C, P, L, K, S>(peer: Peer<'_, C, P, L, K, S>) -> Self
    where
        C: Clock,
        P: TripPolicy,
        L: Listener<K>,
        K: ?Sized,
        S: AsRef<Settings<C, P>>,
    {
        let state = peer.state();
        let left = peer.retry_after().map(fusebox::Ticks::as_duration);
        let sample = Self::new(state).open_wait(left.unwrap_or_default());
        Self { window: peer.window(), ..sample }
    }

    pub(crate) fn of_handle<K, C, P, L>(handle: &Handle<K, C, P, L>, wanted: Wanted) -> Self
    where
        C: Uptime + Clone,
        P: TripPolicy,
        L: Listener<K>,
    {
        let state = handle.state();
        let left = if state == State::Open { handle.retry_after() } else { None };
        Self {
            state,
            open_wait: left.unwrap_or_default(),
            window: if wanted.window { handle.window() } else { None },
            counts: wanted.any(Wanted::CALLS).then(|| (handle.counts(), handle.counted())),
            slow_calls: wanted.any(Wanted::CALLS) && handle.settings().slow_call().is_some(),
            transitions: wanted.any(Wanted::TRANSITIONS).then(|| handle.transitions()),
            state_times: wanted.any(!COUNTS).then(|| handle.state_times()),
            made: Some(handle.made()),
            durations: None,
        }
    }

    /// The rest of an open circuit's wait. In any other state there is none, whatever is said here.
    pub const fn open_wait(mut self, left: Duration) -> Self {
        self.open_wait = if matches!(self.state, State::Open) { left } else { Duration::ZERO };
        self
    }

    /// What a window of calls has, once it has enough of them to be judged.
    pub const fn window(mut self, tally: Tally) -> Self {
        self.window = Some(tally);
        self
    }

    /// How many calls there were, of which only those are exported that `counted` says were counted. They must not go
    /// back.
    pub const fn counts(mut self, counts: CallCounts, counted: Counts) -> Self {
        self.counts = Some((counts, counted));
        self
    }

    /// Slow calls are counted too.
    pub const fn slow_calls(mut self) -> Self {
        self.slow_calls = true;
        self
    }

    /// When counting began, by the wall clock.
    pub const fn made(mut self, at: SystemTime) -> Self {
        self.made = Some(at);
        self
    }
}
