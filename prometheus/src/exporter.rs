//! The exporter.

use std::fmt::{self, Display};
use std::hash::Hash;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use fusebox::Listener;
use fusebox::policy::TripPolicy;
use fusebox_std::{CircuitBreakerSet, Uptime};

use crate::builder::{ExporterBuilder, Options};
use crate::durations::CallDurations;
use crate::error::RegisterError;
use crate::registered::Registered;
use crate::source::{SharedSet, Source};
use crate::text::{Format, Page, SetOnPage, write_page};

/// Exports circuits: reads them when somebody asks, and takes no part in calls.
///
/// There are two ways out. [`render`](Self::render) and its like write a page in Prometheus' text format or OpenMetrics,
/// with nothing in between: sorted, exact, without circuits that are gone. `sync`, with the feature `metrics`, brings the
/// recorder of the [`metrics`](https://docs.rs/metrics) facade up to date, for programs that export all else through it.
///
/// A clone is the same exporter. It keeps no set: one that is dropped is exported no more.
///
/// ```
/// use fusebox_prometheus::Exporter;
/// use fusebox_std::{CircuitBreakerSet, Counts};
///
/// let upstreams = CircuitBreakerSet::<String>::builder().counts(Counts::All).build()?;
/// let exporter = Exporter::new();
/// exporter.register("upstreams", &upstreams)?;
///
/// let _ = upstreams.call("inventory", || Ok::<_, ()>(7));
/// let page = exporter.render();
/// assert!(page.contains(r#"circuit_breaker_calls_total{set="upstreams",circuit="inventory",outcome="success"} 1"#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Exporter(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) options: Options,
    pub(crate) state: Mutex<State>,
}

#[derive(Default)]
pub(crate) struct State {
    /// Sorted by name.
    pub(crate) sets: Vec<Registered>,
    /// Where the recorder is that was told what the names mean.
    #[cfg(feature = "metrics")]
    pub(crate) described: usize,
    /// All bounds that histograms have.
    #[cfg(feature = "install")]
    pub(crate) bounds: Vec<std::time::Duration>,
}

impl Exporter {
    /// An exporter with the defaults of its [builder](Self::builder).
    pub fn new() -> Self {
        Self::of(Options::default())
    }

    /// Starts from the defaults: names that begin with `circuit_breaker_`, and at most 1,000 circuits of each set with
    /// series of their own.
    pub fn builder() -> ExporterBuilder {
        ExporterBuilder::default()
    }

    pub(crate) fn of(options: Options) -> Self {
        Self(Arc::new(Inner { options, state: Mutex::default() }))
    }

    /// Exports a set, with `name` as the value of the label `set`. The set is not kept.
    ///
    /// # Errors
    /// [`RegisterError`] if another set of that name is exported.
    pub fn register<K, C, P, L>(
        &self,
        name: impl Into<String>,
        set: &CircuitBreakerSet<K, C, P, L>,
    ) -> Result<(), RegisterError>
    where
        K: Clone + Eq + Hash + Display + Send + Sync + 'static,
        C: Uptime + Clone + Send + Sync + 'static,
        P: TripPolicy + Send + Sync + 'static,
        P::History: Send + Sync,
        L: Listener<K> + Send + Sync + 'static,
    {
        self.register_source(name, SharedSet { set: set.downgrade(), durations: None })
    }

    /// Exports a set with how long its calls took, as far as they were measured. Durations are to be registered once: a
    /// recorder is told of each circuit's under one name only.
    ///
    /// # Errors
    /// [`RegisterError`] if another set of that name is exported.
    pub fn register_timed<K, C, P, L>(
        &self,
        name: impl Into<String>,
        set: &CircuitBreakerSet<K, C, P, L>,
        durations: &CallDurations,
    ) -> Result<(), RegisterError>
    where
        K: Clone + Eq + Hash + Display + Send + Sync + 'static,
        C: Uptime + Clone + Send + Sync + 'static,
        P: TripPolicy + Send + Sync + 'static,
        P::History: Send + Sync,
        L: Listener<K> + Send + Sync + 'static,
    {
        self.register_source(name, SharedSet { set: set.downgrade(), durations: Some(durations.clone()) })?;
        #[cfg(feature = "install")]
        self.with(|state, _| state.bounds.extend_from_slice(durations.bounds()));
        Ok(())
    }

