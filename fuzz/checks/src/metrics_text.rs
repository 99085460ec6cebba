//! Pages of metrics can be read, whatever sets and peers are called and counted: by the strictest grammar, in both formats
//! alike, and with what the circuits said.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, SystemTime};

use arbitrary::{Arbitrary, Unstructured};
use fusebox::clock::ManualClock;
use fusebox::policy::Tally;
use fusebox::{Outcome, Settings, State};
use fusebox_prometheus::{CallDurations, Exporter, Format, Sample, from_fn};
use fusebox_std::{CallCounts, CircuitBreakerSet, Counts};

use crate::openmetrics::{self, Family};

/// Prefixes that say something: none, and such as come close to names of resilience4j.
const PREFIXES: [&str; 6] = [
    "circuit_breaker_",
    "",
    ":a_",
    "resilience4j_circuitbreaker_",
    "resilience4j_circuitbreaker_buffered_",
    "resilience4j_circuitbreaker_not_permitted_",
];

/// Sets, and circuits of each: a circuit has some fifty series, and a page is read line by line.
const MOST: usize = 4;

#[derive(Arbitrary, Debug)]
struct Input {
    prefix: u8,
    own_prefix: Option<String>,
    most_circuits: u8,
    created: bool,
    resilience4j: bool,
    sources: Vec<(String, Vec<Circuit>)>,
    /// Calls of a real set, with how long each takes.
    calls: Vec<(String, u8, u16)>,
}

/// A circuit that somebody tells of.
#[derive(Arbitrary, Clone, Debug)]
struct Circuit {
    name: String,
    state: u8,
    wait: Duration,
    window: Option<(u32, u32, u32)>,
    counts: Option<(u8, [u64; 8])>,
    slow: Option<[u64; 3]>,
    made: Option<i64>,
    /// What it counts up to the second look.
    more: u64,
}

/// Bytes are an exporter and what there is to export.
pub fn check(data: &[u8]) {
    let Some(run) = Run::of(data) else { return };
    let first = run.pages();
    run.later.store(true, Relaxed);
    let second = run.pages();
    if run.unique {
        no_count_went_back(&first, &second);
    }
}

/// The pages of both formats, for other readers than ours.
pub fn pages(data: &[u8]) -> Option<[String; 2]> {
    let run = Run::of(data)?;
    Some([Format::Prometheus, Format::OpenMetrics].map(|format| run.exporter.render_as(format)))
}

struct Run {
    exporter: Exporter,
    prefix: String,
    most: usize,
    sources: BTreeMap<String, Vec<Circuit>>,
    /// Whether no source tells of two circuits by one name, of which it is said that their counts then go back.
    unique: bool,
    later: Arc<AtomicBool>,
    /// The names of its circuits, and the set, which is exported as long as it is there.
    real: BTreeSet<String>,
    set: Option<CircuitBreakerSet<String, &'static ManualClock<1_000>>>,
}

impl Run {
    fn of(data: &[u8]) -> Option<Self> {
        let input = Input::arbitrary_take_rest(Unstructured::new(data)).ok()?;
        let common = PREFIXES[usize::from(input.prefix) % PREFIXES.len()].to_owned();
        let prefix = input.own_prefix.unwrap_or(common);
        let most = usize::from(input.most_circuits % 16);
        let builder = Exporter::builder().prefix(&*prefix).max_circuits(most).created(input.created);
        let exporter = builder.resilience4j_names(input.resilience4j).build().ok()?;
        let later = Arc::new(AtomicBool::new(false));
        let mut sources = BTreeMap::new();
        for (name, mut circuits) in input.sources.into_iter().take(MOST) {
            circuits.truncate(MOST);
            let (shared, is_later) = (circuits.clone(), Arc::clone(&later));
            let source = from_fn(move |told| {
                for circuit in &shared {
                    told.add(&circuit.name, circuit.sample(is_later.load(Relaxed)));
                }
            });
            let registered = exporter.register_source(&*name, source);
            assert_eq!(registered.is_err(), sources.contains_key(&name), "a name is given once");
            sources.entry(name).or_insert(circuits);
        }
        let unique = sources.values().all(|circuits: &Vec<Circuit>| {
            let names: BTreeSet<_> = circuits.iter().map(|circuit| &circuit.name).collect();
            names.len() == circuits.len()
        });
        let mut run = Self { exporter, prefix, most, sources, unique, later, real: BTreeSet::new(), set: None };
        if !input.calls.is_empty() && !run.sources.contains_key("real") {
            run.call(&input.calls[..input.calls.len().min(2 * MOST)]);
        }
        Some(run)
    }

    /// A set whose circuits are called, and whose calls take time.
    fn call(&mut self, calls: &[(String, u8, u16)]) {
        static CLOCK: ManualClock<1_000> = ManualClock::new();
        let settings = Settings::builder().slow_call(Duration::from_secs(1)).build().unwrap();
        let set = CircuitBreakerSet::<String>::builder().clock(&CLOCK, settings).counts(Counts::All).build().unwrap();
        let durations = CallDurations::new();
        self.exporter.register_timed("real", &set, &durations).unwrap();
        for (peer, ending, took) in calls {
            let circuit = set.handle(peer).unwrap();
            self.real.insert(peer.clone());
            let outcome = [Outcome::Failure, Outcome::Success, Outcome::Ignored][usize::from(*ending) % 3];
            match ending / 3 % 8 {
                0 => circuit.open(),
                1 => circuit.observe(),
                2 => drop(circuit.try_acquire()),
                _ => {}
            }
            let _ = durations.of(&circuit).run(|()| outcome, || CLOCK.advance_ticks((*took).into()));
        }
        self.set = Some(set);
    }

