//! The whole space of some small setups. `cargo test --release -p fusebox-protocol -- --ignored` goes through larger
//! ones.

use fusebox_protocol::{Policy, Setup, explore};

const TWO_FAILURES: Setup =
    Setup { name: "two failures trip", failures: 2, calls: 3, ticks: 6, losses: 1, ..Setup::SMALL };
const LOST: Setup = Setup { name: "a probe is lost", losses: 1, ..Setup::SMALL };
const DROPPED: Setup = Setup { name: "permits are dropped", drops: true, losses: 1, ..Setup::SMALL };
const BY_HAND: Setup = Setup { name: "by hand", hands: 2, losses: 1, ..Setup::SMALL };
const PAIR: Setup =
    Setup { name: "two probes, two successes close", probes: 2, close_after: 2, calls: 3, ..Setup::SMALL };
const TWO_CIRCUITS: Setup = Setup { name: "two circuits", circuits: 2, ticks: 3, ..Setup::SMALL };
const SKEWED: Setup = Setup { name: "clocks a tick apart", skewed: true, losses: 1, ticks: 6, ..Setup::SMALL };

const THREE_THREADS: Setup = Setup { name: "three threads", threads: 3, calls: 1, ..Setup::SMALL };

fn print(setup: &Setup, policy: Policy) {
    let explored = explore(setup, policy);
    println!("{explored}");
    assert!(explored.states > 1_000, "too few to say anything");
}

#[test]
fn two_threads() {
    print(&Setup::SMALL, Policy::Consecutive);
}

#[test]
#[ignore = "minutes: cargo xtask prove --only model"]
fn two_probes_at_a_time() {
    print(&PAIR, Policy::Consecutive);
}

#[test]
fn a_lost_probe() {
    print(&LOST, Policy::Consecutive);
}

#[test]
fn dropped_permits() {
    print(&DROPPED, Policy::Consecutive);
}

#[test]
#[ignore = "minutes: cargo xtask prove --only model"]
fn two_failures_in_a_window() {
    print(&TWO_FAILURES, Policy::MaxFailures);
}

#[test]
#[ignore = "minutes: cargo xtask prove --only model"]
fn commands_by_hand() {
    print(&BY_HAND, Policy::Consecutive);
}

#[test]
#[ignore = "minutes: cargo xtask prove --only model"]
fn two_circuits() {
    print(&TWO_CIRCUITS, Policy::Consecutive);
}

#[test]
#[ignore = "minutes: cargo xtask prove --only model"]
fn cores_whose_clocks_differ() {
    print(&SKEWED, Policy::Consecutive);
}

#[test]
#[ignore = "minutes: cargo xtask prove --only model"]
fn three_threads() {
    print(&THREE_THREADS, Policy::Consecutive);
}
