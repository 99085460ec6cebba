//! What is explored: how many threads, circuits, calls and ticks, and by which settings.

use core::time::Duration;

use crate::Outcome;
use crate::defect::Defect;
use crate::time::MAX_TICKS;
use crate::{Settings, SettingsBuilder};

use super::circuit::Ticking;

/// One exploration. Times are ticks of the clock, which wraps after the third.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// What it is about.
    pub name: &'static str,
    /// Threads that race.
    pub threads: usize,
    /// Circuits that they call, 1 or 2.
    pub circuits: usize,
    /// How many calls each thread may make.
    pub calls: u8,
    /// How many ticks pass at most.
    pub ticks: u8,
    /// The settings of that name.
    pub wait: u8,
    /// The settings of that name, in ticks.
    pub lease: u8,
    /// Probes at a time.
    pub probes: u8,
    /// Successes that close.
    pub close_after: u8,
    /// Failures that trip.
    pub failures: u8,
    /// How many permits may be lost.
    pub losses: u8,
    /// How many commands are given by hand.
    pub hands: u8,
    /// Permits are dropped as well as settled.
    pub drops: bool,
    /// The clocks of the first thread's core is a tick behind.
    pub skewed: bool,
    /// The bug that is put in, if any.
    pub defect: Option<Defect>,
}

impl Setup {
    /// Two threads that make two calls each through one circuit.
    pub const SMALL: Self = Self {
        name: "two threads",
        threads: 2,
        circuits: 1,
        calls: 2,
        ticks: 4,
        wait: 2,
        lease: 2,
        probes: 1,
        close_after: 1,
        failures: 1,
        losses: 0,
        hands: 0,
        drops: false,
        skewed: false,
        defect: None,
    };

    /// The same with a bug in it.
    pub const fn with(self, defect: Defect) -> Self {
        Self { defect: Some(defect), ..self }
    }

    /// The first time on the clock.
    pub(super) const START: u32 = u32::MAX - 2;

    /// How long after the last tick every wait and every lease is over.
    pub(super) fn far(&self) -> u32 {
        u32::from(self.wait.max(self.lease)) + 2
    }

    pub(crate) fn builder(&self) -> SettingsBuilder<Ticking> {
        let millis = |ticks: u8| Duration::from_millis(ticks.into());
        let lease = match self.defect {
            Some(Defect::LeaseUnchecked) => Duration::from_millis(MAX_TICKS.into()),
            _ => millis(self.lease),
        };
        Settings::builder()
            .wait(millis(self.wait))
            .lease(lease)
            .probes(self.probes)
            .close_after(self.close_after)
            .abandoned(Outcome::Failure)
    }
}
