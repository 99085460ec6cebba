//! Every subject does what its row says, not only at first.
#![cfg(feature = "peers")]

use fusebox_bench::answer::Answer;
use fusebox_bench::subject::Subject;
use fusebox_bench::subjects::keyed::{self, Peers};
use fusebox_bench::subjects::{self, Row};
use fusebox_bench::work::set_failing;

/// One test, as all subjects do the same work.
#[test]
fn every_subject_answers_as_its_row_says() {
    for row in Row::ALL {
        set_failing(row == Row::Failure);
        for subject in subjects::of(row) {
            answers(row.name(), &subject, row.expected());
        }
        set_failing(false);
    }
    for peers in [Peers(1), Peers(1_000)] {
        for subject in keyed::of(peers) {
            answers(peers.row(), &subject, Answer::Done);
        }
    }
}

fn answers(row: &str, subject: &Subject, expected: Answer) {
    let workers = subject.start().unwrap();
    let (mut one, mut other) = (workers(), workers());
    for call in 0..2_500 {
        assert_eq!(one.once(), expected, "{row}: {} on call {call}", subject.name);
        other.run(1);
    }
}
