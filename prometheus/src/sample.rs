//! What is exported of one circuit.

use std::time::{Duration, SystemTime};

use fusebox::policy::{Tally, TripPolicy};
use fusebox::{Clock, Listener, Peer, Settings, State};
use fusebox_std::{CallCounts, Counts, Handle, StateTimes, Transitions, Uptime};

use crate::durations::Histograms;

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

    pub(crate) fn of_handle<K, C, P, L>(handle: &Handle<K, C, P, L>) -> Self
    where
        C: Uptime + Clone,
        P: TripPolicy,
        L: Listener<K>,
    {
        let state = handle.state();
        let left = if state == State::Open { handle.retry_after() } else { None };
        Self {
            open_wait: left.unwrap_or_default(),
            window: handle.window(),
            counts: Some((handle.counts(), handle.counted())),
            slow_calls: handle.settings().slow_call().is_some(),
            transitions: Some(handle.transitions()),
            state_times: Some(handle.state_times()),
            made: Some(handle.made()),
            ..Self::new(state)
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
