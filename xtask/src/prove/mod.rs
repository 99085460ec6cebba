//! The steps of `cargo xtask prove`: what the tests promise, taken further than a test run has time for.

mod model;
mod properties;

use crate::step::Step;

pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "model",
        about: "the protocol of the shared words, in every state of a few threads",
        run: model::step,
    },
    Step { name: "property", about: "the property tests, with a thousand times as many cases", run: properties::step },
];
