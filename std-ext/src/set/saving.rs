//! A set that outlives its program.

use std::hash::Hash;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use fusebox::policy::TripPolicy;
use fusebox::{Listener, Snapshot};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::CircuitBreakerSet;
use crate::clock::Uptime;
use crate::saved::{self, Restored, SavedError, SavedErrorReason};

impl<K, C, P, L> CircuitBreakerSet<K, C, P, L>
where
    K: Clone + Eq + Hash,
    C: Uptime + Clone,
    P: TripPolicy,
    L: Listener<K>,
{
    /// Saves what the circuits learned, for [`restore`](Self::restore) after a restart. Returns how many were saved.
    /// With the feature `saved`.
    ///
    /// A circuit that is closed and remembers no failure is not saved: it is as good as a new one. All others are,
    /// those in a mode set by hand too, as [`Snapshot`]s with the time of the wall clock; counters, records and
    /// [own settings](Self::set_own_settings) are not. Callers are not stopped, so circuits may change while others
    /// are being saved; none is saved halfway.
    ///
    /// The file is replaced at once or not at all: it is written beside the old one in the same folder, synced, and
    /// renamed. On Unix only its owner may read it.
    ///
    /// ```
    /// use fusebox::State;
    /// use fusebox_std::CircuitBreakerSet;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("upstreams.saved");
    /// let before = CircuitBreakerSet::<String>::new();
    /// before.handle("inventory")?.open();
    /// before.handle("prices")?;
    /// assert_eq!(before.save(&path)?, 1);
    ///
    /// // The program starts again. Without its file, or with a damaged one, it starts with closed circuits.
    /// let after = CircuitBreakerSet::<String>::new();
    /// match after.restore(&path) {
    ///     Ok(restored) => println!("{} circuits were restored", restored.circuits),
    ///     Err(error) => println!("starting clean: {error}"),
    /// }
    /// assert_eq!(after.handle("inventory")?.state(), State::Open);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// A process that is killed while it saves leaves its unfinished file beside the whole one, as `.NAME.RANDOM.unfinished`;
    /// nobody reads it, and it may be deleted.
    ///
    /// # Errors
    /// [`SavedError`] if a key cannot be serialized or the file cannot be written. The old file is then still there,
    /// unless all that failed was the last sync of its folder.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<usize, SavedError>
    where
        K: Serialize,
    {
        let path = path.as_ref();
        let handles = self.handles();
        let learned = handles.iter().filter(|circuit| !circuit.0.peer().is_clean());
        let learned: Vec<_> = learned.map(|circuit| (circuit.key(), circuit.snapshot())).collect();
        let count = learned.len();
        let text = saved::encode::<K, P>(learned, C::HZ, SystemTime::now());
        text.and_then(|text| saved::replace(path, &text).map_err(SavedErrorReason::Io))
            .map_err(|reason| SavedError::new(path, reason))?;
        Ok(count)
    }

    /// Takes up what [`save`](Self::save) wrote, as of now: the time since then, by the wall clock, counts towards
    /// waits and windows; a wall clock that went back counts as no time. With the feature `saved`.
    ///
    /// A circuit that already remembers something of its peer is newer than the file and stays as it is; one that is
    /// closed and remembers no failure is restored. A circuit for which there is no room is left out and counted in
    /// [`Restored::no_room`], whatever the set does [when full](super::CircuitBreakerSetBuilder::when_full).
    /// Listeners are told of each restored circuit. No file at all is a first start: nothing is restored.
    ///
    /// # Errors
    /// [`SavedError`] with the path and the reason if the file cannot be read, is damaged, is another's, or was saved
    /// by a set with another clock rate, another type of trip policy or other keys. Nothing is then restored, and the
    /// file is left as it is.
    pub fn restore(&self, path: impl AsRef<Path>) -> Result<Restored, SavedError>
    where
        K: DeserializeOwned,
    {
        let path = path.as_ref();
        let refused = |reason| SavedError::new(path, reason);
        let Some(bytes) = saved::read(path, saved::NAME).map_err(|error| refused(SavedErrorReason::Io(error)))? else {
            return Ok(Restored::default());
        };
        let (at, circuits) = saved::decode::<K, P>(&bytes, C::HZ).map_err(refused)?;
        Ok(self.take_up(circuits, SystemTime::now().duration_since(at).unwrap_or_default()))
    }

    fn take_up(&self, circuits: Vec<(K, Snapshot)>, asleep: Duration) -> Restored {
        let mut restored = Restored { asleep, ..Restored::default() };
        for (key, snapshot) in circuits {
            let Ok(entry) = self.0.used(&key, Arc::clone).map_or_else(|| self.0.seat(key), Ok) else {
                restored.no_room += 1;
                continue;
            };
            if !entry.peer().is_clean() {
                restored.kept += 1;
                continue;
            }
            entry.peer().restore(&snapshot, asleep);
            // Until it was restored it was clean, so another thread may have taken its place.
            entry.learned(None);
            if entry.has_seat() {
                restored.circuits += 1;
            } else {
                restored.no_room += 1;
            }
        }
        restored
    }
}
