//! The steps of `cargo xtask prove`: what the tests promise, taken further than a test run has time for.

mod faults;
mod properties;

use crate::step::Step;

pub(crate) const STEPS: &[Step] = &[
    Step { name: "property", about: "the property tests, with a thousand times as many cases", run: properties::step },
    Step {
        name: "faults",
        about: "panics at every point, futures dropped at every await, processes killed, files damaged",
        run: faults::step,
    },
];
