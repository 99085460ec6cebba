//! What is known of the circuits of one set: who is who, who has series of its own, and what changed since the last look.

mod known;
mod row;
mod totals;

pub(crate) use known::Known;
#[cfg(feature = "metrics")]
pub(crate) use row::Shape;
pub(crate) use row::{Row, Value, since_1970};
#[cfg(feature = "metrics")]
pub(crate) use totals::Totals;

use std::collections::HashMap;
use std::fmt::{Display, Write};

use fusebox_std::Incarnation;

use crate::sample::Sample;
use crate::source::{SetTotals, Source, collect};
use known::Identity;

/// Who does not have series of its own is told of under this name.
pub(crate) const OTHER: &str = "_other";

/// The circuits of one set, as one of the exits last saw them.
#[derive(Debug)]
pub(crate) struct Book {
    /// Sorted by name. Those that left their set stay here while somebody has a handle, since they may come back.
    circuits: Vec<Known>,
    /// Where in there each one is.
    places: HashMap<Identity, usize>,
    /// Where those were whom the last look found, in its order: as long as nobody comes or goes, a set tells of its circuits
    /// in the same order, and nobody has to be looked up.
    order: Vec<usize>,
    /// Names with series of their own, and whether a circuit goes by them now.
    names: HashMap<Box<str>, bool>,
    /// Whether names are kept when their circuits are gone, since their series cannot be taken back.
    keeps_names: bool,
    most: usize,
    /// Counts looks, and which of them came to an end: a key that panics when it is displayed ends one early.
    look: u64,
    done: u64,
    /// Whether all circuits were there at the last look, and have their names.
    settled: bool,
    other: Option<Row>,
    name: String,
}

/// What a look came across so far.
#[derive(Default)]
struct Found {
    /// How many circuits it was told of.
    told: u64,
    /// How many of those in the book are among them.
    known: usize,
    news: Vec<Known>,
}

/// What a look found that concerns the whole set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) circuits: u64,
    pub(crate) totals: SetTotals,
}

