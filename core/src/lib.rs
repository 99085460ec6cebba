//! Circuit breakers for every peer a program talks to, from a microcontroller that guards a flaky radio
//! link to a fleet of servers: no heap, no lock, no `std`, no `unsafe`, no panic.
//!
//! A breaker watches the calls to a remote peer. Too many failures in a stretch of time and it *opens*:
//! calls are rejected at once, without being made. After a wait it is *half-open* and lets a *probe*
//! through. A probe that succeeds closes the circuit, one that fails opens it again.
//!
//! ```text
//!                 too many failures
//!     ┌────────┐ ──────────────────────▶ ┌──────┐
//!     │ closed │                         │ open │ ◀─────────────┐
//!     └────────┘                         └──────┘               │
//!         ▲                                  │ the wait is over │ a probe fails: the wait
//!         │                                  ▼ and a call comes │ doubles, if it may
//!         │        probes succeed      ┌───────────┐            │
//!         └─────────────────────────── │ half-open │ ───────────┘
//!                                      └───────────┘
//!                                        │       ▲
//!                                        └───────┘ the probes are lost: their lease ends
//!
//!     by hand, and for good:  forced open (rejects)   disabled (admits)   observe (admits, simulates)
//! ```
//!
//! # One breaker
//!
//! ```
//! use core::time::Duration;
//! use fusebox::{CircuitBreaker, Error, Settings, checked, clock::TickCounter};
//!
//! // Moved on by a timer interrupt: `UPTIME.tick()` a thousand times a second.
//! static UPTIME: TickCounter<1_000> = TickCounter::new();
//!
//! // Shared by tasks, threads and interrupt handlers as it is. Impossible settings do not compile.
//! static RADIO: CircuitBreaker<&TickCounter<1_000>> = CircuitBreaker::with_settings(
//!     &UPTIME,
//!     checked!(Settings::builder().wait(Duration::from_secs(5)).build()),
//! );
//! # fn transmit(_: &[u8]) -> Result<(), &'static str> { Err("no acknowledgement") }
//!
//! match RADIO.call(|| transmit(b"21.5 degrees")) {
//!     Ok(()) => {}
//!     Err(Error::Inner(_no_answer)) => {}
//!     // The radio was not even switched on.
//!     Err(Error::Rejected(_come_back_later)) => {}
//! }
//! ```
//!
//! # One circuit per peer
//!
//! [`CircuitBreakerSet`] keeps a circuit for each of up to `N` peers, in place. Finding a peer is
//! separate from calling it, so a [`Peer`] handle serves many calls.
//!
//! # Where things are
//!
//! | for | see |
//! |---|---|
//! | guarding a call | [`call`](CircuitBreaker::call), [`call_with`](CircuitBreaker::call_with), [`call_async`](CircuitBreaker::call_async), [`run`](CircuitBreaker::run) |
//! | asking first, settling later | [`try_acquire`](CircuitBreaker::try_acquire), [`Permit`], [`Ticket`] |
//! | what counts as a failure | [`Classify`], [`by_error`], [`Outcome`] |
//! | when to open, how long, how to recover | [`Settings`], [`policy`] |
//! | firmware that counts bytes | [`constant_settings!`] |
//! | by hand: open, reset, force open, disable, dry run | [`CircuitBreaker`] |
//! | being told | [`Listener`], [`Event`] |
//! | drivers that know nothing of breakers | `driver`, behind a feature per interface |
//! | time | [`Clock`], [`clock`] |
//! | reset and deep sleep | [`Snapshot`] |
//!
//! # What it costs
//!
//! Every circuit is one 64-bit state word and the few words its [policy] remembers: 12 bytes for
//! `Consecutive`, 20 for `MaxFailures<3>`. A call through a closed circuit is a load and a branch, and a
//! success writes nothing unless the policy counts successes. The word is an `AtomicU64` where there is
//! one. Elsewhere it is two 32-bit halves that are written in a critical section of a few instructions:
//! the program has to link an implementation of `critical-section`, as all do for these chips.
//!
//! A breaker does not replace timeouts: it only sees calls that end, or are dropped.
//!
//! # Features
//!
//! None is on by default.
//!
//! | feature | adds |
//! |---|---|
//! | `defmt` | `DefmtListener`, which logs transitions, and `defmt::Format` on every public type |
//! | `embedded-hal-1` | `driver`: guards for `embedded-hal` 1.0 I2C buses and SPI devices, and a wait on its delays |
//! | `embedded-hal-async-1` | the same for `embedded-hal-async` 1.0 |
//! | `embedded-io-07` | `driver`: a guard for `embedded-io` 0.7 readers and writers |
//! | `embedded-io-async-07` | the same for `embedded-io-async` 0.7 |
//! | `embedded-nal-async-09` | `driver`: a guard for `embedded-nal-async` 0.9 TCP connects |
//! | `embassy-time` | `clock::EmbassyClock` |
//! | `fugit` | `clock::FugitClock`, for functions that return a `fugit::Instant` |
#![cfg_attr(not(any(test, fusebox_loom)), no_std)]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    warn(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::integer_division,
        clippy::panic,
        clippy::string_slice,
        clippy::unwrap_used
    )
)]

mod atomic;
mod breaker;
mod call;
mod carrier;
mod cell;
mod circuit;
mod classify;
mod event;
mod guard;
mod jitter;
mod listener;
mod machine;
mod outcome;
mod peer;
mod permit;
mod rejected;
mod set;
mod settings;
mod settings_error;
mod snapshot;
mod time;
mod together;
mod word;

pub mod clock;
#[cfg(any(feature = "embedded-hal-1", feature = "embedded-io-07"))]
pub mod driver;
pub mod policy;

pub use breaker::CircuitBreaker;
pub use circuit::Circuit;
pub use classify::{AnyError, ByError, Classify, by_error};
pub use event::{Cause, Event, Transition, Trip, TripReason};
pub use jitter::Jitter;
#[cfg(feature = "defmt")]
pub use listener::DefmtListener;
pub use listener::Listener;
pub use outcome::{Outcome, State};
pub use peer::{Peer, Shared};
pub use permit::Permit;
pub use rejected::{Error, RejectReason, Rejected};
pub use set::{CircuitBreakerSet, Ticket, WhenFull};
pub use settings::{Settings, SettingsBuilder};
pub use settings_error::SettingsError;
pub use snapshot::{Snapshot, SnapshotError};
pub use time::{Clock, Instant, Ticks};
pub use together::{Acquire, OutcomesOf, Settle, Together};

/// The pieces of the page for firmware, as doc tests. Its program is run on an emulated board elsewhere.
#[cfg(all(doctest, feature = "embedded-hal-1"))]
#[doc = include_str!("../../docs/firmware.md")]
struct FirmwarePage;
