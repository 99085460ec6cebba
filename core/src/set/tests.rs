//! What a set says of itself and of its tickets, one by one; `tests/set_model.rs` has the whole of it.

use core::cell::RefCell;
use core::time::Duration;

use std::vec::Vec;

use super::*;
use crate::clock::ManualClock;
use crate::outcome::State;
use crate::policy::{Consecutive, Rates, SlowCountWindow, Tally};
use crate::rejected::RejectReason;
use crate::settings::SettingsBuilder;

type Khz = ManualClock<1_000>;
type Set<const N: usize> = CircuitBreakerSet<u32, Khz, N>;
type Slow = CircuitBreakerSet<u32, Khz, 3, SlowCountWindow>;

const LIMIT: Duration = Duration::from_millis(50);

const fn builder() -> SettingsBuilder<Khz> {
    Settings::builder()
}

#[test]
fn a_set_counts_its_peers() {
    let mut set = Set::<3>::new(Khz::new());
    assert_eq!((set.len(), set.is_empty(), set.capacity(), set.iter().count()), (0, true, 3, 0));
    assert!(set.get(&1).is_none() && !set.remove(&1));
    for (peers, key) in [7, 8, 7].into_iter().enumerate() {
        assert!(set.peer(&key).is_ok_and(|peer| *peer.key() == key));
        let there = (peers + 1).min(2);
        assert_eq!((set.len(), set.is_empty(), set.capacity(), set.iter().count()), (there, false, 3, there));
    }
    assert!(set.get(&7).is_some_and(|peer| *peer.key() == 7));
    assert!(set.remove(&7) && !set.remove(&7) && set.get(&7).is_none());
    assert_eq!((set.len(), set.iter().map(|peer| *peer.key()).collect::<Vec<_>>()), (1, vec![8]));
    assert!(set.peer(&9).is_ok_and(|peer| *peer.key() == 9), "in the place that is vacant");
    assert_eq!(set.iter().map(|peer| *peer.key()).collect::<Vec<_>>(), [9, 8]);
}

#[test]
fn a_set_shows_its_clock_and_settings() {
    let clock = Khz::new();
    clock.set(Instant::from_ticks(5));
    let settings = builder().consecutive(7).build().unwrap();
    let set = CircuitBreakerSet::<u32, Khz, 2, Consecutive>::with_settings(clock, settings);
    assert_eq!((set.clock().now(), set.settings().policy), (Instant::from_ticks(5), Consecutive { failures: 7 }));
}

#[test]
fn who_finds_no_room_is_refused_or_let_through_untracked() {
    let mut set = Set::<2>::new(Khz::new());
    for key in [1, 2] {
        set.peer(&key).unwrap().force_open();
    }
    assert_eq!(set.try_acquire(&3).unwrap_err().reason(), RejectReason::TableFull);
    assert_eq!(set.peer(&3).unwrap_err().reason(), RejectReason::TableFull);
    set.set_when_full(WhenFull::AdmitUntracked);
    for _ in 0..10 {
        let ticket = set.try_acquire(&3).unwrap();
        set.settle(ticket, Outcome::Failure);
        assert_eq!(set.peer(&3).map(Peer::state), Ok(State::Disabled));
    }
    assert_eq!((set.len(), set.get(&3).is_none()), (2, true));
    assert_eq!(set.try_acquire(&1).unwrap_err().reason(), RejectReason::ForcedOpen);
}

#[test]
fn a_listener_hears_of_who_goes_and_who_finds_no_room() {
    let heard = RefCell::new(vec![]);
    let listener = |key: &u32, event: &Event| heard.borrow_mut().push((*key, *event));
    let mut set =
        CircuitBreakerSet::<u32, Khz, 2, _, _>::with_listener(Khz::new(), builder().build().unwrap(), listener);
    for key in [1, 2, 3] {
        assert!(set.peer(&key).is_ok());
    }
    assert_eq!(heard.take(), [(1, Event::Evicted)]);
    for key in [2, 3] {
        set.peer(&key).unwrap().force_open();
    }
    heard.take();
    assert!(set.peer(&4).is_err());
    set.set_when_full(WhenFull::AdmitUntracked);
    assert!(set.peer(&5).is_ok());
    assert_eq!(heard.take(), [(4, false), (5, true)].map(|(key, admitted)| (key, Event::TableFull { admitted })));
}

#[test]
fn each_way_to_settle_a_ticket_counts_and_only_for_its_own_peer() {
    type Settle = fn(&Slow, Ticket);

    let settle: [(Settle, Tally); 5] = [
        (|set, ticket| set.settle(ticket, Outcome::Failure), Tally { calls: 1, failures: 1, slow: 0 }),
        (|set, ticket| set.settle(ticket, Outcome::Success), Tally { calls: 1, failures: 0, slow: 0 }),
        (|set, ticket| set.settle_timed(ticket, Outcome::Failure, LIMIT), Tally { calls: 1, failures: 1, slow: 0 }),
        (
            |set, ticket| set.settle_timed(ticket, Outcome::Success, LIMIT + Duration::from_millis(1)),
            Tally { calls: 1, failures: 0, slow: 1 },
        ),
        (|set, ticket| set.abandon(ticket), Tally { calls: 1, failures: 1, slow: 0 }),
    ];
    for (settle, expected) in settle {
        let rates = Rates::failures(50).slow_calls(50);
        let settings = builder().abandoned(Outcome::Failure).slow_call(LIMIT).count_window(5, rates);
        let mut set = Slow::with_settings(Khz::new(), settings.build().unwrap());
        let (kept, lost) = (set.try_acquire(&1).unwrap(), set.try_acquire(&2).unwrap());
        settle(&set, kept);
        assert_eq!(set.get(&1).unwrap().tally(), expected);
        assert!(set.remove(&2));
        assert!(set.peer(&3).is_ok());
        settle(&set, lost);
        assert_eq!(set.get(&3).unwrap().tally(), Tally::default(), "the place has another peer");
    }
}

