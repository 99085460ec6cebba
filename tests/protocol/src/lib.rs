//! The protocol of state word, history, permits and leases, explored by a model checker.
//!
//! The sources of `core` are compiled in here as they are, but for the atomics: those of [`atomic`] stop after each
//! step. So every step of the model is one atomic step of the real code, and there is no second description of the
//! protocol that could drift from it.

#![allow(dead_code, unreachable_pub, unused_imports, reason = "of the library, only what threads share is run here")]
#![allow(unexpected_cfgs, reason = "the library's features are none of this package's")]
#![allow(clippy::unused_self, clippy::wrong_self_convention, reason = "what is public in the library is not here")]

mod atomic;
#[path = "../../../core/src/breaker.rs"]
mod breaker;
#[path = "../../../core/src/call.rs"]
mod call;
#[path = "../../../core/src/carrier.rs"]
mod carrier;
#[path = "../../../core/src/cell.rs"]
mod cell;
#[path = "../../../core/src/circuit.rs"]
mod circuit;
#[path = "../../../core/src/classify.rs"]
mod classify;
#[path = "../../../core/src/clock/mod.rs"]
mod clock;
#[path = "../../../core/src/event.rs"]
mod event;
#[path = "../../../core/src/guard.rs"]
mod guard;
#[path = "../../../core/src/jitter.rs"]
mod jitter;
#[path = "../../../core/src/listener/mod.rs"]
mod listener;
#[path = "../../../core/src/machine/mod.rs"]
mod machine;
#[path = "../../../core/src/outcome.rs"]
mod outcome;
#[path = "../../../core/src/peer.rs"]
mod peer;
#[path = "../../../core/src/permit.rs"]
mod permit;
#[path = "../../../core/src/policy/mod.rs"]
mod policy;
#[path = "../../../core/src/rejected.rs"]
mod rejected;
#[path = "../../../core/src/set/mod.rs"]
mod set;
#[path = "../../../core/src/settings/mod.rs"]
mod settings;
#[path = "../../../core/src/settings_error.rs"]
mod settings_error;
#[path = "../../../core/src/snapshot.rs"]
mod snapshot;
#[path = "../../../core/src/time.rs"]
mod time;
#[path = "../../../core/src/together.rs"]
mod together;
#[path = "../../../core/src/word.rs"]
mod word;

use circuit::Circuit;
use event::Event;
use listener::Listener;
use outcome::Outcome;
use peer::{Peer, Shared};
use settings::{Settings, SettingsBuilder};
use time::{Clock, Instant};

mod defect;
mod explore;
mod model;
mod stepping;

pub use defect::Defect;
pub use explore::{Explored, Policy, explore, find_defect};
pub use model::Setup;