    /// Exports circuits of another kind. See [`from_fn`](crate::from_fn).
    ///
    /// The exporter is locked while it asks a source, so a source must not ask the exporter for anything: it would wait for
    /// itself.
    ///
    /// # Errors
    /// [`RegisterError`] if another set of that name is exported.
    pub fn register_source(&self, name: impl Into<String>, source: impl Source + 'static) -> Result<(), RegisterError> {
        let name = name.into();
        self.with(|state, options| {
            match state.sets.binary_search_by(|known| known.name().cmp(&name)) {
                Ok(at) => match state.sets.get_mut(at) {
                    Some(known) if known.is_gone() => known.replace(Arc::new(source)),
                    _ => return Err(RegisterError::new(name)),
                },
                Err(at) => state.sets.insert(at, Registered::new(name, Arc::new(source), options)),
            }
            Ok(())
        })
    }

    /// Exports a set no more. Says whether it was.
    pub fn unregister(&self, name: &str) -> bool {
        self.with(|state, _| {
            let at = state.sets.binary_search_by(|known| known.name().cmp(name)).ok();
            let was_there = at.and_then(|at| state.sets.get_mut(at)).is_some_and(Registered::end);
            state.sets.retain(|set| !set.is_forgotten());
            was_there
        })
    }

    /// A page in Prometheus' text format 0.0.4.
    pub fn render(&self) -> String {
        self.render_as(Format::Prometheus)
    }

    /// A page in this format.
    pub fn render_as(&self, format: Format) -> String {
        let mut page = String::new();
        // A string takes in everything.
        let _ = self.write(format, &mut page);
        page
    }

    /// Writes a page. The exporter is locked meanwhile: where writing may take its time, use [`write_to`](Self::write_to).
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, format: Format, out: &mut impl fmt::Write) -> fmt::Result {
        self.with(|state, options| {
            let mut seen: Vec<_> = state.sets.iter_mut().map(Registered::look).collect();
            let sets: Vec<_> = state
                .sets
                .iter()
                .zip(seen.drain(..))
                .filter_map(|(set, seen)| Some(SetOnPage { escaped: set.escaped(), book: set.book(), seen: seen? }))
                .collect();
            let page = Page { format, created: options.created, families: &options.families, sets: &sets };
            let written = write_page(out, &page);
            state.sets.retain(|set| !set.is_forgotten());
            written
        })
    }

    /// Writes a page once it is whole.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_to(&self, format: Format, out: &mut impl io::Write) -> io::Result<()> {
        out.write_all(self.render_as(format).as_bytes())
    }

    /// What a panic interrupted, in a key that is displayed or a source, is taken up again by the next.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut State, &Options) -> T) -> T {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        act(&mut state, &self.0.options)
    }
}

impl Default for Exporter {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exporter").field("options", &self.0.options).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::from_fn;

    fn kept(exporter: &Exporter) -> usize {
        exporter.with(|state, _| state.sets.len())
    }

    #[test]
    fn names_of_sets_that_are_gone_are_forgotten() {
        let exporter = Exporter::new();
        for number in 0..100 {
            let set = CircuitBreakerSet::<String>::new();
            exporter.register(format!("dropped {number}"), &set).unwrap();
            drop(set);
            exporter.register_source(format!("unregistered {number}"), from_fn(|_| ())).unwrap();
            assert!(exporter.unregister(&format!("unregistered {number}")));
            assert!(!exporter.unregister(&format!("unregistered {number}")));
            assert_eq!(exporter.render(), "");
        }
        assert_eq!(kept(&exporter), 0);
    }

    /// Or what is counted under the same name later would not be added to what it was told.
    #[cfg(feature = "metrics")]
    #[test]
    fn those_that_a_recorder_was_told_of_are_not() {
        let exporter = Exporter::new();
        exporter.register_source("links", from_fn(|_| ())).unwrap();
        exporter.sync();
        assert!(exporter.unregister("links"));
        assert_eq!((exporter.render().as_str(), kept(&exporter)), ("", 1));
    }
}
