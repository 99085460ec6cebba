//! A radio that can fail in the ways radios do, and counts what it sends.

use core::future::pending;
use core::sync::atomic::{AtomicU8, AtomicU32, Ordering::Relaxed};

use embassy_time::Timer;

/// What becomes of a transmission.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(crate) enum Peer {
    Answers,
    /// Is not there: the radio gives up by itself.
    IsGone,
    /// Keeps the radio waiting for ever.
    Hangs,
}

pub(crate) struct NoAnswer;

impl defmt::Format for NoAnswer {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "no answer");
    }
}

pub(crate) struct Link {
    peer: AtomicU8,
    sent: AtomicU32,
}

impl Link {
    pub(crate) const fn new() -> Self {
        Self { peer: AtomicU8::new(Peer::Answers as u8), sent: AtomicU32::new(0) }
    }

    pub(crate) fn set(&self, peer: Peer) {
        self.peer.store(peer as u8, Relaxed);
    }

    /// How many frames went on air.
    pub(crate) fn sent(&self) -> u32 {
        self.sent.load(Relaxed)
    }

    pub(crate) async fn transmit(&self) -> Result<(), NoAnswer> {
        const ANSWERS: u8 = Peer::Answers as u8;
        const IS_GONE: u8 = Peer::IsGone as u8;
        self.sent.store(self.sent() + 1, Relaxed);
        Timer::after_millis(5).await;
        match self.peer.load(Relaxed) {
            ANSWERS => Ok(()),
            IS_GONE => Err(NoAnswer),
            _ => pending().await,
        }
    }
}
