//! Bugs put in on purpose: the model has to find each of them, and says how it comes about.

use fusebox_protocol::{Defect, Policy, Setup, find_defect};

/// Enough for a trip by two failures, a probe, and what comes after.
const SETUP: Setup = Setup { name: "with a defect", calls: 3, failures: 2, ..Setup::SMALL };

#[track_caller]
fn found(defect: Defect, property: &'static str) {
    let Some(way) = find_defect(&SETUP.with(defect), Policy::MaxFailures, property) else {
        panic!("{defect:?} does not break what it should: {property}");
    };
    println!("{defect:?} breaks: {property}\n{way}");
}

#[test]
fn since_written_apart_from_the_state() {
    found(Defect::SinceApart, "a transition, its time and its generation change together");
}

#[test]
fn the_clock_read_before_the_word() {
    found(Defect::ClockBeforeWord, "no probe before the wait is over, by the opener's clock");
}

#[test]
fn the_generation_not_checked() {
    found(Defect::GenerationUnchecked, "a stale permit changes nothing of the state");
}

#[test]
fn the_lease_not_checked() {
    found(Defect::LeaseUnchecked, "a circuit can never be stuck");
}

#[test]
fn the_history_cleared_after_closing() {
    found(Defect::ClearedAfterClosing, "the history is clear when a circuit becomes closed");
}

#[test]
fn a_failure_counted_in_two_steps() {
    found(Defect::CountedInTwoSteps, "no failure is lost or counted twice, and the last of racing ones trips");
}

#[test]
fn a_lost_race_taken_for_a_won_one() {
    found(Defect::LostRaceIgnored, "a transition is told once, and a trip is counted once");
}
