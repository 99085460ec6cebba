//! Clocks to choose from.
//!
//! | clock | for |
//! |---|---|
//! | [`TickCounter`] | a counter that an interrupt handler moves on, such as a 1 kHz `SysTick` |
//! | [`FnClock`] | any function that reads a free-running counter |
//! | `EmbassyClock` | programs with `embassy-time` (feature `embassy-time`) |
//! | `FugitClock` | RTIC monotonics and everything else that returns a `fugit::Instant` (feature `fugit`) |
//! | [`ManualClock`] | tests, simulations, replays |
//!
//! Clocks of the standard library and of Tokio are in `fusebox-std`.

mod counter;
#[cfg(feature = "embassy-time")]
mod embassy;
#[cfg(feature = "fugit")]
mod fugit;
mod function;
mod manual;

#[cfg(feature = "fugit")]
pub use self::fugit::FugitClock;
pub use counter::TickCounter;
#[cfg(feature = "embassy-time")]
pub use embassy::EmbassyClock;
pub use function::FnClock;
pub use manual::ManualClock;