#[test]
fn a_ticket_says_what_kind_of_call_it_is_for() {
    let of = |ticket: &Ticket| (ticket.would_reject(), ticket.may_be_slow(), ticket.is_probe());
    let needs_none =
        |ticket: &Ticket| (ticket.needs_no_success::<MaxFailures<3>>(), ticket.needs_no_success::<Consecutive>());
    let mut set = Set::<3>::new(Khz::new());
    let healthy = set.try_acquire(&1).unwrap();
    assert_eq!((of(&healthy), needs_none(&healthy)), ((false, false, false), (true, false)));
    let mut timed = Set::<3>::with_settings(Khz::new(), builder().slow_call(LIMIT).build().unwrap());
    let timed = timed.try_acquire(&1).unwrap();
    assert_eq!((of(&timed), needs_none(&timed)), ((false, true, false), (false, false)));
    set.peer(&2).unwrap().open();
    set.peer(&2).unwrap().half_open();
    let probe = set.try_acquire(&2).unwrap();
    assert_eq!((of(&probe), needs_none(&probe)), ((false, true, true), (false, false)));
    let observed = set.peer(&3).unwrap();
    observed.observe();
    for _ in 0..4 {
        observed.try_acquire().unwrap().failure();
    }
    let ticket = set.try_acquire(&3).unwrap();
    assert_eq!((of(&ticket), needs_none(&ticket)), ((true, true, false), (false, false)));
    set.peer(&3).unwrap().disable();
    let ticket = set.try_acquire(&3).unwrap();
    assert_eq!((of(&ticket), needs_none(&ticket)), ((false, true, false), (false, false)));
}

#[test]
fn the_next_deadline_is_the_nearest_of_all() {
    let mut set = Set::<3>::new(Khz::new());
    assert_eq!(set.next_deadline(), None);
    set.peer(&1).unwrap();
    assert_eq!(set.next_deadline(), None);
    set.shared.clock.set(Instant::from_ticks(u32::MAX - 1_000));
    set.peer(&2).unwrap().open_for(Duration::from_secs(2)).unwrap();
    set.shared.clock.advance(Duration::from_millis(500));
    set.peer(&3).unwrap().open_for(Duration::from_secs(1)).unwrap();
    let at = |ticks: u32| Some(Instant::from_ticks((u32::MAX - 1_000).wrapping_add(ticks)));
    assert_eq!(set.next_deadline(), at(1_500));
    assert!(set.remove(&3));
    assert_eq!(set.next_deadline(), at(2_000));
}

/// Who has to go if the peers were used so, in a set that counts so many uses.
fn oldest(uses: u16, last: [u16; 3]) -> u32 {
    let mut set = Set::<3>::new(Khz::new());
    (1..=3).for_each(|key| assert!(set.peer(&key).is_ok()));
    set.uses = uses;
    for (slot, last) in set.slots.iter_mut().zip(last) {
        slot.used = last;
    }
    // One more use, and then another peer.
    assert!(set.peer(&2).is_ok());
    assert!(set.peer(&4).is_ok());
    (1..=3).find(|key| set.get(key).is_none()).unwrap()
}

#[test]
fn the_least_recently_used_goes_also_where_the_count_of_uses_is_taken_care_of() {
    const CARE: u16 = 1 << 14;
    for uses in [10, CARE - 2, CARE - 1, CARE, 2 * CARE - 1, 3 * CARE - 1, u16::MAX] {
        let ago = |uses_ago| uses.wrapping_sub(uses_ago);
        assert_eq!(oldest(uses, [ago(3), ago(9), ago(2)]), 1, "{uses}");
        assert_eq!(oldest(uses, [ago(2), ago(9), ago(3)]), 3, "{uses}");
        assert_eq!(oldest(uses, [ago(3), ago(9), ago(2 * CARE - 2)]), 3, "{uses}");
    }
}

#[test]
fn those_not_used_for_long_count_as_equally_old() {
    const OLD: u16 = 1 << 15;
    for uses in [OLD / 2 - 1, OLD - 1, OLD + OLD / 2 - 1, u16::MAX] {
        let mut set = Set::<3>::new(Khz::new());
        (1..=3).for_each(|key| assert!(set.peer(&key).is_ok()));
        set.uses = uses;
        for (slot, age) in set.slots.iter_mut().zip([OLD + 1, 5, OLD - 2]) {
            slot.used = uses.wrapping_sub(age);
        }
        assert!(set.peer(&2).is_ok());
        let ages: Vec<u16> = set.slots.iter().map(|slot| set.uses.wrapping_sub(slot.used)).collect();
        assert_eq!(ages, [OLD, 0, OLD - 1], "{uses}");
        // The same peer again is no change.
        assert!(set.peer(&2).is_ok());
        assert_eq!(set.uses, uses.wrapping_add(1));
    }
}
