//! The steps of `cargo xtask prove`: what the tests promise, taken further than a test run has time for.

mod fuzz;
mod properties;

use crate::step::Step;

pub(crate) const STEPS: &[Step] = &[
    Step { name: "property", about: "the property tests, with a thousand times as many cases", run: properties::step },
    Step { name: "fuzz", about: "random input that looks for a way through the code", run: fuzz::step },
];
