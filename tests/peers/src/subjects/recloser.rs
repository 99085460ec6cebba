//! recloser.

use std::time::Duration;

use recloser::{AsyncRecloser, Error, Recloser};

use crate::{Answer, Call, Subject, Work};

/// Half of a full window of so many calls opens; so does half of `probes` again.
pub fn breaker(window: usize, wait: Duration, probes: usize) -> AsyncRecloser {
    Recloser::custom().closed_len(window).open_wait(wait).half_open_len(probes).build().into()
}

impl Subject for AsyncRecloser {
    fn call(&self, work: Work) -> Call<'_> {
        Box::pin(async {
            match AsyncRecloser::call(self, work).await {
                Ok(()) => Answer::Done,
                Err(Error::Inner(_)) => Answer::Failed,
                Err(Error::Rejected) => Answer::Rejected,
            }
        })
    }
}
