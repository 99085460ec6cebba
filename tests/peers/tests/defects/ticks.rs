//! Y22: a counter of milliseconds that wraps.

use std::time::Duration;

use fusebox_peer_tests::Subject;
use fusebox_peer_tests::subjects::ours;

use crate::seen::seen;

const WAIT: Duration = Duration::from_secs(1);
const LOOKS: u32 = 100;

/// Y22: opens half a second before the counter wraps. How many calls are let through of those that come over the next
/// 49 days.
fn y22(subject: &impl Subject) -> usize {
    subject.trip();
    let look = |_: &u32| {
        subject.wait(Duration::from_millis(u64::from(u32::MAX / LOOKS)));
        subject.succeed().made()
    };
    (0..LOOKS - 1).filter(look).count()
}

#[test]
fn y22_fusebox_opens_and_closes_while_its_counter_wraps() {
    let breaker = ours::breaker(ours::settings(WAIT));
    breaker.clock().advance_ticks(u32::MAX - 500);
    let made = y22(&breaker);
    seen("Y22", "fusebox", format_args!("{made} of {} calls over 49 days", LOOKS - 1));
    assert_eq!(made, LOOKS as usize - 1);
}

#[cfg(feature = "peers")]
#[test]
fn y22_reliakit_stays_open() {
    let made = y22(&fusebox_peer_tests::subjects::reliakit::breaker(WAIT, u32::MAX - 500));
    seen("Y22", "reliakit-circuit", format_args!("{made} of {} calls over 49 days", LOOKS - 1));
    assert_eq!(made, 0);
}
