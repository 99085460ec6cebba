//! The budgets of `docs/design.md` for a host.

use std::fmt;

use super::figures::{Bytes, Figures, Kind};

/// The bare lookup that a set is measured by.
pub(super) const LOOKUP: &str = "papaya, get and load";

/// The breaker as most programs have it. Those with constant settings are no slower.
const BREAKERS: [&str; 3] = ["breaker in a static", "breaker, constant settings", "breaker, settings held"];
const HANDLE: &str = "Handle";
const COUNTED: &str = "Handle, Counts::All";

/// A budget and what was measured.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Verdict {
    what: String,
    unit: &'static str,
    measured: Option<f64>,
    bound: Bound,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Bound {
    AtMost(f64),
    AtLeast(f64),
    MoreThan(f64),
}

impl Verdict {
    /// Whether it is met; not so if nothing could be measured.
    pub(crate) fn is_met(&self) -> bool {
        self.measured.is_some_and(|measured| match self.bound {
            Bound::AtMost(most) => measured <= most,
            Bound::AtLeast(least) => measured >= least,
            Bound::MoreThan(less) => measured > less,
        })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, unit, measured, bound } = self;
        let measured = measured.map_or("not measured".into(), |measured| format!("{measured:.2}{unit}"));
        let bound = match bound {
            Bound::AtMost(most) => format!("<= {most}{unit}"),
            Bound::AtLeast(least) => format!(">= {least}{unit}"),
            Bound::MoreThan(less) => format!("> {less}{unit}"),
        };
        let word = if self.is_met() { "met" } else { "NOT met" };
        write!(f, "{word:<8} {what:<66} {measured:>12}   {bound}")
    }
}

/// All budgets, met or not.
pub(super) fn judge(figures: &Figures) -> Vec<Verdict> {
    let mut verdicts = vec![];
    let mut say = |what: &str, unit, measured, bound| {
        verdicts.push(Verdict { what: what.into(), unit, measured, bound });
    };
    let of = |row: &str, name: &str| figures.median(row, name);
    // What holds for the breaker holds for each way to have one.
    let slowest = |row: &str| BREAKERS.iter().filter_map(|name| of(row, name)).reduce(f64::max);
    let ratio = |one: Option<f64>, other: Option<f64>| Some(one? / other?);
    let (success, two) = ("closed_success", "two_threads");

    let bare = of(success, "bare call");
    let peer = figures.fastest_peer(success, |_| true).map(|(_, time)| time);
    for (whose, time, together) in
        [("the breaker", slowest(success), slowest(two)), ("a Handle", of(success, HANDLE), of(two, HANDLE))]
    {
        let over = time.zip(bare).map(|(time, bare)| time - bare);
        say(&format!("{whose}, closed, success: over the bare call"), " ns", over, Bound::AtMost(2.0));
        say(&format!("{whose}, closed, success: the fastest peer takes"), "x", ratio(peer, time), Bound::AtLeast(6.0));
        say(&format!("{whose}, two threads: its one-thread time"), "x", ratio(together, time), Bound::AtMost(2.0));
    }
    say("closed, success, every call counted", " ns", of(success, COUNTED), Bound::AtMost(5.0));
    say("the same, two threads", " ns", of(two, COUNTED), Bound::AtMost(8.0));
    let window = figures.fastest_peer(success, has_window).map(|(_, time)| time);
    for name in ["breaker, CountWindow", "Handle, CountWindow"] {
        let ratio = ratio(window, of(success, name));
        say(&format!("{name}: the fastest peer with a window takes"), "x", ratio, Bound::MoreThan(1.0));
    }
    for name in ["breaker, settings held", HANDLE] {
        let ratio = ratio(of("open_rejected", name), of("floors", "Instant::now()"));
        say(&format!("{name}, open, rejected: Instant::now()"), "x", ratio, Bound::AtMost(1.2));
    }
    for (row, peers) in [("keyed_1", "1 peer"), ("keyed_1000", "1,000 peers"), ("keyed_100000", "100,000 peers")] {
        let ratio = ratio(of(row, "CircuitBreakerSet"), of(row, LOOKUP));
        say(&format!("a set of {peers}, lookup and call: {LOOKUP}"), "x", ratio, Bound::AtMost(1.3));
    }
    for (what, name, most) in [("a page", "a page", 1.0), ("sync", "sync", 0.3)] {
        // The figures are nanoseconds a series.
        let millis = of("export_13", name).map(|time| time * 13_000.0 / 1e6);
        say(&format!("1,000 circuits with 13 series each, {what}"), " ms", millis, Bound::AtMost(most));
    }
    let callers = |name: &str| of("callers_100000", name);
    let slower = ratio(callers("99.9 % of the calls, meanwhile"), callers("99.9 % of the calls, alone"));
    say("100,000 circuits on a page, 99.9 % of the calls: those without", "x", slower, Bound::AtMost(2.0));
    let stopped = ratio(callers("the longest call, meanwhile"), callers("a page of all of them"));
    say("100,000 circuits on a page, the longest call: the page", "x", stopped, Bound::AtMost(0.1));
    let ours = figures.bytes.iter().filter(|bytes| bytes.kind == Kind::Ours);
    let most = ours.map(|Bytes { allocations, .. }| *allocations).reduce(f64::max);
    say("allocations a call, whichever of ours", "", most, Bound::AtMost(0.0));
    verdicts
}

/// Whether a peer judges the last calls, or those of a stretch of time, as the breakers do that it is compared with.
pub(super) fn has_window(name: &str) -> bool {
    ["failsafe, default", "recloser", "tower-resilience-circuitbreaker"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::super::figures::tests::figures;
    use super::*;

    #[test]
    fn a_budget_is_met_or_not_and_what_was_not_measured_is_not() {
        let verdicts = judge(&figures());
        let found = |what: &str| verdicts.iter().find(|verdict| verdict.what == what).unwrap();
        let over = found("the breaker, closed, success: over the bare call");
        assert_eq!((over.measured, over.is_met()), (Some(1.0), true));
        let peer = found("the breaker, closed, success: the fastest peer takes");
        assert_eq!((peer.measured, peer.is_met()), (Some(5.0), false));
        let two = found("the breaker, two threads: its one-thread time");
        assert_eq!((two.measured, two.is_met()), (Some(2.5), false));
        assert!(!found("a Handle, closed, success: over the bare call").is_met());
        assert!(found("allocations a call, whichever of ours").is_met());
        let line = peer.to_string();
        assert!(line.starts_with("NOT met  the breaker, closed") && line.ends_with(" 5.00x   >= 6x"), "{line}");
    }
}
