//! A set against a simple model of one.
#![cfg(not(fusebox_loom))]

mod agree;

use agree::{Command, Op, agree};
use fusebox::clock::ManualClock;
use fusebox::{CircuitBreakerSet, Outcome};
use proptest::prelude::*;

fn ops() -> impl Strategy<Value = Op> {
    let outcomes = prop_oneof![4 => Just(Outcome::Failure), 3 => Just(Outcome::Success), 1 => Just(Outcome::Ignored)];
    let commands = prop_oneof![
        Just(Command::Open),
        Just(Command::ForceOpen),
        Just(Command::Disable),
        Just(Command::Observe),
        Just(Command::Automatic),
        Just(Command::Reset),
    ];
    let key = 0u16..8;
    prop_oneof![
        2 => prop_oneof![1u16..100, 9_000u16..11_000, Just(60_000)].prop_map(Op::Advance),
        3 => key.clone().prop_map(Op::Use),
        8 => key.clone().prop_map(Op::Acquire),
        8 => (0usize..6, outcomes).prop_map(|(which, outcome)| Op::Settle(which, outcome)),
        1 => (0usize..6).prop_map(Op::Abandon),
        3 => (key.clone(), commands).prop_map(|(key, command)| Op::ByHand(key, command)),
        1 => key.prop_map(Op::Remove),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_set_agrees_with_a_list_of_breakers(ops in proptest::collection::vec(ops(), 1..150)) {
        agree(&ops);
    }
}

/// The count of uses is 16 bits wide: far beyond its wraps the least recently used peer still goes.
#[test]
fn the_order_of_use_survives_the_wraps_of_its_count() {
    let clock = ManualClock::<1_000>::new();
    let mut set = CircuitBreakerSet::<u16, _, 3>::new(&clock);
    for busy in [1_u32, 1_000, 40_000, 65_535, 65_536, 65_537, 200_000] {
        for key in [1, 2, 3] {
            assert!(set.peer(&key).is_ok());
        }
        for turn in 0..busy {
            assert!(set.peer(&(2 + (turn % 2) as u16)).is_ok());
        }
        assert!(set.peer(&4).is_ok());
        assert!(set.get(&1).is_none(), "{busy} uses of the others");
        assert!(set.remove(&4));
    }
}
