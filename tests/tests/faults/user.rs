//! What users bring: a key, a clock, a trip policy, a listener, a classifier and calls. All of it may panic.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use fusebox::clock::ManualClock;
use fusebox::policy::{Call, Cell, Tally, TripPolicy};
use fusebox::{Classify, Event, Instant, Listener, Outcome, Trip, TripReason};
use fusebox_std::Uptime;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::points::point;

#[derive(Debug)]
pub(crate) struct Key(pub(crate) u32);

impl Hash for Key {
    fn hash<H: Hasher>(&self, to: &mut H) {
        point("hash");
        self.0.hash(to);
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        point("eq");
        self.0 == other.0
    }
}

impl Eq for Key {}

impl Clone for Key {
    fn clone(&self) -> Self {
        point("clone of a key");
        Self(self.0)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        point("display");
        write!(f, "peer {}", self.0)
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        point("serialize");
        self.0.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        point("deserialize");
        u32::deserialize(from).map(Self)
    }
}

/// A clock that the test moves.
#[derive(Debug, Default)]
pub(crate) struct Clock(Arc<ManualClock<1_000>>);

impl Clock {
    /// Another one that shows the same time.
    pub(crate) fn same(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.0.advance(Duration::from_secs(seconds));
    }
}

impl Clone for Clock {
    fn clone(&self) -> Self {
        point("clone of a clock");
        self.same()
    }
}

impl fusebox::Clock for Clock {
    const HZ: u32 = 1_000;

    fn now(&self) -> Instant {
        point("now");
        self.0.now()
    }
}

impl Uptime for Clock {
    fn uptime(&self) -> Duration {
        point("uptime");
        self.0.uptime()
    }
}

/// Opens on the third failure in a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ThreeInARow;

impl TripPolicy for ThreeInARow {
    type History = Cell;
    #[allow(clippy::declare_interior_mutable_const, reason = "each circuit starts from a copy of it")]
    const EMPTY: Cell = Cell::new(0);

    fn record<C: fusebox::Clock>(&self, failures: &Cell, call: Call, _: &C) -> Option<Trip> {
        point("policy");
        let failed = failures.update(|failed| if call.failed { failed + 1 } else { 0 });
        (failed >= 3).then(|| Trip::new(TripReason::Custom, Tally { calls: failed, failures: failed, slow: 0 }))
    }

    fn clear(&self, failures: &Cell) {
        point("policy");
        failures.store(0);
    }

    fn tally<C: fusebox::Clock>(&self, failures: &Cell, _: Instant) -> Tally {
        point("policy");
        Tally { calls: failures.load(), failures: failures.load(), slow: 0 }
    }

    fn save<C: fusebox::Clock>(&self, failures: &Cell, _: Instant) -> u32 {
        point("policy");
        failures.load()
    }

    fn load<C: fusebox::Clock>(&self, failures: &Cell, saved: u32, _: Instant, _: u32) {
        point("policy");
        failures.store(saved);
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Told;

impl<K> Listener<K> for Told {
    fn on_event(&self, _: &K, _: &Event) {
        point("listener");
    }
}

/// Says what a call counts as: a success, unless it says otherwise itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Judge;

impl Classify<(), Outcome> for Judge {
    fn classify(&self, result: &Result<(), Outcome>) -> Outcome {
        point("classifier");
        result.err().unwrap_or(Outcome::Success)
    }
}

#[allow(clippy::unnecessary_wraps, reason = "a call may fail")]
pub(crate) fn succeeds() -> Result<(), Outcome> {
    point("call");
    Ok(())
}

#[allow(clippy::unnecessary_wraps, reason = "as above")]
pub(crate) fn fails() -> Result<(), Outcome> {
    point("call");
    Err(Outcome::Failure)
}

#[allow(clippy::unnecessary_wraps, reason = "as above")]
pub(crate) fn is_ignored() -> Result<(), Outcome> {
    point("call");
    Err(Outcome::Ignored)
}
