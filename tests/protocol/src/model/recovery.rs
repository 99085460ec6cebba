//! Whether a circuit finds its way back: from a state, with nothing but time and a caller.

use crate::stepping;
use crate::word::{Phase, Rule};
use crate::{Circuit, Instant, Outcome, Peer};

use super::circuit::Words;
use super::{Protocol, State};

impl<P: Words> Protocol<P> {
    /// Every thread ends what it is in the middle of and goes away with its permit. When all waits and leases are over,
    /// a caller must be let in, and close the circuit with as many successes as that takes.
    pub(super) fn recovers(&self, state: &State) -> bool {
        let circuits: Vec<Circuit<P>> = state.circuits.iter().map(|line| line.shared.circuit()).collect();
        for (thread, one) in state.threads.iter().enumerate() {
            if let (Some(op), Some(place)) = (one.running, one.at()) {
                let peer = Peer::new(&(), &circuits[usize::from(place)], &self.shared);
                let now = self.now_at(state, thread);
                stepping::rest(&one.log, now, self.setup.defect, || self.call(peer, op, one.ticket));
            }
        }
        circuits.iter().all(|circuit| self.closes(circuit, self.now(state).after(self.setup.far())))
    }

    /// Whether a caller is let in at this time, and closes the circuit. Successes of others do not count for long: their
    /// slots are given up with a lease, and all begins anew.
    fn closes(&self, circuit: &Circuit<P>, now: Instant) -> bool {
        stepping::set_time(now.ticks());
        let peer = Peer::new(&(), circuit, &self.shared);
        if circuit.word.load().rule() == Rule::ByHand {
            return true;
        }
        let Ok(grant) = peer.grant() else { return false };
        peer.settle(grant, Outcome::Success, None);
        for turn in 1..=self.setup.close_after {
            match peer.grant() {
                Ok(grant) => peer.settle(grant, Outcome::Success, None),
                Err(_) => stepping::set_time(now.after(u32::from(turn) * self.setup.far()).ticks()),
            }
        }
        let Ok(grant) = peer.grant() else { return false };
        peer.settle(grant, Outcome::Success, None);
        circuit.word.load().phase() == Phase::Closed
    }
}
