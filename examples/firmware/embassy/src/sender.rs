//! A task that sends, and counts what comes of it.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use defmt::info;
use embassy_time::{Delay, Duration, Timer, with_timeout};
use fusebox::driver::wait_until_ready_async;
use fusebox::{Error, RejectReason};

use crate::{LINK, RADIO};

/// One of the tasks that send.
pub(crate) struct Sender {
    name: &'static str,
    period: Duration,
    pub(crate) delivered: AtomicU32,
    pub(crate) unanswered: AtomicU32,
    pub(crate) timed_out: AtomicU32,
    /// Calls that were made although the circuit was open.
    pub(crate) too_early: AtomicU32,
}

impl Sender {
    pub(crate) const fn new(name: &'static str, period: Duration) -> Self {
        Self {
            name,
            period,
            delivered: AtomicU32::new(0),
            unanswered: AtomicU32::new(0),
            timed_out: AtomicU32::new(0),
            too_early: AtomicU32::new(0),
        }
    }

    pub(crate) async fn run(&self) -> ! {
        loop {
            wait_until_ready_async(&RADIO, &mut Delay).await;
            match with_timeout(TIMEOUT, RADIO.call_async(|| LINK.transmit())).await {
                Ok(Ok(())) => count(&self.delivered),
                Ok(Err(error)) => {
                    info!("{}: {}", self.name, error);
                    match error {
                        Error::Inner(_) => count(&self.unanswered),
                        Error::Rejected(rejected) if rejected.reason() == RejectReason::Open => count(&self.too_early),
                        Error::Rejected(_) => {}
                    }
                }
                Err(_) => {
                    info!("{}: no answer in time", self.name);
                    count(&self.timed_out);
                }
            }
            Timer::after(self.period).await;
        }
    }
}

/// The longest time that a task waits for an answer.
pub(crate) const TIMEOUT: Duration = Duration::from_millis(50);

/// The executor has one thread: a load and a store are enough.
fn count(counter: &AtomicU32) {
    counter.store(counter.load(Relaxed) + 1, Relaxed);
}
