//! A handle to one peer's circuit: everything that can be done with it.

use core::time::Duration;

use crate::breaker::CircuitBreaker;
use crate::circuit::{Circuit, Driven};
use crate::event::{Cause, Event, Transition};
use crate::guard::{Grant, Refusal};
use crate::listener::Listener;
use crate::machine::{Command, Effect, Input, held_open, is_calm, left, step};
use crate::outcome::{Outcome, State};
use crate::permit::Permit;
use crate::policy::{MaxFailures, Tally, TripPolicy};
use crate::rejected::{RejectReason, Rejected};
use crate::set::Ticket;
use crate::settings::Settings;
use crate::settings_error::SettingsError;
use crate::snapshot::Snapshot;
use crate::time::{Clock, Instant, Ticks, ticks_in, ticks_in_at_most};
use crate::word::{Hold, Phase, Rule, Word};

/// A handle to one peer's circuit, from a [`CircuitBreakerSet`](crate::CircuitBreakerSet) or a
/// [`CircuitBreaker`](crate::CircuitBreaker).
///
/// It has the methods of a breaker. It is cheap to copy, and nothing done with it looks the peer up
/// again.
///
/// ```
/// use fusebox::{CircuitBreakerSet, clock::ManualClock};
///
/// let clock = ManualClock::<1_000>::new();
/// let mut set = CircuitBreakerSet::<u16, _, 8>::new(&clock);
///
/// let peer = set.peer(&0x17)?;
/// let answer = peer.call(|| Ok::<_, ()>("pong"));
/// assert_eq!(answer, Ok("pong"));
/// # Ok::<(), fusebox::Rejected>(())
/// ```
pub struct Peer<'a, C, P: TripPolicy = MaxFailures<3>, L = (), K: ?Sized = (), S = Settings<C, P>> {
    pub(crate) key: &'a K,
    pub(crate) circuit: &'a Circuit<P>,
    pub(crate) shared: &'a Shared<C, L, S>,
}

/// What circuits have in common, for [tables of your own](Peer::new).
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Shared<C, L, S> {
    pub(crate) settings: S,
    pub(crate) clock: C,
    pub(crate) listener: L,
}

impl<C, L, S> Shared<C, L, S> {
    /// Settings, a clock, and who is told of events: `()` for nobody.
    pub const fn new(settings: S, clock: C, listener: L) -> Self {
        Self { settings, clock, listener }
    }

    /// The settings.
    pub const fn settings(&self) -> &S {
        &self.settings
    }

    /// The clock.
    pub const fn clock(&self) -> &C {
        &self.clock
    }

    /// Who is told of events.
    pub const fn listener(&self) -> &L {
        &self.listener
    }
}

impl<C, P: TripPolicy, L, K: ?Sized, S> Clone for Peer<'_, C, P, L, K, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C, P: TripPolicy, L, K: ?Sized, S> Copy for Peer<'_, C, P, L, K, S> {}

impl<'a, C: Clock, P: TripPolicy, L: Listener<K>, K: ?Sized, S: AsRef<Settings<C, P>>> Peer<'a, C, P, L, K, S> {
    /// The handle to a circuit in a table of your own. Always give it the same key and the same `shared`, or one with
    /// other settings of the same kind.
    ///
    /// ```
    /// use fusebox::policy::MaxFailures;
    /// use fusebox::{Circuit, Peer, Settings, Shared, State, clock::ManualClock};
    ///
    /// let shared = Shared::new(Settings::DEFAULT, ManualClock::<1_000>::new(), ());
    /// let table: [Circuit<MaxFailures<3>>; 2] = [const { Circuit::new() }; 2];
    ///
    /// let second = Peer::new(&1, &table[1], &shared);
    /// for _ in 0..4 {
    ///     let _ = second.call(|| Err::<(), _>("no answer"));
    /// }
    /// assert_eq!(second.state(), State::Open);
    /// assert_eq!(Peer::new(&0, &table[0], &shared).state(), State::Closed);
    /// ```
    #[inline]
    pub const fn new(key: &'a K, circuit: &'a Circuit<P>, shared: &'a Shared<C, L, S>) -> Self {
        Self { key, circuit, shared }
    }

