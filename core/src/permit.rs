//! The right to make one call.

use core::mem;
use core::time::Duration;

use crate::guard::Grant;
use crate::listener::Listener;
use crate::outcome::Outcome;
use crate::peer::Peer;
use crate::policy::{MaxFailures, TripPolicy};
use crate::settings::Settings;
use crate::time::{Clock, ticks_in_at_most};
use crate::word::Phase;

/// The right to make one call, to be settled with what came of it.
///
/// Settling consumes it, so it cannot be done twice. A permit that is dropped is *abandoned*: it is
/// settled as [`abandoned`](crate::SettingsBuilder::abandoned) says, by default as a failure. That is
/// what happens when a future is cancelled, by a timeout for instance. A permit that is leaked, or dies
/// with its thread, is taken back after the [`lease`](crate::SettingsBuilder::lease) if it was a probe's.
///
/// A result from an earlier time changes nothing: openings and lost leases count generations, in 8 bits.
/// It takes a call that outlives exactly 256 of them, or a multiple, to be taken for a new one.
///
/// ```
/// use fusebox::{CircuitBreaker, clock::ManualClock};
///
/// let clock = ManualClock::<1_000>::new();
/// let breaker = CircuitBreaker::new(&clock);
///
/// let permit = breaker.try_acquire()?;
/// let answered = true; // Send something, and see.
/// if answered { permit.success() } else { permit.failure() }
/// # Ok::<(), fusebox::Rejected>(())
/// ```
#[must_use = "a permit that is dropped counts as an abandoned call: settle it"]
pub struct Permit<'a, C: Clock, P: TripPolicy = MaxFailures<3>, L: Listener<K> = (), K: ?Sized = (), S = Settings<C, P>>
where
    S: AsRef<Settings<C, P>>,
{
    peer: Peer<'a, C, P, L, K, S>,
    grant: Grant,
}

impl<'a, C: Clock, P: TripPolicy, L: Listener<K>, K: ?Sized, S: AsRef<Settings<C, P>>> Permit<'a, C, P, L, K, S> {
    #[inline]
    pub(crate) const fn new(peer: Peer<'a, C, P, L, K, S>, grant: Grant) -> Self {
        Self { peer, grant }
    }

    /// Settles the call. Its length, where it matters, is the time since the permit was granted.
    #[inline]
    pub fn settle(self, outcome: Outcome) {
        let (peer, grant) = self.into_parts();
        peer.settle(grant, outcome, None);
    }

    /// Settles the call with the time it took, for callers who measured that themselves.
    pub fn settle_timed(self, outcome: Outcome, took: Duration) {
        let (peer, grant) = self.into_parts();
        peer.settle(grant, outcome, Some(ticks_in_at_most(took, C::HZ)));
    }

    /// The call succeeded.
    #[inline]
    pub fn success(self) {
        self.settle(Outcome::Success);
    }

    /// The call failed.
    #[inline]
    pub fn failure(self) {
        self.settle(Outcome::Failure);
    }

    /// The call says nothing about the peer, or was not made after all.
    #[inline]
    pub fn ignored(self) {
        self.settle(Outcome::Ignored);
    }

    /// Whether the circuit would have rejected the call, had it not been in observe mode. The result of
    /// such a call does not count, since it would not have been made.
    pub const fn would_reject(&self) -> bool {
        self.grant.low == Grant::WOULD_REJECT
    }

    /// Takes the permit apart without abandoning it.
    #[inline]
    pub(crate) fn into_parts(self) -> (Peer<'a, C, P, L, K, S>, Grant) {
        let parts = (self.peer, self.grant);
        mem::forget(self);
        parts
    }
}

impl<C: Clock, P: TripPolicy, L: Listener<K>, K: ?Sized, S: AsRef<Settings<C, P>>> Drop for Permit<'_, C, P, L, K, S> {
    #[inline]
    fn drop(&mut self) {
        self.peer.abandon(self.grant);
    }
}

impl<C: Clock, P: TripPolicy, L: Listener<K>, K: ?Sized, S: AsRef<Settings<C, P>>> core::fmt::Debug
    for Permit<'_, C, P, L, K, S>
{
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Permit").field("phase", &Phase::of(self.grant.low)).finish_non_exhaustive()
    }
}

#[cfg(feature = "defmt")]
impl<C: Clock, P: TripPolicy, L: Listener<K>, K: ?Sized, S: AsRef<Settings<C, P>>> defmt::Format
    for Permit<'_, C, P, L, K, S>
{
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Permit({})", Phase::of(self.grant.low).state());
    }
}
