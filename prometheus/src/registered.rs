//! A set that is exported.

use std::sync::Arc;

use crate::book::{Book, Seen};
use crate::builder::Options;
#[cfg(feature = "metrics")]
use crate::push::Push;
use crate::sample::Wanted;
use crate::source::{Source, collect};
use crate::text::escape_label;

/// A set that is exported, or was.
pub(crate) struct Registered {
    name: Arc<str>,
    escaped: String,
    source: Option<Arc<dyn Source>>,
    book: Book,
    #[cfg(feature = "metrics")]
    push: Push,
    /// Whether a recorder was told of it, which it is to be told more of should another set go by this name.
    #[cfg(feature = "metrics")]
    synced: bool,
}

impl Registered {
    pub(crate) fn new(name: String, source: Arc<dyn Source>, options: &Options) -> Self {
        let mut escaped = String::with_capacity(name.len());
        // A string takes in everything.
        let _ = escape_label(&mut escaped, &name);
        let Options { most_circuits: most, wanted, .. } = *options;
        Self {
            name: name.into(),
            escaped,
            source: Some(source),
            book: Book::new(most, wanted),
            #[cfg(feature = "metrics")]
            push: Push::new(most, wanted),
            #[cfg(feature = "metrics")]
            synced: false,
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn escaped(&self) -> &str {
        &self.escaped
    }

    pub(crate) const fn book(&self) -> &Book {
        &self.book
    }

    pub(crate) fn is_gone(&self) -> bool {
        match &self.source {
            None => true,
            Some(source) => collect(&**source, Wanted::default(), &mut |_, _, _| {}).is_none(),
        }
    }

    /// Whether there is nothing left to tell, and nothing to remember.
    pub(crate) const fn is_forgotten(&self) -> bool {
        #[cfg(feature = "metrics")]
        if self.synced {
            return false;
        }
        self.source.is_none()
    }

    /// Another set goes by this name now. What a recorder was told stays told.
    pub(crate) fn replace(&mut self, source: Arc<dyn Source>) {
        self.end();
        self.source = Some(source);
    }

    /// Says whether there was one.
    pub(crate) fn end(&mut self) -> bool {
        self.book.end();
        #[cfg(feature = "metrics")]
        self.push.end();
        self.source.take().is_some()
    }

    /// Looks at the circuits, for a page.
    pub(crate) fn look(&mut self) -> Option<Seen> {
        let seen = self.book.look(self.source.as_deref()?);
        if seen.is_none() {
            self.end();
        }
        seen
    }

    /// Looks at the circuits, and tells the recorder.
    #[cfg(feature = "metrics")]
    pub(crate) fn sync(&mut self, recorder: &crate::push::To<'_>) {
        let still_there = self.push.sync(&self.name, self.source.as_deref(), recorder);
        self.synced |= still_there;
        if !still_there && self.source.is_some() {
            self.end();
        }
    }
}