    #[inline]
    pub(crate) fn settings(self) -> &'a Settings<C, P> {
        self.shared.settings.as_ref()
    }

    /// The key of this peer.
    #[inline]
    pub const fn key(self) -> &'a K {
        self.key
    }

    /// Asks to make a call. See [`CircuitBreaker::try_acquire`](crate::CircuitBreaker::try_acquire).
    #[inline]
    pub fn try_acquire(self) -> Result<Permit<'a, C, P, L, K, S>, Rejected> {
        match self.grant() {
            Ok(grant) => Ok(Permit::new(self, grant)),
            Err(refusal) => Err(refusal.rejected::<C>()),
        }
    }

    /// Asks to make a call, for a ticket that borrows nothing. It is to be settled with this peer.
    #[inline]
    pub fn try_acquire_ticket(self) -> Result<Ticket, Rejected> {
        self.grant().map(Ticket::of_no_place).map_err(Refusal::rejected::<C>)
    }

    /// Settles a ticket with the outcome of its call.
    #[inline]
    #[allow(clippy::needless_pass_by_value, reason = "a ticket is used up by being settled")]
    pub fn settle_ticket(self, ticket: Ticket, outcome: Outcome) {
        self.settle(ticket.grant, outcome, None);
    }

    /// A ticket, if the circuit is closed and calls are not timed: the way of almost all calls, in a few instructions.
    /// `None` says nothing; ask [`try_acquire_ticket`](Self::try_acquire_ticket) then.
    #[inline]
    pub fn try_acquire_closed(self) -> Option<Ticket> {
        self.grant_closed().map(Ticket::of_no_place)
    }

    /// Settles a ticket whose call nobody saw the end of, as an outcome that the caller decides on.
    #[allow(clippy::needless_pass_by_value, reason = "a ticket is used up by being settled")]
    pub fn abandon_ticket(self, ticket: Ticket, outcome: Outcome) {
        self.settle(ticket.grant, outcome, None);
        self.tell(Event::Abandoned(outcome));
    }

    /// Takes in the result of a call that nobody asked for. See [`CircuitBreaker::report`](crate::CircuitBreaker::report).
    pub fn report(self, outcome: Outcome) {
        let low = self.circuit.word.low();
        if matches!(Rule::of(low), Rule::Closed) {
            self.settle(Grant { low, started: Instant::from_ticks(0) }, outcome, Some(0));
        }
    }

    /// The state. See [`CircuitBreaker::state`](crate::CircuitBreaker::state).
    #[inline]
    pub fn state(self) -> State {
        Phase::of(self.circuit.word.low()).state()
    }

    /// What the policy would judge now. See [`CircuitBreaker::tally`](crate::CircuitBreaker::tally).
    pub fn tally(self) -> Tally {
        self.settings().policy.tally::<C>(&self.circuit.history, self.shared.clock.now())
    }

    /// What the policy's rates judge now. See [`CircuitBreaker::window`](crate::CircuitBreaker::window).
    pub fn window(self) -> Option<Tally> {
        self.settings().policy.window::<C>(&self.circuit.history, self.shared.clock.now())
    }

    /// Whether a ticket's call counts as [slow](crate::SettingsBuilder::slow_call) if it ends now.
    #[inline]
    pub fn is_slow_by_now(self, ticket: &Ticket) -> bool {
        let counts = matches!(Rule::of(ticket.grant.low), Rule::Closed | Rule::HalfOpen);
        ticket.may_be_slow() && counts && self.is_slow(ticket.grant, None)
    }

    /// Whether forgetting this circuit would lose nothing: it is closed, and neither a failure nor a failed probe is
    /// remembered.
    pub fn is_clean(self) -> bool {
        self.is_clean_at(self.shared.clock.now())
    }

    pub(crate) fn is_clean_at(self, now: Instant) -> bool {
        let settings = self.settings();
        let word = self.circuit.word.load();
        word.phase() == Phase::Closed
            && is_calm(word, now, &settings.rules)
            && settings.policy.tally::<C>(&self.circuit.history, now).is_clean()
    }

    /// When to come back. See [`CircuitBreaker::retry_after`](crate::CircuitBreaker::retry_after).
    pub fn retry_after(self) -> Option<Ticks> {
        let (settings, clock) = (self.settings(), &self.shared.clock);
        let word = self.circuit.word.load();
        match step(word, Input::Acquire, clock.now(), &settings.rules, settings.probe_rates()).1 {
            Effect::Rejected(refusal) if !word.phase().observed() => refusal.rejected::<C>().retry_after,
            _ => None,
        }
    }

    /// When a wait or a lease ends that has not ended yet.
    pub(crate) fn deadline(self) -> Option<Instant> {
        let word = self.circuit.word.load();
        let now = self.shared.clock.now();
        let left = left(word, now, &self.settings().rules);
        (left > 0).then_some(now.after(left))
    }

    /// The state as plain data. See [`CircuitBreaker::snapshot`](crate::CircuitBreaker::snapshot).
    pub fn snapshot(self) -> Snapshot {
        let word = self.circuit.word.load();
        let now = self.shared.clock.now();
        let history = self.settings().policy.save::<C>(&self.circuit.history, now);
        Snapshot::new::<C>(word, now, history)
    }

    /// Takes up a saved state. See [`CircuitBreaker::restore`](crate::CircuitBreaker::restore).
    pub fn restore(self, snapshot: &Snapshot, asleep: Duration) {
        let (settings, clock) = (self.settings(), &self.shared.clock);
        let (now, asleep) = (clock.now(), ticks_in_at_most(asleep, C::HZ));
        settings.policy.load::<C>(&self.circuit.history, snapshot.history(), now, asleep);
        let mut word = self.circuit.word.load();
        loop {
            let restored = snapshot.word_after(word, now, asleep);
            match self.circuit.word.replace(word, restored) {
                Ok(()) => return self.tell_transition(word, restored, now, Cause::Restored),
                Err(found) => word = found,
            }
        }
    }

    /// Opens the circuit. See [`CircuitBreaker::open`](crate::CircuitBreaker::open).
    pub fn open(self) {
        self.obey(Command::Open);
    }

    /// Opens the circuit for a time. See [`CircuitBreaker::open_for`](crate::CircuitBreaker::open_for).
    pub fn open_for(self, wait: Duration) -> Result<(), SettingsError> {
        let hold = ticks_in(wait, C::HZ).and_then(Hold::at_least).ok_or(SettingsError::OpenFor)?;
        self.obey(Command::OpenFor(hold));
        Ok(())
    }

    /// Makes the rest of an open circuit's wait longer. See
    /// [`CircuitBreaker::wait_at_least`](crate::CircuitBreaker::wait_at_least).
    pub fn wait_at_least(self, wait: Duration) -> Result<bool, SettingsError> {
        let wait = ticks_in(wait, C::HZ).filter(|ticks| Hold::at_least(*ticks).is_some());
        let wait = wait.ok_or(SettingsError::WaitAtLeast)?;
        let (settings, clock) = (self.settings(), &self.shared.clock);
        let mut word = self.circuit.word.load();
        while let Some(held) = held_open(word, wait, clock.now(), &settings.rules) {
            match self.circuit.word.replace(word, held) {
                Ok(()) => return Ok(true),
                Err(found) => word = found,
            }
        }
        Ok(false)
    }

    /// Lets probes through. See [`CircuitBreaker::half_open`](crate::CircuitBreaker::half_open).
    pub fn half_open(self) -> bool {
        self.obey(Command::HalfOpen)
    }

    /// Closes the circuit. See [`CircuitBreaker::close`](crate::CircuitBreaker::close).
    pub fn close(self) {
        self.forget_unless(State::Closed);
        self.obey(Command::Close);
    }

    /// Forgets everything. See [`CircuitBreaker::reset`](crate::CircuitBreaker::reset).
    pub fn reset(self) {
        self.settings().policy.clear(&self.circuit.history);
        self.obey(Command::Reset);
    }

    /// Rejects all calls. See [`CircuitBreaker::force_open`](crate::CircuitBreaker::force_open).
    #[doc(alias = "isolate")]
    pub fn force_open(self) {
        self.obey(Command::ForceOpen);
    }

    /// Lets all calls through, uncounted. See [`CircuitBreaker::disable`](crate::CircuitBreaker::disable).
    pub fn disable(self) {
        self.forget_unless(State::Disabled);
        self.obey(Command::Disable);
    }

    /// Lets all calls through, counted. See [`CircuitBreaker::observe`](crate::CircuitBreaker::observe).
    #[doc(alias = "metrics_only")]
    pub fn observe(self) {
        self.forget_unless(State::Observe);
        self.obey(Command::Observe);
    }

    /// Ends a mode set by hand. See [`CircuitBreaker::automatic`](crate::CircuitBreaker::automatic).
    pub fn automatic(self) {
        self.obey(Command::Automatic);
    }

    /// Who takes a circuit to a state in which results count, or will count, begins with a new history.
    fn forget_unless(self, state: State) {
        if self.state() != state && !self.settings().keep_history {
            self.settings().policy.clear(&self.circuit.history);
        }
    }

    /// Moves the machine on and tells of it. Says whether the input was accepted.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "each kind of input keeps its own part of the machine only")]
    pub(crate) fn drive(self, input: Input) -> bool {
        let (settings, clock) = (self.settings(), &self.shared.clock);
        let Driven { before, after, now, effect } = self.circuit.drive(settings, clock, input);
        if let Effect::Moved(cause) = effect {
            self.tell_transition(before, after, now, cause);
        }
        !matches!(effect, Effect::Refused)
    }

    #[inline(never)]
    fn obey(self, command: Command) -> bool {
        self.drive(Input::Command(command))
    }

    /// Tells of a transition that was made at `now`.
    pub(crate) fn tell_transition(self, before: Word, after: Word, now: Instant, cause: Cause) {
        let observed = before.phase().observed() && after.phase().observed();
        let state = |word: Word| if observed { word.rule().phase() } else { word.phase() }.state();
        let wait = matches!(after.rule(), Rule::Open).then(|| Ticks::of::<C>(left(after, now, &self.settings().rules)));
        self.tell(Event::Transition(Transition { from: state(before), to: state(after), cause, wait, observed }));
    }

    #[inline]
    pub(crate) fn tell(self, event: Event) {
        self.shared.listener.on_event(self.key, &event);
    }
}

