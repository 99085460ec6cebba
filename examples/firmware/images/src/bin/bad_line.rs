//! A modem that is not there, or talks nonsense: the circuit of the modem opens, those of the peers do not.
#![no_std]
#![no_main]

use board::{UPTIME, Uart};
use embedded_io::{Error as _, ErrorKind, Read as _};
use fusebox::driver::GuardedIo;
use fusebox::{CircuitBreaker, Clock as _, Error, State};
use images::address::Address;
use images::link::Link;
use images::{finish, holds};

const PEERS: u8 = 4;
const MESSAGES: u16 = 40;
const TIMEOUT_MILLISECONDS: u32 = 100;

#[board::entry]
fn main() -> ! {
    board::start_uptime();
    let guarded = messages_over_a_bad_line();
    let read = reads_from_a_bad_line();
    finish(guarded && read)
}

/// The breaker of the modem, around whole messages: it sees silence and nonsense alike.
fn messages_over_a_bad_line() -> bool {
    let mut link = Link::<4>::new(Uart::open(TIMEOUT_MILLISECONDS));
    let (mut sent, mut suppressed, mut quick) = (0, 0, true);
    for number in 0..MESSAGES {
        board::sleep_until(u32::from(number) * 250);
        let peer = Address([2, 0, 0, 0, 0, number as u8 % PEERS]);
        let start = UPTIME.now();
        match link.send(&peer, number, 0) {
            Err(Error::Inner(Error::Inner(error))) => {
                if sent == 0 {
                    defmt::info!("the first message: {}", error);
                }
                sent += 1;
            }
            Err(Error::Inner(Error::Rejected(_))) => {
                suppressed += 1;
                quick &= UPTIME.now().elapsed_since(start) <= 1;
            }
            Err(Error::Rejected(_)) | Ok(()) => {}
        }
    }
    defmt::info!("sent {=u16}, suppressed {=u16}, modem {}", sent, suppressed, link.modem().state());
    let peers_are_closed = link.peers().iter().all(|peer| peer.state() == State::Closed && peer.tally().failures == 0);
    holds("each message failed or was suppressed", sent + suppressed == MESSAGES)
        & holds("most were suppressed", suppressed > sent)
        & holds("a suppressed message costs no time", quick)
        & holds("the modem's circuit is open", link.modem().state() == State::Open)
        & holds("no peer is blamed", peers_are_closed && link.peers().len() == usize::from(PEERS))
}

/// The same line behind a guard of the library, for drivers that know nothing of breakers.
fn reads_from_a_bad_line() -> bool {
    let breaker = CircuitBreaker::new(&UPTIME);
    let mut line = GuardedIo::new(Uart::open(TIMEOUT_MILLISECONDS), &breaker);
    let mut timeouts = 0;
    for _ in 0..64 {
        match line.read(&mut [0]) {
            Err(Error::Inner(ErrorKind::TimedOut)) => timeouts += 1,
            Err(error @ Error::Rejected(_)) => {
                defmt::info!("guarded: {=u32} timeouts, then {}", timeouts, error.kind());
                return holds("the fourth timeout opens", timeouts == 4)
                    & holds("a rejection is of the kind Other", error.kind() == ErrorKind::Other);
            }
            // What is left of the nonsense.
            Err(Error::Inner(_)) | Ok(_) => {}
        }
    }
    holds("the circuit opens", false)
}
