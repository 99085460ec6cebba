//! A shop whose stock is kept by warehouses elsewhere, one of which breaks down now and then.
#![forbid(unsafe_code)]

pub mod shop;
pub mod warehouses;

pub use shop::shop;
pub use warehouses::Warehouses;

/// The examples of the pages, as doc tests: here, since they need a server.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/axum.md")]
struct AxumPage;

/// The same.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/admin.md")]
struct AdminPage;
