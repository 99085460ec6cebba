//! The steps of `cargo xtask prove`: what the tests promise, taken further than a test run has time for.

mod coverage;
mod dashboard;
mod dependencies;
mod faults;
mod fuzz;
mod interface;
mod model;
mod mutants;
mod oracle;
mod peers;
mod properties;
mod verdicts;

use crate::step::Step;

pub(crate) const STEPS: &[Step] = &[
    Step { name: "api", about: "the public interface is the one that is written down", run: interface::listed },
    Step { name: "semver", about: "what the last release had is still there", run: interface::compatible },
    Step { name: "deny", about: "licences, sources and versions of what this stands on", run: dependencies::allowed },
    Step { name: "unsafe", about: "where unsafe code is", run: dependencies::without_unsafe_code },
    Step { name: "dashboard", about: "the dashboard is what Grafana's own types say", run: dashboard::step },
    Step { name: "coverage", about: "lines of the libraries that their tests run", run: coverage::step },
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
    Step { name: "peers", about: "what went wrong in other crates, on them and on fusebox", run: peers::step },
    Step {
        name: "model",
        about: "the protocol of the shared words, in every state of a few threads",
        run: model::step,
    },
    Step {
        name: "faults",
        about: "panics at every point, futures dropped at every await, processes killed, files damaged",
        run: faults::step,
    },
    Step { name: "fuzz", about: "random input that looks for a way through the code", run: fuzz::step },
    Step { name: "mutants", about: "no small change to the library's code goes unnoticed", run: mutants::step },
];
