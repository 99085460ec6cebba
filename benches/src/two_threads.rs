//! Two threads on one breaker. A sample counts only if both ran all the time, and at the same time.

pub(crate) mod disturbed;
mod meeting;

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use crate::quartiles::Quartiles;
use crate::report::Line;
use crate::sampling::{Effort, calls_for};
use crate::subject::{Kind, Subject, Workers};
use meeting::Meeting;

/// How long a thread calls before it looks at the clock.
const STRETCH: Duration = Duration::from_micros(4);
/// The least part of the time in which both threads must have run.
const OVERLAP: f64 = 0.9;
/// How often all turns are repeated at most, until a quarter of them counts.
const MOST: u32 = 4;
/// With fewer samples than these there is no figure.
const FEWEST: usize = 25;

/// Measures subjects in turn, each with two threads that call through it at once.
///
/// # Errors
/// If a subject cannot be made.
pub fn measure(row: &'static str, subjects: &[Subject], effort: Effort) -> Result<Vec<Line>> {
    let subjects: Vec<&Subject> = subjects.iter().filter(|subject| subject.kind != Kind::Unshared).collect();
    let workers = subjects.iter().map(|subject| subject.start()).collect::<Result<Vec<Workers>>>()?;
    let stretches: Vec<u32> = workers.iter().map(|make| calls_for(STRETCH, make().as_mut())).collect();
    let start = Instant::now();
    let mut samples = vec![vec![]; subjects.len()];
    let mut taken = 0;
    loop {
        let meeting = Meeting::new();
        let thread = || call_in_turn(&workers, &stretches, effort, &meeting, start);
        let (one, other) = thread::scope(|scope| {
            let one = scope.spawn(thread);
            (thread(), one.join())
        });
        let other = other.map_err(|_| anyhow!("{row}: a thread panicked"))?;
        taken += effort.rounds;
        for (index, (one, other)) in one.iter().zip(&other).enumerate() {
            let kept = samples.get_mut(index % subjects.len()).filter(|_| one.counts_with(other));
            if let Some(kept) = kept {
                kept.push(one.time().midpoint(other.time()));
            }
        }
        // On a machine with other work to do, most turns are disturbed.
        let enough = samples.iter().all(|kept| kept.len() >= effort.rounds as usize / 4);
        if enough || taken >= MOST * effort.rounds {
            break;
        }
    }
    let line = |(subject, samples): (&&Subject, Vec<f64>)| {
        let kept = samples.len();
        let time = Quartiles::of(samples).filter(|_| kept >= FEWEST);
        Line { row, name: subject.name, kind: subject.kind, time, kept, of: taken as usize }
    };
    Ok(subjects.iter().zip(samples).map(line).collect())
}

/// What one thread did in one turn.
#[derive(Clone, Copy, Debug)]
struct Turn {
    start: Duration,
    end: Duration,
    calls: u32,
    was_disturbed: bool,
}

impl Turn {
    /// Nanoseconds a call.
    fn time(&self) -> f64 {
        self.end.saturating_sub(self.start).as_secs_f64() * 1e9 / f64::from(self.calls)
    }

    fn counts_with(&self, other: &Self) -> bool {
        let both = self.end.min(other.end).saturating_sub(self.start.max(other.start));
        let either = self.end.max(other.end).saturating_sub(self.start.min(other.start));
        !self.was_disturbed && !other.was_disturbed && both.as_secs_f64() >= OVERLAP * either.as_secs_f64()
    }
}

fn call_in_turn(
    workers: &[Workers],
    stretches: &[u32],
    effort: Effort,
    meeting: &Meeting,
    start: Instant,
) -> Vec<Turn> {
    let mut mine: Vec<_> = workers.iter().map(|make| make()).collect();
    let mut turns = vec![];
    for _ in 0..effort.rounds {
        for (worker, stretch) in mine.iter_mut().zip(stretches) {
            meeting.wait();
            let disturbed = disturbed::so_far();
            let mut turn = Turn { start: start.elapsed(), end: Duration::ZERO, calls: 0, was_disturbed: false };
            loop {
                worker.run(*stretch);
                turn.calls = turn.calls.saturating_add(*stretch);
                turn.end = start.elapsed();
                if turn.end.saturating_sub(turn.start) >= effort.turn {
                    break;
                }
            }
            turn.was_disturbed = disturbed.is_none() || disturbed != disturbed::so_far();
            turns.push(turn);
        }
    }
    turns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Answer;

    fn turn(start: u64, end: u64) -> Turn {
        let [start, end] = [start, end].map(Duration::from_nanos);
        Turn { start, end, calls: 10, was_disturbed: false }
    }

    #[test]
    fn only_turns_that_overlap_count() {
        assert!(turn(0, 100).counts_with(&turn(0, 100)));
        assert!(turn(5, 100).counts_with(&turn(0, 95)));
        assert!(!turn(6, 100).counts_with(&turn(0, 95)));
        assert!(!turn(0, 100).counts_with(&turn(200, 300)));
        assert!(!turn(0, 100).counts_with(&Turn { was_disturbed: true, ..turn(0, 100) }));
    }

    #[test]
    fn threads_meet_and_what_one_alone_can_use_is_left_out() {
        let done = |kind, name| Subject::new(kind, name, || Ok(()), |()| Answer::Done);
        let effort = Effort { rounds: 2, turn: Duration::from_micros(1) };
        let lines =
            measure("row", &[done(Kind::Ours, "a"), done(Kind::Unshared, "b"), done(Kind::Peer, "c")], effort).unwrap();
        let found: Vec<_> = lines.iter().map(|line| (line.name, line.time, line.of)).collect();
        assert_eq!(found, [("a", None, 2), ("c", None, 2)]);
    }
}
