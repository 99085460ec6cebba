//! The steps of `cargo xtask prove`: what the tests promise, taken further than a test run has time for.

mod peers;
mod properties;

use crate::step::Step;

pub(crate) const STEPS: &[Step] = &[
    Step { name: "property", about: "the property tests, with a thousand times as many cases", run: properties::step },
    Step { name: "peers", about: "what went wrong in other crates, on them and on fusebox", run: peers::step },
];
