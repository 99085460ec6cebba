//! The radio behind two layers of breakers: a circuit per peer, and one for the modem that all of them need.

use core::time::Duration;

use board::{UPTIME, Uart};
use embedded_io::ErrorKind;
use fusebox::clock::TickCounter;
use fusebox::policy::MaxFailures;
use fusebox::{CircuitBreaker, CircuitBreakerSet, DefmtListener, Error, Outcome, Settings, by_error, checked};

use crate::address::Address;
use crate::radio::{Fault, Radio, RadioError};

/// The clock of the breakers.
pub type Clock = &'static TickCounter<1_000>;

/// A message was not delivered: its peer's circuit is open, or the modem's is, or the radio says why.
pub type LinkError = Error<Error<RadioError<ErrorKind>>>;

/// The radio behind its breakers.
#[derive(Debug)]
pub struct Link<const PEERS: usize> {
    radio: Radio<Uart>,
    /// Guards all messages: if the modem is gone, none will arrive.
    modem: CircuitBreaker<Clock, MaxFailures<3>, DefmtListener>,
    /// Guards the messages to each peer.
    peers: CircuitBreakerSet<Address, Clock, PEERS, MaxFailures<2>, DefmtListener>,
}

/// The third failure within a minute opens. 8.3 s are no multiple of the second between two messages to a peer, so
/// that it does not depend on a millisecond which of them is the probe.
const PEER: Settings<Clock, MaxFailures<2>> = checked!(
    Settings::builder()
        .max_failures::<2>(2, Duration::from_secs(60))
        .wait(Duration::from_millis(8_300))
        .backoff_cap(Duration::from_millis(4 * 8_300))
        .build()
);
const MODEM: Settings<Clock> = checked!(Settings::builder().wait(Duration::from_secs(5)).build());

impl<const PEERS: usize> Link<PEERS> {
    /// The radio on this line, all circuits closed.
    pub const fn new(line: Uart) -> Self {
        Self {
            radio: Radio::new(line),
            modem: CircuitBreaker::with_listener(&UPTIME, MODEM, DefmtListener::named("modem")),
            peers: CircuitBreakerSet::with_listener(&UPTIME, PEER, DefmtListener::named("peer")),
        }
    }

    /// Sends a message if both circuits let it through. A modem that is gone is no peer's fault, and a peer that is
    /// gone not the modem's.
    ///
    /// # Errors
    /// [`LinkError`]
    pub fn send(&mut self, to: &Address, number: u16, reading: u32) -> Result<(), LinkError> {
        let (radio, modem) = (&mut self.radio, &self.modem);
        let blame_peer = by_error(|error: &Error<RadioError<ErrorKind>>| match error {
            Error::Inner(error) if error.fault() == Fault::Peer => Outcome::Failure,
            _ => Outcome::Ignored,
        });
        let blame_modem = by_error(|error: &RadioError<ErrorKind>| match error.fault() {
            Fault::Modem => Outcome::Failure,
            Fault::Air | Fault::Peer => Outcome::Success,
        });
        let peer = self.peers.peer(to)?;
        peer.call_with(blame_peer, || modem.call_with(blame_modem, || radio.send(to, number, reading)))
    }

    /// The circuit of the modem.
    pub const fn modem(&self) -> &CircuitBreaker<Clock, MaxFailures<3>, DefmtListener> {
        &self.modem
    }

    /// The circuits of the peers.
    pub const fn peers(&self) -> &CircuitBreakerSet<Address, Clock, PEERS, MaxFailures<2>, DefmtListener> {
        &self.peers
    }
}
