//! One peer's state, and the loop that carries it on.

use crate::carrier::Carrier;
use crate::event::Cause;
use crate::machine::{Effect, Input, step};
use crate::policy::{MaxFailures, TripPolicy};
use crate::settings::Settings;
use crate::time::{Clock, Instant};
use crate::word::Word;

/// One peer's state: the word of the machine and what the policy remembers. Everything else is shared
/// by the peers of a set.
///
/// | policy | bytes on 32-bit targets |
/// |---|---|
/// | [`Consecutive`](crate::policy::Consecutive), [`CountWindow`](crate::policy::CountWindow) of up to 31 calls | 12 |
/// | [`MaxFailures<3>`] | 20 |
///
/// Hosts round up to 8.
pub struct Circuit<P: TripPolicy = MaxFailures<3>> {
    pub(crate) word: Carrier,
    pub(crate) history: P::History,
}

impl<P: TripPolicy> Circuit<P> {
    /// A closed circuit that nothing has happened to.
    pub const fn new() -> Self {
        Self::at(Word::NEW)
    }

    /// The same, with a generation to begin with. Where circuits of one table begin with different ones, such as a
    /// part of their keys' hashes, those that open in the same tick draw different jitter.
    pub const fn with_generation(generation: u8) -> Self {
        Self::at(Word::NEW.in_generation(generation))
    }

    pub(crate) const fn at(word: Word) -> Self {
        Self { word: Carrier::new(word), history: P::EMPTY }
    }

    /// Sets the word, whatever it is now made of: for who has the circuit to themselves.
    pub(crate) fn set(&mut self, word: Word) {
        self.word = Carrier::new(word);
    }

    /// Moves the machine on by one input.
    ///
    /// If another thread was faster, what follows from the input is computed anew. The clock is read after the
    /// word, also then: a time of this reading cannot lie before one that is in the word.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "each caller keeps the part of the machine that its input needs")]
    pub(crate) fn drive<C: Clock>(&self, settings: &Settings<C, P>, clock: &C, input: Input) -> Driven {
        self.drive_at(settings, || clock.now(), input)
    }

    /// The same, for who knows what time it is.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "as `drive` is")]
    pub(crate) fn drive_at<C: Clock>(
        &self,
        settings: &Settings<C, P>,
        now: impl Fn() -> Instant,
        input: Input,
    ) -> Driven {
        let mut before = self.word.load();
        loop {
            let now = now();
            let (next, effect) = step(before, input, now, &settings.rules, settings.probe_rates());
            let Some(after) = next else { return Driven { before, after: before, now, effect } };
            // The history is of the time before the opening. It is cleared before the circuit can be seen
            // closed, by the only thread that may close it.
            if matches!(effect, Effect::Moved(Cause::ProbesSucceeded)) && !settings.keep_history {
                settings.policy.clear(&self.history);
            }
            match self.word.replace(before, after) {
                Ok(()) => return Driven { before, after, now, effect },
                Err(found) => before = found,
            }
        }
    }
}

/// One input, taken in.
#[derive(Clone, Copy)]
pub(crate) struct Driven {
    pub(crate) before: Word,
    pub(crate) after: Word,
    /// When it was taken in.
    pub(crate) now: Instant,
    pub(crate) effect: Effect,
}

impl<P: TripPolicy> Default for Circuit<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P: TripPolicy> core::fmt::Debug for Circuit<P> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.word.load().fmt(f)
    }
}

#[cfg(feature = "defmt")]
impl<P: TripPolicy> defmt::Format for Circuit<P> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Circuit({})", self.word.load().phase().state());
    }
}

#[cfg(not(target_has_atomic = "64"))]
const _: () = {
    use crate::policy::{Consecutive, CountWindow};

    assert!(size_of::<Circuit<Consecutive>>() == 12);
    assert!(size_of::<Circuit<CountWindow>>() == 12);
    assert!(size_of::<Circuit<MaxFailures<3>>>() == 20);
};
