//! The steps of `cargo xtask prove`: what the tests promise, taken further than a test run has time for.

mod mutants;
mod properties;

use crate::step::Step;

pub(crate) const STEPS: &[Step] = &[
    Step { name: "property", about: "the property tests, with a thousand times as many cases", run: properties::step },
    Step { name: "mutants", about: "no small change to the library's code goes unnoticed", run: mutants::step },
];