impl Book {
    /// For an exit whose series vanish with their circuits.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            circuits: Vec::new(),
            places: HashMap::new(),
            order: Vec::new(),
            names: HashMap::new(),
            keeps_names: false,
            most,
            look: 0,
            done: 0,
            settled: false,
            other: None,
            name: String::new(),
        }
    }

    /// For an exit whose series stay for good.
    #[cfg(feature = "metrics")]
    pub(crate) fn that_keeps_names(most: usize) -> Self {
        Self { keeps_names: true, ..Self::new(most) }
    }

    /// Looks at all circuits; `None` if their set is gone.
    pub(crate) fn look(&mut self, source: &dyn Source) -> Option<Seen> {
        self.look += 1;
        let was_settled = std::mem::take(&mut self.settled);
        let mut found = Found::default();
        let totals = collect(source, &mut |name, incarnation, sample| {
            self.take(name, incarnation, sample, &mut found);
        })?;
        let all_there = found.news.is_empty() && found.known == self.circuits.len();
        if !(was_settled && all_there) {
            self.settle(found.news);
        }
        self.fold();
        self.settled = all_there;
        self.done = self.look;
        Some(Seen { circuits: found.told, totals })
    }

    /// Gives everybody a place and a name, of which those are free that somebody left.
    fn settle(&mut self, mut news: Vec<Known>) {
        let before = self.circuits.len();
        self.part_with_those_gone();
        if !news.is_empty() || self.circuits.len() != before {
            self.circuits.append(&mut news);
            self.circuits.sort_by(|one, other| one.name.cmp(&other.name));
            self.places = self.circuits.iter().enumerate().map(|(at, known)| (known.identity.clone(), at)).collect();
            self.order.clear();
        }
        self.give_names();
    }

    /// Those that have series of their own, by name.
    pub(crate) fn named(&self) -> impl Iterator<Item = &Known> {
        self.circuits.iter().filter(|known| known.seen == self.look && known.named == Some(true))
    }

    /// The same, to note where what was told of them is.
    #[cfg(feature = "metrics")]
    pub(crate) fn named_mut(&mut self) -> impl Iterator<Item = &mut Known> {
        let look = self.look;
        self.circuits.iter_mut().filter(move |known| known.seen == look && known.named == Some(true))
    }

    /// Those that are told of in one.
    #[cfg(feature = "metrics")]
    pub(crate) fn folded(&self) -> impl Iterator<Item = &Known> {
        self.circuits.iter().filter(|known| known.seen == self.look && known.named == Some(false))
    }

    /// The set is gone, and no circuit of it comes back.
    pub(crate) fn end(&mut self) {
        (self.look, self.done) = (self.look + 1, self.look + 1);
        // What they took is given back.
        (self.circuits, self.places, self.order) = (Vec::new(), HashMap::new(), Vec::new());
        self.settled = false;
        if self.keeps_names {
            self.names.values_mut().for_each(|taken| *taken = false);
        } else {
            self.names.clear();
            self.other = None;
        }
    }

    /// All others in one, if there ever was one.
    pub(crate) const fn other(&self) -> Option<&Row> {
        self.other.as_ref()
    }

    fn take(&mut self, name: &dyn Display, incarnation: Option<Incarnation>, sample: &Sample, found: &mut Found) {
        let turn = usize::try_from(found.told).unwrap_or(usize::MAX);
        found.told += 1;
        let identity = if let Some(incarnation) = incarnation {
            Identity::Circuit(incarnation)
        } else {
            self.write_name(name);
            Identity::Name(self.name.as_str().into())
        };
        let expected = self.order.get(turn).copied();
        let is_there = |at: &usize| self.circuits.get(*at).is_some_and(|known| known.identity == identity);
        let at = expected.filter(is_there).or_else(|| self.places.get(&identity).copied());
        // Who is new gets a place later, and the order with it.
        let noted = at.unwrap_or(usize::MAX);
        match self.order.get_mut(turn) {
            Some(place) => *place = noted,
            None => self.order.push(noted),
        }
        if let Some(known) = at.and_then(|at| self.circuits.get_mut(at)) {
            found.known += usize::from(known.seen != self.look);
            return known.update(sample, self.look, self.done);
        }
        self.write_name(name);
        found.news.push(Known::new(identity, self.name.as_str().into(), sample, self.look));
    }

    fn write_name(&mut self, name: &dyn Display) {
        self.name.clear();
        // A string takes in everything; whoever cannot be displayed goes by what came of it.
        let _ = write!(self.name, "{name}");
    }

    /// Takes names from circuits that left, and forgets those that cannot come back.
    fn part_with_those_gone(&mut self) {
        let Self { circuits, names, keeps_names, look, .. } = self;
        for known in circuits.iter_mut().filter(|known| known.seen != *look) {
            if known.named.take() == Some(true) {
                if *keeps_names {
                    names.entry(known.name.clone()).and_modify(|taken| *taken = false);
                } else {
                    names.remove(&known.name);
                }
            }
        }
        circuits.retain(|known| known.seen == *look || known.may_come_back());
    }

    /// Says of those that are new who gets series of its own. Once folded, a circuit stays so: its counts would be told
    /// twice otherwise.
    fn give_names(&mut self) {
        for known in self.circuits.iter_mut().filter(|known| known.seen == self.look && known.named.is_none()) {
            let free = &*known.name != OTHER
                && match self.names.get(&known.name) {
                    Some(taken) => !taken,
                    None => self.names.len() < self.most,
                };
            if free {
                self.names.insert(known.name.clone(), true);
            }
            known.named = Some(free);
        }
    }

    fn fold(&mut self) {
        let Self { circuits, other, look, .. } = self;
        let mut folded = circuits.iter().filter(|known| known.seen == *look && known.named == Some(false)).peekable();
        if other.is_none() && folded.peek().is_none() {
            return;
        }
        let other = other.get_or_insert_with(Row::none);
        other.none_there();
        folded.for_each(|known| other.fold(known));
    }
}
