//! All scenarios of a file in all their trials.

use core::fmt;

use crate::failure::Failure;
use crate::packed::{Error, Scenario, Scenarios};
use crate::shelf::Room;
use crate::trace::Trace;
use crate::trial::Trial;

/// What became of a file's scenarios.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Scenarios.
    pub total: u32,
    /// Of them, those that passed each of their trials.
    pub passed: u32,
    /// How often scenarios were played.
    pub trials: u32,
    /// A checksum of all that was seen in all trials, and of the verdicts.
    pub digest: u32,
}

/// Plays all scenarios in all their trials. `failed` is told of the first trial of each scenario that fails.
///
/// # Errors
/// [`Error`] if there is a scenario that cannot be played.
pub fn play_all<'a>(
    scenarios: Scenarios<'a>,
    room: &Room,
    mut failed: impl FnMut(&Scenario<'a>, Trial, &Failure<'a>),
) -> Result<Report, Error> {
    let mut report = Report { total: 0, passed: 0, trials: 0, digest: 0 };
    let mut trace = Trace::new();
    for scenario in scenarios {
        let scenario = scenario?;
        let mut passed = true;
        for trial in scenario.trials() {
            let played = scenario.play(trial, room)?;
            report.trials += 1;
            trace.number(played.digest);
            trace.number(played.verdict.is_ok().into());
            if let Err(failure) = &played.verdict {
                if passed {
                    failed(&scenario, trial, failure);
                }
                passed = false;
            }
        }
        report.total += 1;
        report.passed += u32::from(passed);
    }
    report.digest = trace.finish();
    Ok(report)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { total, passed, trials, digest } = self;
        write!(f, "{passed}/{total} in {trials} trials, digest {digest:08x}")
    }
}
