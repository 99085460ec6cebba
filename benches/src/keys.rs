//! The keys of peers, and a random order to ask for them in.

use std::sync::Arc;

/// Keys as a program has them that asks for a peer: others than those in the table, and in no order.
#[derive(Clone, Debug)]
pub struct Keys {
    names: Arc<[String]>,
    order: Arc<[u32]>,
    next: usize,
}

impl Keys {
    /// So many keys.
    pub fn new(count: u32) -> Self {
        let names = (0..count).map(|peer| format!("peer-{peer:06}.example.com")).collect();
        let mut order: Vec<u32> = (0..count).collect();
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        for end in (1..order.len()).rev() {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            order.swap(end, (random % (end as u64 + 1)) as usize);
        }
        Self { names, order: order.into(), next: 0 }
    }

    /// All keys, for a table.
    pub fn iter(&self) -> impl Iterator<Item = String> + '_ {
        self.names.iter().cloned()
    }

    /// The next key to ask for.
    #[inline]
    pub fn next_key(&mut self) -> &str {
        let peer = self.order.get(self.next).copied().unwrap_or_default();
        self.next = if self.next + 1 < self.order.len() { self.next + 1 } else { 0 };
        self.names.get(peer as usize).map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_key_is_asked_for_once_a_round_and_not_in_order() {
        let mut keys = Keys::new(1_000);
        let all: Vec<String> = keys.iter().collect();
        let asked: Vec<String> = all.iter().map(|_| keys.next_key().to_string()).collect();
        assert_eq!(asked.iter().collect::<BTreeSet<_>>().len(), 1_000);
        assert_ne!(asked, all);
        assert_eq!(keys.next_key(), asked[0]);
    }
}
