//! Who a message is for.

use defmt::Formatter;

/// The address of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Address(pub [u8; 6]);

/// As people write it: `02:00:00:00:00:07`.
impl defmt::Format for Address {
    fn format(&self, f: Formatter<'_>) {
        let [first, rest @ ..] = self.0;
        defmt::write!(f, "{=u8:02x}", first);
        for byte in rest {
            defmt::write!(f, ":{=u8:02x}", byte);
        }
    }
}
