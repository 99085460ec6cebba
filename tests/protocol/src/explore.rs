//! Explores a setup and says what was found.

use core::fmt::{self, Write as _};
use std::time::Instant;

use stateright::{Checker, Expectation, HasDiscoveries, Model, Path};

use crate::model::{Action, Protocol, Setup, State, Words};
use crate::policy::{Consecutive, MaxFailures};
use crate::time::MAX_TICKS;
use crate::{Settings, model::Ticking};

/// What was explored.
#[derive(Debug)]
pub struct Explored {
    name: &'static str,
    policy: &'static str,
    /// States that differ in more than who is who.
    pub states: usize,
    /// Steps to the state that is furthest away, on the way that was gone.
    pub depth: usize,
    /// How many properties hold.
    pub properties: usize,
    seconds: f64,
}

impl fmt::Display for Explored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, policy, states, depth, properties, seconds } = self;
        write!(f, "explored: {name}, {policy}: {states} states, depth {depth}, {properties} properties, {seconds:.1} s")
    }
}

/// Which policy the circuits have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Failures in a row: one word.
    Consecutive,
    /// Failures within a window: two words.
    MaxFailures,
}

/// Goes through all states of a setup.
///
/// # Panics
/// If a property does not hold, with the way there.
#[must_use]
pub fn explore(setup: &Setup, policy: Policy) -> Explored {
    match policy {
        Policy::Consecutive => all_of(*setup, "Consecutive", consecutive(setup)),
        Policy::MaxFailures => all_of(*setup, "MaxFailures<2>", max_failures(setup)),
    }
}

/// Looks for a short way to where one property, given by its name, does not hold.
#[must_use]
pub fn find_defect(setup: &Setup, policy: Policy, property: &'static str) -> Option<String> {
    match policy {
        Policy::Consecutive => first_of(*setup, consecutive(setup), property),
        Policy::MaxFailures => first_of(*setup, max_failures(setup), property),
    }
}

fn consecutive(setup: &Setup) -> Settings<Ticking, Consecutive> {
    let built = setup.builder().consecutive(setup.failures.into()).build();
    built.unwrap_or_else(|error| panic!("{}: {error}", setup.name))
}

/// A window that no failure leaves.
fn max_failures(setup: &Setup) -> Settings<Ticking, MaxFailures<2>> {
    let window = core::time::Duration::from_millis(u64::from(MAX_TICKS) >> 8);
    let built = setup.builder().max_failures::<2>(u32::from(setup.failures) - 1, window).build();
    built.unwrap_or_else(|error| panic!("{}: {error}", setup.name))
}

fn all_of<P: Words>(setup: Setup, policy: &'static str, settings: Settings<Ticking, P>) -> Explored {
    let start = Instant::now();
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(2);
    let model = Protocol::new(setup, settings);
    let checker = model.checker().threads(threads);
    // Threads whose clocks differ are not alike.
    let checker = if setup.skewed { checker } else { checker.symmetry_fn(State::representative) };
    let checker = checker.finish_when(HasDiscoveries::AnyFailures).spawn_dfs().join();
    let properties = checker.model().properties();
    for property in &properties {
        match (&property.expectation, checker.discovery(property.name)) {
            (Expectation::Sometimes, None) => panic!("{}: it never happens that {}", setup.name, property.name),
            (Expectation::Sometimes, _) | (_, None) => {}
            (_, Some(path)) => panic!("{}: not so: {}\n{}", setup.name, property.name, way(path)),
        }
    }
    Explored {
        name: setup.name,
        policy,
        states: checker.unique_state_count(),
        depth: checker.max_depth(),
        properties: properties.len(),
        seconds: start.elapsed().as_secs_f64(),
    }
}

fn first_of<P: Words>(setup: Setup, settings: Settings<Ticking, P>, property: &'static str) -> Option<String> {
    let finish = HasDiscoveries::AnyOf([property].into());
    let checker = Protocol::new(setup, settings).checker().finish_when(finish).spawn_bfs().join();
    checker.discovery(property).map(way)
}

/// A path, a step a line.
fn way(path: Path<State, Action>) -> String {
    let mut text = String::new();
    for (state, action) in path.into_vec() {
        // Writing to a string cannot fail.
        let _ = match action {
            Some(action) => writeln!(text, "  {state:?}\n{action:?}"),
            None => writeln!(text, "  {state:?}"),
        };
    }
    text
}
