//! Four peers behind a radio modem, one of which dies and returns.
//!
//! Every 250 ms a message goes to the next peer. The log has each transition, each outage of a peer and the sums.
#![no_std]
#![no_main]

use board::Uart;
use fusebox::Error;
use images::address::Address;
use images::energy::UNACKNOWLEDGED_MICROJOULES;
use images::link::Link;

const PEERS: [Address; 4] = [address(0x11), address(0x22), address(0x33), address(0x44)];
const MESSAGES: u16 = 480;
const MILLISECONDS_PER_MESSAGE: u32 = 250;
const TIMEOUT_MILLISECONDS: u32 = 200;

const fn address(last: u8) -> Address {
    Address([2, 0, 0, 0, 0, last])
}

/// What became of the messages to a peer.
#[derive(Default)]
struct Counts {
    sent: u32,
    delivered: u32,
    suppressed: u32,
}

/// Messages between two that arrived.
#[derive(Default)]
struct Outage {
    first: u16,
    messages: u32,
    suppressed: u32,
}

#[board::entry]
fn main() -> ! {
    board::start_uptime();
    let mut link = Link::<4>::new(Uart::open(TIMEOUT_MILLISECONDS));
    let mut counts: [Counts; 4] = Default::default();
    let mut outages: [Outage; 4] = Default::default();
    defmt::info!(
        "begin: {=u16} messages to {=usize} peers, {=u32} ms apart",
        MESSAGES,
        PEERS.len(),
        MILLISECONDS_PER_MESSAGE
    );

    for (number, index) in (0..MESSAGES).zip((0..PEERS.len()).cycle()) {
        board::sleep_until(u32::from(number) * MILLISECONDS_PER_MESSAGE);
        let (peer, count, outage) = (&PEERS[index], &mut counts[index], &mut outages[index]);
        let result = link.send(peer, number, 0x1505 ^ u32::from(number));
        let suppressed = matches!(result, Err(Error::Rejected(_) | Error::Inner(Error::Rejected(_))));
        count.sent += u32::from(!suppressed);
        count.suppressed += u32::from(suppressed);
        count.delivered += u32::from(result.is_ok());
        if result.is_ok() {
            outage.tell(peer, number);
            *outage = Outage::default();
        } else {
            outage.add(number, suppressed);
        }
    }

    let mut sum = Counts::default();
    for (peer, count) in PEERS.iter().zip(&counts) {
        let Counts { sent, delivered, suppressed } = count;
        defmt::info!("total {}: sent {}, delivered {}, suppressed {}", peer, sent, delivered, suppressed);
        sum.sent += sent;
        sum.delivered += delivered;
        sum.suppressed += suppressed;
    }
    defmt::info!(
        "sent {=u32}, delivered {=u32}, suppressed {=u32}, saved {=u32} uJ",
        sum.sent,
        sum.delivered,
        sum.suppressed,
        sum.suppressed * UNACKNOWLEDGED_MICROJOULES
    );
    images::finish(sum.sent + sum.suppressed == u32::from(MESSAGES))
}

impl Outage {
    fn add(&mut self, number: u16, suppressed: bool) {
        if self.messages == 0 {
            self.first = number;
        }
        self.messages += 1;
        self.suppressed += u32::from(suppressed);
    }

    /// Tells of an outage with rejected messages that ended with the delivery of this message.
    fn tell(&self, peer: &Address, delivered: u16) {
        if self.suppressed > 0 {
            let Self { first, messages, suppressed } = *self;
            let share = suppressed * 100 / messages;
            defmt::info!(
                "outage {}: messages {=u16} to {=u16}, {=u32} of {=u32} suppressed ({=u32} %)",
                peer,
                first,
                delivered,
                suppressed,
                messages,
                share
            );
        }
    }
}
