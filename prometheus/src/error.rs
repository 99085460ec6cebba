//! What may be wrong.

use std::error::Error;
use std::fmt;

/// A set of this name is exported already, and it is still there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterError {
    name: String,
}

impl RegisterError {
    pub(crate) const fn new(name: String) -> Self {
        Self { name }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a set is exported as {:?} already; choose another name, or unregister that one", self.name)
    }
}

impl Error for RegisterError {}

/// The names of metrics cannot begin like this: they are made of letters, digits, `_` and `:`, and begin with no digit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrefixError {
    prefix: String,
}

impl PrefixError {
    pub(crate) const fn new(prefix: String) -> Self {
        Self { prefix }
    }

    /// The prefix.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }
}

impl fmt::Display for PrefixError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "metrics cannot be named {:?} and so on: use letters, digits, '_' and ':', no digit first, and no other's names",
            self.prefix
        )
    }
}

impl Error for PrefixError {}
