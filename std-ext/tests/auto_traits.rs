//! Where the types of this crate may be used: on any thread, and on either side of a panic.

use std::fmt::Debug;
use std::panic::{RefUnwindSafe, UnwindSafe, catch_unwind};

use fusebox::State;
use fusebox_std::{
    Abandoned, CallCounts, CircuitBreakerSet, CircuitBreakerSetBuilder, Counts, Explanation, Handle, Permit, Record,
    SetError, StateTimes, StdClock,
};

fn is_for_all_threads<T: Send + Sync + UnwindSafe + RefUnwindSafe + Unpin + Debug + 'static>() {}

#[test]
fn all_types_are_for_all_threads_and_survive_panics() {
    is_for_all_threads::<CircuitBreakerSet<String>>();
    is_for_all_threads::<CircuitBreakerSetBuilder<String>>();
    is_for_all_threads::<Handle<String>>();
    is_for_all_threads::<Permit<String>>();
    is_for_all_threads::<(Abandoned, CallCounts, Counts, Explanation, Record, SetError, StateTimes, StdClock)>();
    #[cfg(feature = "tokio")]
    is_for_all_threads::<fusebox_std::TokioClock>();
    #[cfg(feature = "saved")]
    is_for_all_threads::<fusebox_std::Restored>();
}

#[test]
fn a_panic_may_be_caught_around_a_call() {
    let set = CircuitBreakerSet::<String>::new();
    let inventory = set.handle("inventory").unwrap();
    for _ in 0..2 {
        assert!(catch_unwind(|| set.call("inventory", || -> Result<(), ()> { panic!("as it happens") })).is_err());
        assert!(catch_unwind(|| inventory.call(|| -> Result<(), ()> { panic!("as it happens") })).is_err());
    }
    assert_eq!(inventory.state(), State::Open);
}
