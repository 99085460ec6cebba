//! What is known of the circuits of one set: who is who, who has series of its own, and what changed since the last look.

mod known;
mod row;
mod totals;

pub(crate) use known::Known;
#[cfg(feature = "metrics")]
pub(crate) use row::Shape;
pub(crate) use row::{Row, Value, since_1970};
pub(crate) use totals::Rise;

use std::collections::HashMap;
use std::fmt::{Display, Write};

use fusebox_std::Incarnation;

use crate::sample::{Sample, Wanted};
use crate::source::{Circuit, Collected, SetTotals, Source, collect};
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
    /// Counts looks.
    look: u64,
    /// Whether all circuits were there at the last look, and have their names.
    settled: bool,
    other: Option<Other>,
    /// What has to be known of circuits.
    wanted: Wanted,
    name: String,
}

/// All that have no series of their own.
#[derive(Debug)]
struct Other {
    row: Row,
    /// What they counted and was not told of yet.
    rise: Rise,
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
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Which set it is, if that is known.
    #[cfg_attr(not(feature = "metrics"), expect(dead_code, reason = "a page has nothing left of the last one"))]
    pub(crate) set: Option<Incarnation>,
    pub(crate) circuits: u64,
    pub(crate) totals: SetTotals,
}

impl Book {
    /// For an exit whose series vanish with their circuits.
    pub(crate) fn new(most: usize, wanted: Wanted) -> Self {
        Self {
            circuits: Vec::new(),
            places: HashMap::new(),
            order: Vec::new(),
            names: HashMap::new(),
            keeps_names: false,
            most,
            look: 0,
            settled: false,
            other: None,
            wanted,
            name: String::new(),
        }
    }

    /// For an exit whose series stay for good.
    #[cfg(feature = "metrics")]
    pub(crate) fn that_keeps_names(most: usize, wanted: Wanted) -> Self {
        Self { keeps_names: true, ..Self::new(most, wanted) }
    }

    /// Looks at all circuits; `None` if their set is gone.
    pub(crate) fn look(&mut self, source: &dyn Source) -> Option<Seen> {
        self.look += 1;
        let was_settled = std::mem::take(&mut self.settled);
        let mut found = Found::default();
        let Collected { totals, set } =
            collect(source, self.wanted, &mut |name, circuit, sample| self.take(name, circuit, sample, &mut found))?;
        let all_there = found.news.is_empty() && found.known == self.circuits.len();
        if !(was_settled && all_there) {
            self.settle(found.news);
        }
        self.fold();
        self.settled = all_there;
        Some(Seen { set, circuits: found.told, totals })
    }

    /// Gives everybody a place and a name, of which those are free that somebody left.
    fn settle(&mut self, mut news: Vec<Known>) {
        let before = self.circuits.len();
        self.part_with_those_gone();
        if !news.is_empty() || self.circuits.len() != before {
            self.circuits.append(&mut news);
            self.circuits.sort_by(|one, other| one.name.cmp(&other.name));
            self.number_namesakes();
            self.find_places();
        }
        self.give_names();
    }

    /// Of circuits of which nothing but the name is known several may have the same.
    fn number_namesakes(&mut self) {
        let mut last: Option<(&str, u32)> = None;
        for Known { identity, name, .. } in &mut self.circuits {
            if let Identity::Name(_, number) = identity {
                *number = last.filter(|(known, _)| *known == &**name).map_or(0, |(_, last)| last + 1);
                last = Some((name, *number));
            }
        }
    }

    fn find_places(&mut self) {
        self.places = self.circuits.iter().enumerate().map(|(at, known)| (known.identity.clone(), at)).collect();
        self.order = Vec::new();
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

    /// The set is gone.
    pub(crate) fn end(&mut self) {
        self.look += 1;
        self.settled = false;
        if self.keeps_names {
            // The set may only be registered anew.
            self.circuits.retain(Known::is_alive);
            self.circuits.iter_mut().for_each(|known| _ = known.lose_name());
            self.names.values_mut().for_each(|taken| *taken = false);
        } else {
            self.circuits.clear();
            self.names.clear();
            self.other = None;
        }
        self.circuits.shrink_to_fit();
        self.find_places();
    }

    /// All others in one, if there ever was one.
    pub(crate) fn other(&self) -> Option<&Row> {
        self.other.as_ref().map(|other| &other.row)
    }

    /// The same, and what they counted and was not told of yet.
    #[cfg(feature = "metrics")]
    pub(crate) fn other_mut(&mut self) -> Option<(&Row, &mut Rise)> {
        self.other.as_mut().map(|Other { row, rise }| (&*row, rise))
    }

    fn take(&mut self, name: &dyn Display, circuit: Option<&dyn Circuit>, sample: &Sample, found: &mut Found) {
        if circuit.is_none() {
            self.write_name(name);
        }
        let turn = usize::try_from(found.told).unwrap_or(usize::MAX);
        found.told += 1;
        let expected = self.order.get(turn).copied();
        let is_there = |at: &usize| {
            let known = self.circuits.get(*at);
            known.is_some_and(|known| known.seen != self.look && known.identity.is(circuit, &self.name))
        };
        let at = expected.filter(is_there).or_else(|| self.look_up(circuit, turn));
        if let Some(known) = at.and_then(|at| self.circuits.get_mut(at)) {
            found.known += usize::from(known.seen != self.look);
            return known.update(sample, self.look);
        }
        if circuit.is_some() {
            self.write_name(name);
        }
        let identity = Identity::of(circuit, &self.name);
        found.news.push(Known::new(identity, self.name.as_str().into(), sample, self.look));
    }

    /// Where a circuit is that has another turn than at the last look.
    #[cold]
    fn look_up(&mut self, circuit: Option<&dyn Circuit>, turn: usize) -> Option<usize> {
        let mut identity = Identity::of(circuit, &self.name);
        let mut at = self.places.get(&identity).copied();
        // Another of that name may have had its turn.
        while let (Identity::Name(_, number), Some(known)) = (&mut identity, at.and_then(|at| self.circuits.get(at))) {
            if known.seen != self.look {
                break;
            }
            *number += 1;
            at = self.places.get(&identity).copied();
        }
        // Who is new gets a place later, and the order with it.
        let noted = at.unwrap_or(usize::MAX);
        match self.order.get_mut(turn) {
            Some(place) => *place = noted,
            None => self.order.push(noted),
        }
        at
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
            if known.lose_name() {
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

    /// Adds those without series of their own up. For pages, this is the last look at what came since the one before.
    fn fold(&mut self) {
        let Self { circuits, other, look, keeps_names, .. } = self;
        if let Some(other) = other {
            other.row.none_there();
        }
        for known in circuits.iter_mut().filter(|known| known.seen == *look) {
            let folded = known.named == Some(false);
            if folded {
                let other = other.get_or_insert_with(|| Other { row: Row::none(), rise: Rise::default() });
                other.row.fold(known);
                other.rise.add_all(&known.rise);
            }
            if folded || !*keeps_names {
                known.was_told();
            }
        }
    }
}
