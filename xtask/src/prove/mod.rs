//! The steps of `cargo xtask prove`: what the tests promise, taken further than a test run has time for.

mod oracle;
mod properties;
mod verdicts;

use crate::step::Step;

pub(crate) const STEPS: &[Step] = &[
    Step { name: "property", about: "the property tests, with a thousand times as many cases", run: properties::step },
    Step {
        name: "oracle10m",
        about: "ten million random calls against the published python-circuit",
        run: oracle::step,
    },
    Step {
        name: "verdicts",
        about: "scenarios and random traces, the same on hosts, s390x and four cores",
        run: verdicts::step,
    },
];
