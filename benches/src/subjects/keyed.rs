//! Looking a peer up by its name, and calling it.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use dashmap::DashMap;
use fusebox_std::CircuitBreakerSet;

use super::peers::{self, Consecutive};
use crate::answer::Answer;
use crate::keys::Keys;
use crate::subject::{Kind, Subject};
use crate::work::work;

/// How many peers there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peers(pub u32);

impl Peers {
    /// What is measured.
    pub const ALL: [Self; 3] = [Self(1), Self(1_000), Self(100_000)];

    /// What the report calls it.
    pub const fn row(self) -> &'static str {
        match self.0 {
            1 => "keyed_1",
            1_000 => "keyed_1000",
            _ => "keyed_100000",
        }
    }
}

/// A table and the keys it was filled with.
struct Filled<T> {
    table: T,
    keys: Keys,
}

/// All subjects. Maps have the same hasher, and values behind an `Arc`, as whoever wants to keep one has them.
pub fn of(peers: Peers) -> Vec<Subject> {
    let peer = || Arc::new(AtomicU32::new(1));
    let answer = |word: &Arc<AtomicU32>| if word.load(Relaxed) == 0 { Answer::Rejected } else { Answer::Done };
    vec![
        lookup(
            Kind::Floor,
            "key read and hashed",
            peers,
            |_| RandomState::new(),
            |hasher, key| {
                std::hint::black_box(hasher.hash_one(key));
                Answer::Done
            },
        ),
        lookup(
            Kind::Floor,
            "papaya, get and load",
            peers,
            move |keys| keys.iter().map(|key| (key, peer())).collect::<papaya::HashMap<_, _, RandomState>>(),
            move |map, key| map.pin().get(key).map_or(Answer::Rejected, answer),
        ),
        lookup(
            Kind::Floor,
            "scc::HashIndex, get and load",
            peers,
            move |keys| {
                let map = scc::HashIndex::<_, _, RandomState>::default();
                for key in keys.iter() {
                    let _ = map.insert_sync(key, peer());
                }
                map
            },
            move |map, key| map.peek_with(key, |_, word| answer(word)).unwrap_or(Answer::Rejected),
        ),
        lookup(
            Kind::Floor,
            "scc::HashMap, get and load",
            peers,
            move |keys| {
                let map = scc::HashMap::<_, _, RandomState>::default();
                for key in keys.iter() {
                    let _ = map.insert_sync(key, peer());
                }
                map
            },
            move |map, key| map.read_sync(key, |_, word| answer(word)).unwrap_or(Answer::Rejected),
        ),
        lookup(
            Kind::Floor,
            "DashMap, get and load",
            peers,
            move |keys| keys.iter().map(|key| (key, peer())).collect::<DashMap<_, _, RandomState>>(),
            move |map, key| map.get(key).map_or(Answer::Rejected, |word| answer(&word)),
        ),
        Subject::with_callers(
            Kind::Ours,
            "CircuitBreakerSet",
            move || {
                let set = CircuitBreakerSet::<String>::builder().capacity(peers.0 as usize).build()?;
                let keys = Keys::new(peers.0);
                for key in keys.iter() {
                    set.handle(key.as_str())?;
                }
                Ok(Filled { table: set, keys })
            },
            |filled| (filled.table.clone(), filled.keys.clone()),
            |(set, keys)| Answer::of(set.call(keys.next_key(), work)),
        ),
        lookup(
            Kind::Peer,
            "DashMap of recloser",
            peers,
            |keys| keys.iter().map(|key| (key, peers::new_recloser())).collect::<DashMap<_, _, RandomState>>(),
            |map, key| map.get(key).map_or(Answer::Rejected, |breaker| peers::call_recloser(&breaker)),
        ),
        lookup(
            Kind::Peer,
            "DashMap of failsafe, consecutive",
            peers,
            |keys| keys.iter().map(|key| (key, Consecutive::new())).collect::<DashMap<_, _, RandomState>>(),
            |map, key| map.get(key).map_or(Answer::Rejected, |breaker| breaker.call()),
        ),
    ]
}

fn lookup<T: Send + Sync + 'static>(
    kind: Kind,
    name: &'static str,
    peers: Peers,
    fill: impl Fn(&Keys) -> T + Copy + 'static,
    find: impl Fn(&T, &str) -> Answer + Copy + Send + Sync + 'static,
) -> Subject {
    Subject::with_callers(
        kind,
        name,
        move || {
            let keys = Keys::new(peers.0);
            Ok(Filled { table: fill(&keys), keys })
        },
        |filled| (Arc::clone(filled), filled.keys.clone()),
        move |(filled, keys)| find(&filled.table, keys.next_key()),
    )
}
