//! Prometheus' text format and OpenMetrics.

mod escape;
mod number;
mod writer;

pub(crate) use escape::escape_label;
pub(crate) use writer::{Page, SetOnPage, write_page};

/// In which format metrics are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Prometheus' text format 0.0.4, which all that reads metrics understands.
    #[default]
    Prometheus,
    /// OpenMetrics 1.0, with units and an end that shows whether all of it arrived.
    OpenMetrics,
}

impl Format {
    /// The value of the header `Content-Type`.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}
