//! What is done by hand, and what is seen, of a circuit wherever it lies.

use fusebox::clock::ManualClock;
use fusebox::policy::TripPolicy;
use fusebox::{Peer, SettingsError};

use crate::step::Manual;
use crate::subject::Look;

/// Whether it was accepted, where it can be refused.
pub(crate) fn by_hand<const HZ: u32, P: TripPolicy, K>(
    circuit: Peer<'_, &ManualClock<HZ>, P, (), K>,
    manual: Manual,
) -> Result<Option<bool>, SettingsError> {
    match manual {
        Manual::Open => circuit.open(),
        Manual::OpenFor(time) => circuit.open_for(time.as_duration())?,
        Manual::WaitAtLeast(time) => return circuit.wait_at_least(time.as_duration()).map(Some),
        Manual::HalfOpen => return Ok(Some(circuit.half_open())),
        Manual::Close => circuit.close(),
        Manual::Reset => circuit.reset(),
        Manual::ForceOpen => circuit.force_open(),
        Manual::Disable => circuit.disable(),
        Manual::Observe => circuit.observe(),
        Manual::Automatic => circuit.automatic(),
    }
    Ok(None)
}

pub(crate) fn look<const HZ: u32, P: TripPolicy, K>(circuit: Peer<'_, &ManualClock<HZ>, P, (), K>) -> Look {
    Look { state: circuit.state(), retry_after: circuit.retry_after(), tally: circuit.tally() }
}
