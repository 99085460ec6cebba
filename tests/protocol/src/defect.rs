//! Bugs that this protocol is built to avoid, to be put in on purpose.

/// A bug put into one step, to see that the model would notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// `since` is written in a step of its own, after the rest of the state word.
    SinceApart,
    /// The clock is read before the word that it is compared with, and not again after a lost race.
    ClockBeforeWord,
    /// A permit's generation is not compared with the word's.
    GenerationUnchecked,
    /// Probes that do not come back are never given up.
    LeaseUnchecked,
    /// The history is cleared after the circuit is seen closed.
    ClearedAfterClosing,
    /// A failure is taken in with a load and a store in place of one step.
    CountedInTwoSteps,
    /// A lost compare-exchange is taken for a won one.
    LostRaceIgnored,
}

impl Defect {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::SinceApart,
        Self::ClockBeforeWord,
        Self::GenerationUnchecked,
        Self::LeaseUnchecked,
        Self::ClearedAfterClosing,
        Self::CountedInTwoSteps,
        Self::LostRaceIgnored,
    ];
}
