//! Every public type has a `defmt::Format`, so that firmware can log it.
#![cfg(all(feature = "defmt", not(fusebox_loom)))]

use fusebox::clock::{FnClock, ManualClock, TickCounter};
use fusebox::policy::{Call, Cell, Consecutive, CountWindow, MaxFailures, Rates, Tally, TimeWindow};
use fusebox::*;

type Khz = ManualClock<1_000>;

const fn is_format<T: defmt::Format>() {}

/// Compiling is the test.
const _: () = {
    is_format::<AnyError>();
    is_format::<ByError<fn(&()) -> Outcome>>();
    is_format::<Cause>();
    is_format::<Circuit>();
    is_format::<CircuitBreaker<Khz>>();
    is_format::<CircuitBreakerSet<u16, Khz, 4>>();
    is_format::<DefmtListener>();
    is_format::<Error<()>>();
    is_format::<Event>();
    is_format::<Instant>();
    is_format::<Jitter>();
    is_format::<Outcome>();
    is_format::<Peer<'static, Khz>>();
    is_format::<Permit<'static, Khz>>();
    is_format::<RejectReason>();
    is_format::<Rejected>();
    is_format::<Settings<Khz>>();
    is_format::<SettingsBuilder<Khz>>();
    is_format::<SettingsError>();
    is_format::<Shared<Khz, (), Settings<Khz>>>();
    is_format::<Snapshot>();
    is_format::<SnapshotError>();
    is_format::<State>();
    is_format::<Ticket>();
    is_format::<Ticks>();
    is_format::<Together<()>>();
    is_format::<Transition>();
    is_format::<Trip>();
    is_format::<TripReason>();
    is_format::<WhenFull>();
    is_format::<Call>();
    is_format::<Cell>();
    is_format::<Consecutive>();
    is_format::<CountWindow>();
    is_format::<MaxFailures>();
    is_format::<Rates>();
    is_format::<Tally>();
    is_format::<TimeWindow>();
    is_format::<FnClock<1_000>>();
    is_format::<Khz>();
    is_format::<TickCounter<1_000>>();
};

/// It logs the events of breakers and of sets with any key that can be logged.
const fn listens_to<K: defmt::Format + ?Sized>()
where
    DefmtListener: Listener<K>,
{
}

const _: () = {
    listens_to::<()>();
    listens_to::<u16>();
    listens_to::<[u8; 6]>();
    listens_to::<heapless::String<16>>();
    listens_to::<str>();
};

#[cfg(feature = "embassy-time")]
const _: () = is_format::<fusebox::clock::EmbassyClock>();

#[cfg(feature = "fugit")]
const _: () = is_format::<fusebox::clock::FugitClock<u32, 1, 1_000, fugit::kind::Monotonic>>();

#[cfg(feature = "embedded-hal-1")]
const _: () = {
    use fusebox::driver::{Blame, BlameByKind, ErrorsOnly, GuardedI2c, GuardedSpiDevice};

    is_format::<Blame>();
    is_format::<BlameByKind>();
    is_format::<ErrorsOnly>();
    is_format::<GuardedI2c<(), CircuitBreaker<Khz>>>();
    is_format::<GuardedSpiDevice<(), CircuitBreaker<Khz>>>();
};

#[cfg(feature = "embedded-io-07")]
const _: () = {
    is_format::<fusebox::driver::FailureByKind>();
    is_format::<fusebox::driver::GuardedIo<(), CircuitBreaker<Khz>>>();
};

#[cfg(feature = "embedded-nal-async-09")]
const _: () = {
    is_format::<fusebox::driver::ConnectError<()>>();
    is_format::<fusebox::driver::GuardedConnection<()>>();
    is_format::<fusebox::driver::GuardedTcpConnect<(), CircuitBreaker<Khz>>>();
};
