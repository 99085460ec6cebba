//! What types print, for people and for developers.

use core::fmt::{self, Debug, Display, Write as _};

use fusebox::policy::{Rates, SlowCountWindow, SlowTimeWindow};
use fusebox::{CircuitBreaker, CircuitBreakerSet, Settings, Snapshot};

use crate::{CLOCK, Clock, answer, any, used};

/// Takes text until it is full.
pub(crate) struct Sink;

impl fmt::Write for Sink {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        used(text);
        if any(true) { Ok(()) } else { Err(fmt::Error) }
    }
}

fn printed(value: impl Display + Debug) {
    used(write!(Sink, "{value:>8} {value:?}"));
}

/// Prints a value of each type that can be printed, or holds others that can.
pub(crate) fn exercise() {
    let breaker = CircuitBreaker::new(&CLOCK);
    used(breaker.call(|| answer(1)).map_err(printed));
    used(breaker.try_acquire().map(|permit| write!(Sink, "{permit:?}")).map_err(printed));
    used(breaker.open_for(any(core::time::Duration::from_secs(9))).map_err(printed));
    used(Snapshot::from_bytes(any([0; 16])).map(|snapshot| write!(Sink, "{snapshot:?}")).map_err(printed));
    printed(breaker.state());
    used(write!(Sink, "{breaker:?} {:?} {:?}", breaker.peer(), breaker.tally()));

    let mut set = CircuitBreakerSet::<u16, Clock, 4>::new(&CLOCK);
    used(set.try_acquire(&any(1)).map(|ticket| write!(Sink, "{ticket:?}")).map_err(printed));
    used(write!(Sink, "{set:?}"));

    let rates = Rates::failures(any(50)).slow_calls(any(20));
    let count: Result<Settings<Clock, SlowCountWindow<5>>, _> = Settings::builder().count_window(any(9), rates).build();
    used(write!(Sink, "{count:?}"));
    let second = any(core::time::Duration::from_secs(1));
    let time: Result<Settings<Clock, SlowTimeWindow>, _> =
        Settings::builder().time_window(any(9), second, rates).build();
    used(write!(Sink, "{time:?}"));
}
