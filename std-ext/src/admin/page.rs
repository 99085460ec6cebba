//! A page of a set's circuits.

use std::fmt::Display;
use std::hash::Hash;

use fusebox::policy::TripPolicy;
use fusebox::{Listener, State};
use serde::Serialize;

use super::known::AnySet;
use super::problem::Problem;
use super::report::{ByState, CircuitReport};
use super::smallest::Smallest;
use crate::clock::Uptime;
use crate::set::CircuitBreakerSet;

/// A set and some of its circuits.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SetReport {
    /// The name it was given.
    pub set: String,
    /// The most circuits that there is room for.
    pub capacity: usize,
    /// How many circuits there are.
    pub size: usize,
    /// How many of them are in each state.
    pub states: ByState<usize>,
    /// How many circuits made room for others, or were idle for too long.
    pub evicted_total: u64,
    /// How often there was no room for a peer.
    pub refused_total: u64,
    /// Circuits that were asked for, sorted by their key as displayed, byte by byte.
    pub circuits: Vec<CircuitReport>,
    /// What to pass as `after` for more; `None` if that was all.
    pub next_after: Option<String>,
}

impl SetReport {
    /// The first hundred circuits of a set, as `GET /circuits/SET` tells them by default.
    ///
    /// ```
    /// use fusebox_std::CircuitBreakerSet;
    /// use fusebox_std::admin::SetReport;
    ///
    /// let upstreams = CircuitBreakerSet::<String>::new();
    /// upstreams.handle("inventory")?.open();
    /// let report = SetReport::new("upstreams", &upstreams);
    /// assert_eq!((report.size, report.states.open), (1, 1));
    /// # Ok::<(), fusebox::Rejected>(())
    /// ```
    pub fn new<K, C, P, L>(name: &str, set: &CircuitBreakerSet<K, C, P, L>) -> Self
    where
        K: Display + Clone + Eq + Hash + Send + Sync + 'static,
        C: Uptime + Clone + Send + Sync + 'static,
        P: TripPolicy + Send + Sync + 'static,
        P::History: Send + Sync,
        L: Listener<K> + Send + Sync + 'static,
    {
        Selection::DEFAULT.of(name, set)
    }
}

/// All sets.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SetsReport {
    /// Each of them, by name.
    pub sets: Vec<SetReport>,
}

/// The most circuits on a page.
const MAX_LIMIT: usize = 1_000;

/// Which circuits somebody wants to see.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    states: Option<Vec<State>>,
    limit: usize,
    after: Option<String>,
}

impl Selection {
    const DEFAULT: Self = Self { states: None, limit: 100, after: None };

    pub(super) fn read(query: Vec<(String, String)>) -> Result<Self, Problem> {
        let mut selection = Self::DEFAULT;
        for (field, value) in query {
            match field.as_str() {
                "state" => {
                    let states = value.split(',').map(state).collect::<Result<Vec<_>, _>>()?;
                    selection.states.get_or_insert_default().extend(states);
                }
                "limit" => selection.limit = limit(&value)?,
                "after" => selection.after = Some(value),
                _ => return Err(Problem::bad_request(field, "there are state, limit and after")),
            }
        }
        Ok(selection)
    }

    /// A key belongs to one set, so among several it says nothing.
    pub(super) fn of_several_sets(self) -> Result<Self, Problem> {
        match self.after {
            None => Ok(self),
            Some(_) => Err(Problem::bad_request("after", "it goes with one set: /circuits/SET?after=KEY")),
        }
    }

    pub(super) fn of(&self, name: &str, set: &dyn AnySet) -> SetReport {
        let mut states = ByState::<usize>::default();
        let mut size = 0;
        let mut page = Smallest::new(self.limit);
        set.each(&mut |circuit| {
            let state = circuit.state();
            *states.get_mut(state) += 1;
            size += 1;
            if self.states.as_ref().is_some_and(|wanted| !wanted.contains(&state)) {
                return;
            }
            if self.after.as_ref().is_none_or(|after| circuit.compare(after).is_gt()) {
                page.offer(|last: &String| circuit.compare(last).is_ge(), || (circuit.key(), circuit.report(name)));
            }
        });
        let more = page.left_out() > 0;
        let circuits = page.into_values();
        let next_after = circuits.last().filter(|_| more).map(|last| last.circuit.clone());
        SetReport {
            set: name.to_owned(),
            capacity: set.capacity(),
            size,
            states,
            evicted_total: set.evicted(),
            refused_total: set.refused(),
            circuits,
            next_after,
        }
    }
}

fn state(name: &str) -> Result<State, Problem> {
    State::ALL.into_iter().find(|state| state.as_str() == name).ok_or_else(|| {
        let known = State::ALL.map(State::as_str).join(", ");
        Problem::bad_request("state", format!("{name:?} is no state; there are {known}"))
    })
}

fn limit(number: &str) -> Result<usize, Problem> {
    number
        .parse()
        .ok()
        .filter(|limit| (1..=MAX_LIMIT).contains(limit))
        .ok_or_else(|| Problem::bad_request("limit", format!("{number:?} is no whole number from 1 to {MAX_LIMIT}")))
}
