//! What broke other circuit breakers, and the breakers it is tried on.
//!
//! Each is a [`Subject`], which makes asynchronous calls as its users do. A row of defects is one function in
//! `tests/defects`, run on fusebox, which must hold, and on the crate that it was found in, which must show it: so a
//! function that finds nothing is known to look in the right place.

pub mod subject;
pub mod subjects;

pub use subject::{Answer, Call, Failed, InFlight, Subject, Work};
