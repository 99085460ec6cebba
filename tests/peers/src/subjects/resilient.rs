//! resilient, through its trait `Policy`.

use std::time::Duration;

use resilient::BreakerPolicy;
use resilient::policy::Policy;

use crate::{Answer, Call, Subject, Work};

/// Four failures open.
pub fn breaker(wait: Duration) -> BreakerPolicy {
    BreakerPolicy::default().with_failure_threshold(4).with_open_timeout(wait)
}

impl Subject for BreakerPolicy {
    fn call(&self, work: Work) -> Call<'_> {
        Box::pin(async {
            let mut work = Some(work);
            let mut take = || work.take().expect("a breaker calls once");
            // It has no word for a rejection: what comes back is the work's own result.
            Answer::of(Policy::call(self, &mut take).await)
        })
    }
}
