//! Runs the library's code one atomic step at a time.
//!
//! What a thread knows in the middle of a call is what its steps have told it so far. So a thread is kept as that
//! log. To go on by one step, the call is made once more: steps in the log give the answers that they gave, the next
//! one is taken for real and noted down. What follows is run out with answers that nobody looks at.

use std::cell::RefCell;

use crate::defect::Defect;

/// What one step told the thread that took it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Seen {
    /// The clock's time.
    Clock(u32),
    /// The state word.
    Word(u64),
    /// A compare-exchange of the state word succeeded.
    Won,
    /// It did not; this was there.
    Lost(u64),
    /// A word of the history.
    Cell(u32),
    /// What a word of the history was before it was changed.
    Changed(u32),
    /// A word of the history was not what was expected, and stays.
    Kept(u32),
    /// A word of the history was set.
    Set,
    /// The upper half of the state word was set.
    Half,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    /// Every step is taken, none is noted.
    #[default]
    Free,
    /// One step is taken.
    One,
    /// All are taken that the log does not have.
    Rest,
}

/// What listeners heard while the one step was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) transitions: u8,
    pub(crate) trips: u8,
}

#[derive(Debug, Default)]
struct Run {
    mode: Mode,
    log: Vec<Seen>,
    at: usize,
    /// The one step is taken.
    stepped: bool,
    /// The thread would have to go on, which it is not allowed to.
    ghost: bool,
    now: u32,
    defect: Option<Defect>,
    /// The time that was read too early.
    early: Option<u32>,
    /// A history was not cleared when it should have been.
    unclear: bool,
    told: Told,
}

thread_local! {
    static RUN: RefCell<Run> = RefCell::default();
}

fn with<R>(body: impl FnOnce(&mut Run) -> R) -> R {
    RUN.with_borrow_mut(body)
}

/// How a run of one step ended.
pub(crate) struct Stepped<R> {
    /// What the call gave back, if it is over.
    pub(crate) result: Option<R>,
    pub(crate) log: Vec<Seen>,
    pub(crate) told: Told,
}

/// Takes the one step after those of `log`, and all that follows it up to the next.
pub(crate) fn one<R>(log: &[Seen], now: u32, defect: Option<Defect>, call: impl FnOnce() -> R) -> Stepped<R> {
    with(|run| {
        let mut kept = std::mem::take(&mut run.log);
        kept.clear();
        kept.extend_from_slice(log);
        *run = Run { mode: Mode::One, log: kept, now, defect, ..Run::default() };
    });
    let result = call();
    with(|run| {
        run.mode = Mode::Free;
        Stepped { result: (!run.ghost).then_some(result), log: run.log.clone(), told: run.told }
    })
}

/// Goes on after the steps of `log` to the end.
pub(crate) fn rest<R>(log: &[Seen], now: u32, defect: Option<Defect>, call: impl FnOnce() -> R) -> R {
    with(|run| *run = Run { mode: Mode::Rest, log: log.to_vec(), now, defect, ..Run::default() });
    let result = call();
    with(|run| run.mode = Mode::Free);
    result
}

/// Sets the time for all that is done outside of steps.
pub(crate) fn set_time(now: u32) {
    with(|run| *run = Run { now, ..Run::default() });
}

pub(crate) fn defect() -> Option<Defect> {
    with(|run| run.defect)
}

/// Takes a step, or gives its answer if it was taken already. `ghost` is the answer that nobody will look at.
pub(crate) fn step(ghost: Seen, take: impl FnOnce() -> Seen) -> Seen {
    enum Way {
        Answer(Seen),
        Take,
        Note,
    }
    let way = with(|run| match (run.mode, run.log.get(run.at)) {
        (Mode::Free, _) | (Mode::Rest, None) => Way::Take,
        (_, Some(seen)) => {
            run.at += 1;
            Way::Answer(*seen)
        }
        (Mode::One, None) if run.stepped => {
            run.ghost = true;
            Way::Answer(ghost)
        }
        (Mode::One, None) => {
            run.stepped = true;
            Way::Note
        }
    });
    match way {
        Way::Answer(seen) => seen,
        Way::Take => take(),
        Way::Note => {
            let seen = take();
            with(|run| {
                run.log.push(seen);
                run.at += 1;
            });
            seen
        }
    }
}

/// The clock.
pub(crate) fn clock() -> u32 {
    match with(|run| run.early) {
        Some(early) => early,
        None => read_clock(),
    }
}

fn read_clock() -> u32 {
    match step(Seen::Clock(0), || Seen::Clock(with(|run| run.now))) {
        Seen::Clock(now) => now,
        _ => 0,
    }
}

/// The clock is read too early, if that is the defect.
pub(crate) fn before_the_word() {
    if defect() == Some(Defect::ClockBeforeWord) {
        let now = read_clock();
        with(|run| run.early = Some(now));
    }
}

/// Whether a word of the history is to be set later than it should be.
pub(crate) fn leaves_unclear(value: u32) -> bool {
    with(|run| {
        let late = value == 0 && run.mode != Mode::Free && run.defect == Some(Defect::ClearedAfterClosing);
        run.unclear |= late;
        late
    })
}

/// Whether a history has to be cleared yet. From here on it is.
pub(crate) fn take_unclear() -> bool {
    with(|run| {
        if run.unclear {
            run.defect = None;
        }
        std::mem::take(&mut run.unclear)
    })
}

/// A listener heard of a transition.
pub(crate) fn told(is_trip: bool) {
    with(|run| {
        if run.mode == Mode::One && run.stepped && !run.ghost {
            run.told.transitions += 1;
            run.told.trips += u8::from(is_trip);
        }
    });
}
