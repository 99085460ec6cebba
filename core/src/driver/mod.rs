//! Guards between a bus or a stream and drivers that know nothing of breakers.
//!
//! A guard implements the interface that it wraps, so a published driver runs on it as it is. It asks the
//! circuit before each transfer and settles it after. While the circuit is open nothing reaches the
//! hardware: the driver gets an [`Error::Rejected`](crate::Error::Rejected) inside its own error type, which
//! says [when to come back](crate::Error::retry_after).
//!
//! | guard | wraps | feature |
//! |---|---|---|
//! | `GuardedI2c` | an I2C bus, with a circuit per address | `embedded-hal-1`, `embedded-hal-async-1` |
//! | `GuardedSpiDevice` | an SPI device, with a validator of its answers | `embedded-hal-1`, `embedded-hal-async-1` |
//! | `GuardedIo` | a reader, a writer or both | `embedded-io-07`, `embedded-io-async-07` |
//! | `GuardedTcpConnect` | connects of a TCP stack, with a circuit per socket address | `embedded-nal-async-09` |
//!
//! `wait_until_ready` sleeps until a circuit may be tried again (`embedded-hal-1`), `wait_until_ready_async`
//! likewise (`embedded-hal-async-1`).
//!
//! A guard is for errors. A transfer that hangs is stopped by a timeout of the peripheral, or by dropping
//! its future, which counts as [abandoned](crate::SettingsBuilder::abandoned).

mod circuits;
mod held;
#[cfg(feature = "embedded-hal-1")]
mod i2c;
#[cfg(feature = "embedded-hal-async-1")]
mod i2c_async;
#[cfg(feature = "embedded-hal-1")]
mod i2c_blame;
#[cfg(feature = "embedded-io-07")]
mod io;
#[cfg(feature = "embedded-io-async-07")]
mod io_async;
#[cfg(feature = "embedded-hal-1")]
mod spi;
#[cfg(feature = "embedded-hal-async-1")]
mod spi_async;
#[cfg(feature = "embedded-nal-async-09")]
mod tcp;
#[cfg(feature = "embedded-hal-1")]
mod wait;
#[cfg(feature = "embedded-hal-async-1")]
mod wait_async;

pub use circuits::Circuits;
#[cfg(feature = "embedded-hal-1")]
pub use i2c::GuardedI2c;
#[cfg(feature = "embedded-hal-1")]
pub use i2c_blame::{Blame, BlameByKind, BlameError};
#[cfg(feature = "embedded-io-07")]
pub use io::{FailureByKind, GuardedIo};
#[cfg(feature = "embedded-hal-1")]
pub use spi::{ErrorsOnly, GuardedSpiDevice, ValidateResponse};
#[cfg(feature = "embedded-nal-async-09")]
pub use tcp::{ConnectError, GuardedConnection, GuardedTcpConnect};
#[cfg(feature = "embedded-hal-1")]
pub use wait::wait_until_ready;
#[cfg(feature = "embedded-hal-async-1")]
pub use wait_async::wait_until_ready_async;