impl<'a, C, P, L, S> From<&'a CircuitBreaker<C, P, L, S>> for Peer<'a, C, P, L, (), S>
where
    C: Clock,
    P: TripPolicy,
    L: Listener,
    S: AsRef<Settings<C, P>>,
{
    fn from(breaker: &'a CircuitBreaker<C, P, L, S>) -> Self {
        breaker.peer()
    }
}

impl Phase {
    /// The state as users see it.
    #[inline]
    pub(crate) const fn state(self) -> State {
        match self {
            Self::Closed => State::Closed,
            Self::Open => State::Open,
            Self::HalfOpen => State::HalfOpen,
            Self::ForcedOpen => State::ForcedOpen,
            Self::Disabled => State::Disabled,
            Self::ObserveClosed | Self::ObserveOpen | Self::ObserveHalfOpen => State::Observe,
        }
    }
}

impl Rejected {
    /// There is no room for the peer, and none may be made: for tables of your own.
    pub const TABLE_FULL: Self = Self { reason: RejectReason::TableFull, retry_after: None };
}

impl<C, P: TripPolicy, L, K: ?Sized + core::fmt::Debug, S> core::fmt::Debug for Peer<'_, C, P, L, K, S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Peer").field("key", &self.key).field("circuit", self.circuit).finish_non_exhaustive()
    }
}

#[cfg(feature = "defmt")]
impl<C, P: TripPolicy, L, K: ?Sized + defmt::Format, S> defmt::Format for Peer<'_, C, P, L, K, S> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Peer {{ key: {}, state: {} }}", self.key, Phase::of(self.circuit.word.low()).state());
    }
}
