//! What a replay came to, in numbers.

use std::fmt;

use indicatif::HumanCount;
use serde::Serialize;

/// The counts of a replay; as JSON, the object that `replay --json` prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Summary {
    pub(crate) calls: u64,
    pub(crate) permitted: u64,
    pub(crate) rejected: u64,
    /// Permitted and failed.
    pub(crate) failures: u64,
    /// Rejected, and would have failed.
    pub(crate) failures_avoided: u64,
    /// Rejected, but would have succeeded.
    pub(crate) successes_missed: u64,
    /// From closed to open; a failed probe is none.
    pub(crate) trips: u64,
    pub(crate) peers: u64,
}

impl Summary {
    /// Adds a call that was let through or not, and that goes well if it is made.
    pub(crate) fn count(&mut self, ok: bool, permitted: bool) {
        self.calls += 1;
        if permitted {
            self.permitted += 1;
            self.failures += u64::from(!ok);
        } else {
            self.rejected += 1;
            self.failures_avoided += u64::from(!ok);
            self.successes_missed += u64::from(ok);
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arrived = self.permitted - self.failures;
        let lost = self.failures + self.failures_avoided;
        let good = arrived + self.successes_missed;
        writeln!(f, "  packets      {:>11}  on {} links", count(self.calls), count(self.peers))?;
        writeln!(
            f,
            "  sent         {:>11}  {} arrived, {} were lost",
            count(self.permitted),
            count(arrived),
            count(self.failures)
        )?;
        writeln!(f, "  suppressed   {:>11}  an open circuit kept them off the air", count(self.rejected))?;
        writeln!(
            f,
            "    dead air   {:>11}  would have been lost: {} of all losses avoided",
            count(self.failures_avoided),
            percent(self.failures_avoided, lost)
        )?;
        writeln!(
            f,
            "    missed     {:>11}  would have arrived: {} of the good packets",
            count(self.successes_missed),
            percent(self.successes_missed, good)
        )?;
        write!(f, "  trips        {:>11}  from closed to open", count(self.trips))
    }
}

/// With commas; as text, since these numbers do not keep to a width by themselves.
fn count(number: u64) -> String {
    HumanCount(number).to_string()
}

/// `part` of `whole`, rounded to a tenth of a percent.
fn percent(part: u64, whole: u64) -> String {
    let tenths = (u128::from(part) * 1000 + u128::from(whole) / 2).checked_div(u128::from(whole)).unwrap_or(0);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_is_in_one_place() {
        let mut summary = Summary::default();
        for (ok, permitted, times) in [(true, true, 5), (false, true, 3), (false, false, 20), (true, false, 1)] {
            (0..times).for_each(|_| summary.count(ok, permitted));
        }
        let expected = Summary {
            calls: 29,
            permitted: 8,
            rejected: 21,
            failures: 3,
            failures_avoided: 20,
            successes_missed: 1,
            ..Summary::default()
        };
        assert_eq!(summary, expected);
        let text = summary.to_string();
        assert!(text.contains("87.0 % of all losses") && text.contains("16.7 % of the good"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }

    #[test]
    fn percentages_round_and_stand_an_empty_whole() {
        assert_eq!(percent(2, 3), "66.7 %");
        assert_eq!(percent(1, 1), "100.0 %");
        assert_eq!(percent(0, 0), "0.0 %");
        assert_eq!(percent(u64::MAX, u64::MAX), "100.0 %");
    }
}
