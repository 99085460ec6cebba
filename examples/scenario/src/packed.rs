//! Scenarios as bytes, which are read where they lie.

use core::fmt;

use fusebox::SettingsError;
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::step::Step;

/// The scenarios of a file, one after the other.
#[derive(Clone, Debug)]
pub struct Scenarios<'a>(&'a [u8]);

impl<'a> Scenarios<'a> {
    /// What `read::pack` made of a file.
    pub const fn packed(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }
}

impl<'a> Iterator for Scenarios<'a> {
    type Item = Result<Scenario<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        next(&mut self.0)
    }
}

/// One scenario: a breaker's settings, and steps.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Scenario<'a> {
    pub(crate) id: &'a str,
    pub(crate) config: Config,
    /// Packed on their own, so that one is unpacked at a time.
    pub(crate) steps: &'a [u8],
}

impl<'a> Scenario<'a> {
    /// Its name.
    pub const fn id(&self) -> &'a str {
        self.id
    }

    pub(crate) const fn steps(&self) -> Steps<'a> {
        Steps(self.steps)
    }
}

/// The steps of a scenario.
#[derive(Clone)]
pub(crate) struct Steps<'a>(&'a [u8]);

impl<'a> Iterator for Steps<'a> {
    type Item = Result<Step<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        next(&mut self.0)
    }
}

/// After an error nothing follows: where the next value begins is not known.
fn next<'a, T: Deserialize<'a>>(bytes: &mut &'a [u8]) -> Option<Result<T, Error>> {
    if bytes.is_empty() {
        return None;
    }
    let unpacked = postcard::take_from_bytes(bytes);
    let (value, rest) = match unpacked {
        Ok((value, rest)) => (Ok(value), rest),
        Err(error) => (Err(Error::Damaged(error)), &[][..]),
    };
    *bytes = rest;
    Some(value)
}

/// A scenario that cannot be played. Reading a file makes sure that all of its scenarios can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The bytes are not what was packed.
    Damaged(postcard::Error),
    /// No breaker has such settings.
    Settings(SettingsError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(error) => write!(f, "the packed scenarios are damaged: {error}"),
            Self::Settings(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Error {}
