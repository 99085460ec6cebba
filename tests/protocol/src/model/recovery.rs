//! Whether a circuit finds its way back: from a state, with nothing but time and a caller.

use crate::stepping;
use crate::word::{Phase, Rule};
use crate::{Circuit, Outcome, Peer};

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
        stepping::set_time(self.now(state).after(self.setup.far()).ticks());
        circuits.iter().all(|circuit| {
            let peer = Peer::new(&(), circuit, &self.shared);
            if circuit.word.load().rule() == Rule::ByHand {
                return true;
            }
            for _ in 0..self.setup.close_after {
                let Ok(grant) = peer.grant() else { return false };
                peer.settle(grant, Outcome::Success, None);
            }
            circuit.word.load().phase() == Phase::Closed
        })
    }
}
