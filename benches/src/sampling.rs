//! Samples of one thread, taken in turn, so that noise meets all subjects alike.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::answer::Answer;
use crate::quartiles::Quartiles;
use crate::report::Line;
use crate::subject::Subject;
use crate::worker::Worker;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// How often each subject has its turn.
    pub rounds: u32,
    /// How long a turn takes at least.
    pub turn: Duration,
}

/// Measures subjects in turn. Each must answer as expected before and after.
///
/// # Errors
/// Names the subject that answers something else, which is then no measurement of this row.
pub fn measure(row: &'static str, subjects: &[Subject], expected: Answer, effort: Effort) -> Result<Vec<Line>> {
    let mut turns = vec![];
    for subject in subjects {
        let mut worker = subject.start()?();
        check(row, subject, worker.once(), expected)?;
        let calls = calls_for(effort.turn, worker.as_mut());
        turns.push((subject, worker, calls, vec![]));
    }
    for round in 0..effort.rounds as usize {
        // Whoever comes after a subject that leaves the caches in disorder is not always the same.
        let first = round % turns.len().max(1);
        let (late, early) = turns.split_at_mut(first);
        for (_, worker, calls, samples) in early.iter_mut().chain(late) {
            samples.push(nanoseconds_a_call(worker.as_mut(), *calls));
        }
    }
    let mut lines = vec![];
    for (subject, mut worker, _, samples) in turns {
        check(row, subject, worker.once(), expected)?;
        let of = samples.len();
        lines.push(Line { row, name: subject.name, kind: subject.kind, time: Quartiles::of(samples), kept: of, of });
    }
    Ok(lines)
}

/// So many calls take at least this long, on an undisturbed machine.
pub fn calls_for(turn: Duration, worker: &mut dyn Worker) -> u32 {
    let mut calls = 16;
    loop {
        // The shortest of three was disturbed the least.
        let shortest = (0..3).map(|_| nanoseconds_a_call(worker, calls)).fold(f64::INFINITY, f64::min);
        if shortest * f64::from(calls) >= turn.as_secs_f64() * 1e9 || calls > u32::MAX / 2 {
            return calls;
        }
        calls *= 2;
    }
}

fn nanoseconds_a_call(worker: &mut dyn Worker, calls: u32) -> f64 {
    let start = Instant::now();
    worker.run(calls);
    start.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
}

fn check(row: &str, subject: &Subject, answer: Answer, expected: Answer) -> Result<()> {
    ensure!(answer == expected, "{row}: {} answered {answer:?} instead of {expected:?}", subject.name);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subject::Kind;

    const EFFORT: Effort = Effort { rounds: 3, turn: Duration::from_micros(1) };

    #[test]
    fn every_subject_has_each_of_its_turns() {
        let done = |name| Subject::new(Kind::Floor, name, || Ok(()), |()| Answer::Done);
        let lines = measure("row", &[done("a"), done("b")], Answer::Done, EFFORT).unwrap();
        assert_eq!(lines.iter().map(|line| (line.name, line.of)).collect::<Vec<_>>(), [("a", 3), ("b", 3)]);
    }

    #[test]
    fn a_subject_that_does_something_else_is_not_measured() {
        let subject = Subject::new(Kind::Peer, "tripped", || Ok(()), |()| Answer::Rejected);
        let error = measure("row", &[subject], Answer::Done, EFFORT).unwrap_err().to_string();
        assert_eq!(error, "row: tripped answered Rejected instead of Done");
    }
}
