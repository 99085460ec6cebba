//! More failing peers than the table has room for: nobody who failed is forgotten, and the newcomer is told.
#![no_std]
#![no_main]

use board::UPTIME;
use fusebox::policy::MaxFailures;
use fusebox::{CircuitBreakerSet, DefmtListener, Error, RejectReason, Settings, State, WhenFull};
use images::address::Address;
use images::radio::RadioError;
use images::{finish, holds};

const ROOM: u8 = 4;

type Peers = CircuitBreakerSet<Address, images::link::Clock, { ROOM as usize }, MaxFailures<3>, DefmtListener>;

fn address(peer: u8) -> Address {
    Address([2, 0, 0, 0, 0, peer])
}

fn send(peers: &mut Peers, peer: u8, arrives: bool) -> Result<(), Error<RadioError<()>>> {
    peers.peer(&address(peer))?.call(|| if arrives { Ok(()) } else { Err(RadioError::NoAcknowledgement) })
}

#[board::entry]
fn main() -> ! {
    board::start_uptime();
    let mut peers = Peers::with_listener(&UPTIME, Settings::DEFAULT, DefmtListener::named("peer"));
    for _ in 0..4 {
        for peer in 0..ROOM {
            let _ = send(&mut peers, peer, false);
        }
    }
    let mut passed = holds("all circuits are open", peers.iter().all(|peer| peer.state() == State::Open));

    let result = send(&mut peers, ROOM, true);
    let full = matches!(result, Err(Error::Rejected(rejected)) if rejected.reason() == RejectReason::TableFull);
    defmt::info!("a peer too many: {}", result);
    passed &= holds("a peer too many is told that there is no room", full);

    peers.set_when_full(WhenFull::AdmitUntracked);
    let result = send(&mut peers, ROOM, true);
    defmt::info!("a peer too many, admitted untracked: {}", result);
    passed &= holds("it may be let through without a circuit", result.is_ok());
    passed &= holds("nobody was pushed out", (0..ROOM).all(|peer| peers.get(&address(peer)).is_some()));

    peers.set_when_full(WhenFull::Refuse);
    if let Some(recovered) = peers.get(&address(2)) {
        recovered.reset();
    }
    let result = send(&mut peers, ROOM, true);
    defmt::info!("a peer too many, after another recovered: {}", result);
    passed &= holds("a clean circuit makes room", result.is_ok() && peers.get(&address(2)).is_none());
    passed &= holds("and only that one", peers.len() == usize::from(ROOM) && peers.get(&address(1)).is_some());
    finish(passed)
}
