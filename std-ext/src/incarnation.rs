//! Which of the circuits that a peer had one after the other, or of the sets.

use std::any::Any;
use std::hash::{Hash, Hasher};
use std::sync::Weak;

/// Tells a circuit from one that is made anew for the same peer, or a set from another, and keeps neither: for who reads
/// their counters now and then, and has to know whether they began anew.
///
/// ```
/// use fusebox_std::CircuitBreakerSet;
///
/// let upstreams = CircuitBreakerSet::<String>::new();
/// let first = upstreams.handle("inventory")?.incarnation();
/// assert_eq!(upstreams.handle("inventory")?.incarnation(), first);
/// upstreams.remove("inventory");
/// assert_ne!(upstreams.handle("inventory")?.incarnation(), first);
/// # Ok::<(), fusebox::Rejected>(())
/// ```
#[derive(Clone, Debug)]
pub struct Incarnation(pub(crate) Weak<dyn Any + Send + Sync>);

impl Incarnation {
    /// Whether it is still there: a circuit in its set, in somebody's hands, or for a while after it left both.
    pub fn is_alive(&self) -> bool {
        self.0.strong_count() > 0
    }

    /// Where it is or was. No other is there as long as this one is remembered.
    pub(crate) fn address(&self) -> usize {
        self.0.as_ptr().cast::<()>().addr()
    }
}

impl PartialEq for Incarnation {
    fn eq(&self, other: &Self) -> bool {
        self.address() == other.address()
    }
}

impl Eq for Incarnation {}

impl Hash for Incarnation {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.address().hash(state);
    }
}
