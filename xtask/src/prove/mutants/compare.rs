//! What survived against what is listed, in both directions.

use super::outcomes::{End, Outcome};
use super::survivors::{Kind, Survivor};

/// What is wrong, an entry each: survivors that are not listed, and listed mutants that do not survive.
pub(super) fn problems(outcomes: &[Outcome], listed: &[Survivor]) -> Vec<String> {
    let mut left: Vec<&Survivor> = listed.iter().collect();
    let mut problems = vec![];
    for Outcome { mutant, end } in outcomes {
        let (Some(said), Some(fits)) = (end.survival(), end.fits()) else { continue };
        match left.iter().position(|survivor| survivor.mutant == *mutant && fits(survivor.kind)) {
            Some(at) => drop(left.swap_remove(at)),
            None => problems.push(format!("{said}, and is not listed so:\n{}", mutant.entry())),
        }
    }
    problems.extend(left.into_iter().map(|survivor| stale(survivor, outcomes)));
    problems
}

fn stale(Survivor { mutant, kind }: &Survivor, outcomes: &[Outcome]) -> String {
    let ends: Vec<End> = outcomes.iter().filter(|one| one.mutant == *mutant).map(|one| one.end).collect();
    let why = match ends.as_slice() {
        [] => "there is no such mutant",
        ends if ends.contains(&End::Caught) => "a test catches it",
        ends if ends.contains(&End::Unviable) => "it does not compile",
        _ => "it survives in another way, or less often than it is listed",
    };
    format!("listed as {}, and {why}: {mutant}", kind.name())
}

impl End {
    /// What to say of one that survives.
    const fn survival(self) -> Option<&'static str> {
        match self {
            Self::Missed => Some("no test notices it"),
            Self::Timeout => Some("its tests do not end"),
            Self::Caught | Self::Unviable => None,
        }
    }

    /// Which kinds of entry it may have.
    fn fits(self) -> Option<fn(Kind) -> bool> {
        match self {
            Self::Missed => Some(|kind| kind != Kind::Endless),
            Self::Timeout => Some(|kind| kind == Kind::Endless),
            Self::Caught | Self::Unviable => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::survivors::Mutant;
    use super::*;

    fn mutant(change: &str) -> Mutant {
        Mutant { file: "lib.rs".into(), change: change.into(), code: "a < b".into() }
    }

    fn outcome(change: &str, end: End) -> Outcome {
        Outcome { mutant: mutant(change), end }
    }

    fn listed(change: &str, kind: Kind) -> Survivor {
        Survivor { mutant: mutant(change), kind }
    }

    #[test]
    fn what_survives_as_it_is_listed_is_no_problem() {
        let outcomes = [
            outcome("caught", End::Caught),
            outcome("equal", End::Missed),
            outcome("cost", End::Missed),
            outcome("endless", End::Timeout),
            outcome("unviable", End::Unviable),
        ];
        let list = [listed("endless", Kind::Endless), listed("equal", Kind::Equal), listed("cost", Kind::Cost)];
        assert_eq!(problems(&outcomes, &list), [""; 0]);
        assert_eq!(problems(&outcomes, &list[..2]).len(), 1);
    }

    #[test]
    fn a_survivor_that_is_not_listed_is_shown_as_an_entry_to_add() {
        let problems = problems(&[outcome("new", End::Missed), outcome("slow", End::Timeout)], &[]);
        assert_eq!(problems.len(), 2);
        assert!(problems[0].starts_with("no test notices it"), "{}", problems[0]);
        assert!(problems[0].ends_with(&mutant("new").entry()), "{}", problems[0]);
        assert!(problems[1].starts_with("its tests do not end"), "{}", problems[1]);
    }

    #[test]
    fn a_listed_mutant_that_does_not_survive_is_a_problem_too() {
        let outcomes = [outcome("a", End::Caught), outcome("b", End::Unviable), outcome("c", End::Timeout)];
        for (change, why) in
            [("a", "a test catches it"), ("b", "it does not compile"), ("none", "there is no such mutant")]
        {
            let problems = problems(&outcomes[..2], &[listed(change, Kind::Equal)]);
            assert_eq!(problems, [format!("listed as equal, and {why}: {}", mutant(change))]);
        }
        // One that is said to be equal and never ends is wrong on both sides.
        assert_eq!(problems(&outcomes[2..], &[listed("c", Kind::Equal)]).len(), 2);
    }

    #[test]
    fn mutants_that_read_alike_are_counted() {
        let outcomes = [outcome("twin", End::Missed), outcome("twin", End::Missed)];
        let list = || [listed("twin", Kind::Equal), listed("twin", Kind::Cost), listed("twin", Kind::Equal)];
        assert_eq!(problems(&outcomes, &list()[..2]), [""; 0]);
        assert_eq!(problems(&outcomes, &list()[..1]).len(), 1);
        assert_eq!(problems(&outcomes, &list()).len(), 1);
    }
}