    /// Both pages, read, compared with each other and with what there is.
    fn pages(&self) -> Vec<Family> {
        let [plain, open] = [Format::Prometheus, Format::OpenMetrics].map(|format| {
            let page = self.exporter.render_as(format);
            openmetrics::read(&page, format).unwrap_or_else(|wrong| panic!("{format:?}: {wrong}\n{page}"))
        });
        assert!(!self.unique || samples(&plain) == samples(&open), "the formats differ in more than their form");
        self.has_all_circuits(&open);
        open
    }

    /// Each set is there, each circuit has one state, and names are those that were given.
    fn has_all_circuits(&self, families: &[Family]) {
        let of = |name: &str| families.iter().find(|family| family.name == format!("{}{name}", self.prefix));
        let mut sets: BTreeSet<&str> = self.sources.keys().map(String::as_str).collect();
        sets.extend(self.set.is_some().then_some("real"));
        let told = of("circuits").map_or(&[][..], |family| &family.samples);
        assert_eq!(told.iter().filter_map(|sample| sample.label("set")).collect::<BTreeSet<_>>(), sets);
        let mut states: BTreeMap<(&str, &str), f64> = BTreeMap::new();
        for sample in of("state").map_or(&[][..], |family| &family.samples) {
            let name = (sample.label("set").unwrap_or_default(), sample.label("circuit").unwrap_or_default());
            *states.entry(name).or_default() += sample.value;
        }
        assert!(states.values().all(|sum| (*sum - 1.0).abs() < f64::EPSILON), "{states:?}");
        for set in sets {
            let own: BTreeSet<&str> = match self.sources.get(set) {
                Some(circuits) => circuits.iter().map(|circuit| circuit.name.as_str()).collect(),
                None => self.real.iter().map(String::as_str).collect(),
            };
            let own: BTreeSet<&str> = own.into_iter().filter(|name| *name != "_other").collect();
            let names = states.keys().filter(|(of, name)| *of == set && *name != "_other").map(|(_, name)| *name);
            let names: BTreeSet<&str> = names.collect();
            assert!(names.is_subset(&own), "{names:?} of {own:?}");
            assert!(!self.unique || names.len() == own.len().min(self.most), "{names:?} of {own:?}");
        }
    }
}

/// All that is told, but for when counters began, in an order of its own.
fn samples(families: &[Family]) -> Vec<(&str, &BTreeMap<String, String>, u64)> {
    let all = families.iter().flat_map(|family| &family.samples);
    let all = all.filter(|sample| !sample.name.ends_with("_created"));
    let mut all: Vec<_> = all.map(|it| (it.name.as_str(), &it.labels, it.value.to_bits())).collect();
    all.sort_unstable();
    all
}

fn no_count_went_back(first: &[Family], second: &[Family]) {
    let after = counts(second);
    for (series, before) in counts(first) {
        let now = after.get(&series).copied();
        assert!(now.is_some_and(|now| now >= before), "{series:?} was {before} and is {now:?}");
    }
}

fn counts(families: &[Family]) -> BTreeMap<(&str, &BTreeMap<String, String>), f64> {
    let counters = families.iter().filter(|family| family.kind == "counter").flat_map(|family| &family.samples);
    counters.map(|sample| ((sample.name.as_str(), &sample.labels), sample.value)).collect()
}

impl Circuit {
    fn sample(&self, later: bool) -> Sample {
        let mut sample = Sample::new(State::ALL[usize::from(self.state) % State::ALL.len()]).open_wait(self.wait);
        if let Some((calls, failures, slow)) = self.window {
            sample = sample.window(Tally { calls, failures, slow });
        }
        if let Some((counted, counts)) = self.counts {
            let more = if later { self.more } else { 0 };
            let mut told = CallCounts::default();
            let [successes, failures, ignored, abandoned, rest @ ..] = counts.map(|count| count.saturating_add(more));
            (told.successes, told.failures, told.ignored, told.abandoned) = (successes, failures, ignored, abandoned);
            [told.rejected_open, told.rejected_half_open, told.rejected_forced_open, told.would_reject] = rest;
            let slow = self.slow.unwrap_or_default().map(|count| count.saturating_add(more));
            [told.slow_successes, told.slow_failures, told.slow_abandoned] = slow;
            sample = sample.counts(told, [Counts::None, Counts::Failures, Counts::All][usize::from(counted) % 3]);
        }
        if self.slow.is_some() {
            sample = sample.slow_calls();
        }
        let moment = |seconds: i64| {
            let length = Duration::from_secs(seconds.unsigned_abs());
            let epoch = SystemTime::UNIX_EPOCH;
            if seconds < 0 { epoch.checked_sub(length) } else { epoch.checked_add(length) }
        };
        match self.made.and_then(moment) {
            Some(made) => sample.made(made),
            None => sample,
        }
    }
}
