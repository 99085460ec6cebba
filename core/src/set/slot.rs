//! One place in the table.

use crate::circuit::Circuit;
use crate::peer::{Peer, Shared};
use crate::policy::TripPolicy;
use crate::settings::Settings;
use crate::time::Instant;
use crate::word::{Phase, Word};

/// One place in the table. It keeps its number for good, so that tickets find it.
#[derive(Debug)]
pub(super) struct Slot<K, P: TripPolicy> {
    pub(super) key: K,
    circuit: Circuit<P>,
    /// The key's hash, or [`VACANT`].
    pub(super) hash: u16,
    /// When it was last used, in uses of the set.
    pub(super) used: u16,
}

/// The hash of no key.
pub(super) const VACANT: u16 = 0;

impl<K, P: TripPolicy> Slot<K, P> {
    /// A new circuit, `used` being a time that is not now. Where its generations begin tells its jitter from that
    /// of others who open in the same moment.
    pub(super) const fn new(key: K, hash: u16, used: u16) -> Self {
        Self { key, circuit: Circuit::with_generation(hash as u8), hash, used }
    }

    /// A place whose calls all go through and count for nothing.
    pub(super) const fn untracked(key: K) -> Self {
        let disabled = Word::NEW.switched_to(Phase::Disabled, Instant::from_ticks(0));
        Self { key, circuit: Circuit::at(disabled), hash: VACANT, used: 0 }
    }

    pub(super) const fn is_taken(&self) -> bool {
        self.hash != VACANT
    }

    #[inline]
    pub(super) fn peer<'a, C, L, S>(&'a self, shared: &'a Shared<C, L, S>) -> Peer<'a, C, P, L, K, S> {
        Peer { key: &self.key, circuit: &self.circuit, shared }
    }

    pub(super) fn vacate(&mut self) {
        self.hash = VACANT;
    }

    /// Starts a new circuit here. It goes on in the next generation: what comes of calls to the peer
    /// before it is void.
    pub(super) fn give_to<C>(&mut self, key: K, hash: u16, used: u16, settings: &Settings<C, P>) {
        let word = self.circuit.word.load();
        let fresh = word.switched_to(Phase::Closed, Instant::from_ticks(0)).with_exponent(0).next_generation();
        settings.policy.clear(&self.circuit.history);
        self.circuit.set(fresh);
        self.hash = hash;
        self.used = used;
        // Last, since the key before may panic when it is dropped.
        self.key = key;
    }
}

#[cfg(not(target_has_atomic = "64"))]
const _: () = {
    use crate::policy::{Consecutive, MaxFailures};

    assert!(size_of::<Slot<u32, Consecutive>>() == 4 + 12 + 4);
    assert!(size_of::<Slot<u32, MaxFailures<3>>>() == 4 + 20 + 4);
};
