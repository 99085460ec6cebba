//! A permit without a borrow.

use super::slot::VACANT;
use crate::guard::Grant;
use crate::policy::TripPolicy;
use crate::word::{Rule, is_closed};

/// The right to make one call to a peer of a [`CircuitBreakerSet`](crate::CircuitBreakerSet), which is
/// given back to the set with [`settle`](crate::CircuitBreakerSet::settle).
///
/// Unlike a [`Permit`](crate::Permit) it does not borrow the set, so a lock around the set need not be
/// held during the call. It cannot be copied. One that is lost is made up for by the
/// [`lease`](crate::SettingsBuilder::lease) if it was a probe's, and missing from the counts otherwise.
///
/// ```
/// use fusebox::{CircuitBreakerSet, Outcome, State, clock::ManualClock};
///
/// let clock = ManualClock::<1_000>::new();
/// let mut set = CircuitBreakerSet::<u16, _, 8>::new(&clock);
/// for _ in 0..4 {
///     let ticket = set.try_acquire(&7)?;
///     // The set is free while the call is under way.
///     set.settle(ticket, Outcome::Failure);
/// }
/// assert_eq!(set.get(&7).map(|peer| peer.state()), Some(State::Open));
/// # Ok::<(), fusebox::Rejected>(())
/// ```
#[derive(Debug)]
#[must_use = "a lost ticket is a call whose outcome nobody knows: settle it"]
pub struct Ticket {
    pub(crate) grant: Grant,
    /// The slot's number.
    pub(super) place: u16,
    /// The hash of the peer's key: another peer in the same slot is told by it.
    pub(super) hash: u16,
}

impl Ticket {
    /// A ticket for a circuit that is in no table.
    pub(crate) const fn of_no_place(grant: Grant) -> Self {
        Self { grant, place: u16::MAX, hash: VACANT }
    }

    /// Whether the circuit would have rejected the call, had it not been in observe mode.
    pub const fn would_reject(&self) -> bool {
        self.grant.low == Grant::WOULD_REJECT
    }

    /// Whether a success of this call would change nothing of a circuit with the policy `P`, whatever happens until then.
    /// Such a success need not be settled: for tables of your own, which then need not keep hold of the circuit.
    #[inline]
    pub const fn needs_no_success<P: TripPolicy>(&self) -> bool {
        !P::COUNTS_SUCCESSES && is_closed(self.grant.low) && !self.grant.is_timed()
    }

    /// Whether the call may turn out to be slow: it knows when it began, or a circuit let it through that is not closed.
    #[inline]
    pub const fn may_be_slow(&self) -> bool {
        self.grant.may_be_slow()
    }

    /// Whether the call is a probe of a half-open circuit, which holds one of the slots for those.
    #[inline]
    pub const fn is_probe(&self) -> bool {
        matches!(Rule::of(self.grant.low), Rule::HalfOpen)
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Ticket {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Ticket({=u16})", self.place);
    }
}
