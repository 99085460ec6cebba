//! Guarded readers and writers, blocking and asynchronous, and guarded TCP connects.
#![cfg(all(feature = "embedded-nal-async-09", not(fusebox_loom)))]

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::pending;
use std::net::SocketAddr;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use embedded_io::{Error as _, ErrorKind, ErrorType, Read, ReadReady, Write, WriteReady};
use embedded_nal_async::TcpConnect;
use fusebox::driver::{GuardedIo, GuardedTcpConnect};
use fusebox::{CircuitBreaker, CircuitBreakerSet, Error, Outcome, State, by_error, clock::ManualClock};
use futures::executor::block_on;

type Clock = ManualClock<1_000>;
type Answer = Result<usize, ErrorKind>;

/// A line that gives the next of its answers to whatever is asked, and waits for ever when it has none.
#[derive(Default)]
struct Line(VecDeque<Answer>);

impl Line {
    fn answers(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self(answers.into_iter().collect())
    }

    fn next(&mut self) -> Answer {
        self.0.pop_front().expect("nobody should ask this line")
    }

    async fn next_async(&mut self) -> Answer {
        match self.0.pop_front() {
            Some(answer) => answer,
            None => pending().await,
        }
    }
}

impl ErrorType for Line {
    type Error = ErrorKind;
}

impl Read for Line {
    fn read(&mut self, _: &mut [u8]) -> Answer {
        self.next()
    }
}

impl Write for Line {
    fn write(&mut self, _: &[u8]) -> Answer {
        self.next()
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        self.next().map(drop)
    }
}

impl ReadReady for Line {
    fn read_ready(&mut self) -> Result<bool, ErrorKind> {
        Ok(!self.0.is_empty())
    }
}

impl WriteReady for Line {
    fn write_ready(&mut self) -> Result<bool, ErrorKind> {
        Err(ErrorKind::BrokenPipe)
    }
}

impl embedded_io_async::Read for Line {
    async fn read(&mut self, _: &mut [u8]) -> Answer {
        self.next_async().await
    }
}

impl embedded_io_async::Write for Line {
    async fn write(&mut self, _: &[u8]) -> Answer {
        self.next_async().await
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        self.next_async().await.map(drop)
    }
}

const DEAD: Answer = Err(ErrorKind::TimedOut);

#[test]
fn a_dead_line_is_left_alone_until_its_wait_is_over() {
    let clock = Clock::new();
    let breaker = CircuitBreaker::new(&clock);
    let mut line = GuardedIo::new(Line::answers([Ok(3), DEAD, DEAD, DEAD, DEAD, Ok(2)]), &breaker);
    assert_eq!(line.read(&mut [0; 8]), Ok(3));
    assert_eq!(line.read(&mut [0; 8]), Err(Error::Inner(ErrorKind::TimedOut)));
    assert_eq!(line.write(&[0; 8]), Err(Error::Inner(ErrorKind::TimedOut)));
    assert_eq!(line.flush(), Err(Error::Inner(ErrorKind::TimedOut)));
    assert_eq!(line.write_all(&[0; 8]), Err(Error::Inner(ErrorKind::TimedOut)));
    // The line would panic if it were asked more often than it has answers.
    for error in [line.read(&mut [0; 8]).err(), line.write(&[0; 8]).err(), line.flush().err()] {
        let error = error.unwrap();
        assert_eq!((error.kind(), error.retry_after().is_some()), (ErrorKind::Other, true));
    }
    assert_eq!(line.inner_mut().0.len(), 1);
    clock.advance(Duration::from_secs(10));
    assert_eq!(line.write(&[0; 2]), Ok(2));
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn asking_what_is_ready_goes_past_the_circuit() {
    let clock = Clock::new();
    let breaker = CircuitBreaker::new(&clock);
    let mut line = GuardedIo::new(Line::answers([Ok(1)]), &breaker);
    breaker.force_open();
    assert_eq!(line.read_ready(), Ok(true));
    breaker.reset();
    assert_eq!(line.write_ready(), Err(Error::Inner(ErrorKind::BrokenPipe)));
    assert_eq!(breaker.tally().failures, 0);
}

#[test]
fn no_bytes_are_passed_on_and_prove_nothing() {
    let clock = Clock::new();
    let breaker = CircuitBreaker::new(&clock);
    let mut line = GuardedIo::new(Line::answers([Ok(0), Ok(0), Ok(1)]), &breaker);
    breaker.open();
    breaker.half_open();
    assert_eq!((line.read(&mut [0; 8]), line.write(&[])), (Ok(0), Ok(0)));
    assert_eq!(breaker.state(), State::HalfOpen);
    assert_eq!(line.read(&mut [0; 8]), Ok(1));
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn errors_of_our_own_do_not_count_and_others_may_be_exempt() {
    for (error, failures) in [
        (ErrorKind::Interrupted, 0),
        (ErrorKind::InvalidInput, 0),
        (ErrorKind::AddrInUse, 0),
        (ErrorKind::AddrNotAvailable, 0),
        (ErrorKind::Unsupported, 0),
        (ErrorKind::OutOfMemory, 0),
        (ErrorKind::ConnectionReset, 1),
        (ErrorKind::Other, 1),
    ] {
        let clock = Clock::new();
        let breaker = CircuitBreaker::new(&clock);
        let mut line = GuardedIo::new(Line::answers([Err(error)]), &breaker);
        assert_eq!(line.read(&mut [0]), Err(Error::Inner(error)));
        assert_eq!(breaker.tally().failures, failures, "{error:?}");
    }
    let clock = Clock::new();
    let breaker = CircuitBreaker::new(&clock);
    let mut line = GuardedIo::new(Line::answers([DEAD; 9]), &breaker).with_failure(by_error(|error: &ErrorKind| {
        if *error == ErrorKind::TimedOut { Outcome::Ignored } else { Outcome::Failure }
    }));
    for _ in 0..9 {
        assert_eq!(line.flush(), Err(Error::Inner(ErrorKind::TimedOut)));
    }
    assert_eq!(breaker.tally().failures, 0);
}

#[test]
fn an_asynchronous_line_is_guarded_in_the_same_way() {
    use embedded_io_async::{Read, Write};
    let clock = Clock::new();
    let breaker = CircuitBreaker::new(&clock);
    let mut line = GuardedIo::new(Line::answers([Ok(3), DEAD, DEAD]), &breaker);
    block_on(async {
        assert_eq!(Read::read(&mut line, &mut [0; 8]).await, Ok(3));
        assert_eq!(Write::write(&mut line, &[0; 8]).await, Err(Error::Inner(ErrorKind::TimedOut)));
        assert_eq!(Write::flush(&mut line).await, Err(Error::Inner(ErrorKind::TimedOut)));
    });
    for _ in 0..2 {
        let mut bytes = [0; 8];
        let read = pin!(Read::read(&mut line, &mut bytes));
        assert!(read.poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    // Two errors and two timeouts.
    assert_eq!(breaker.state(), State::Open);
    block_on(async {
        assert!(matches!(Read::read(&mut line, &mut [0; 8]).await, Err(Error::Rejected(_))));
        assert!(matches!(Write::write(&mut line, &[0; 8]).await, Err(Error::Rejected(_))));
        assert!(matches!(Write::flush(&mut line).await, Err(Error::Rejected(_))));
    });
}

/// A stack that counts its connects. Port 1 does not answer, port 2 is our own fault, port 3 hangs.
#[derive(Default)]
struct Stack(Cell<u32>);

impl TcpConnect for Stack {
    type Error = ErrorKind;
    type Connection<'a> = Line;

    async fn connect(&self, remote: SocketAddr) -> Result<Line, ErrorKind> {
        self.0.set(self.0.get() + 1);
        match remote.port() {
            1 => Err(ErrorKind::TimedOut),
            2 => Err(ErrorKind::OutOfMemory),
            3 => pending().await,
            _ => Ok(Line::answers([Ok(5), Err(ErrorKind::ConnectionReset)])),
        }
    }
}

fn host(port: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 7], port))
}

#[test]
fn connects_to_a_dead_address_are_refused_without_traffic_and_others_go_on() {
    block_on(async {
        let clock = Clock::new();
        let table = RefCell::new(CircuitBreakerSet::<SocketAddr, _, 4>::new(&clock));
        let stack = Stack::default();
        let guarded = GuardedTcpConnect::new(&stack, &table);
        let kind = async |port| guarded.connect(host(port)).await.err().map(|error| error.kind());
        for _ in 0..4 {
            assert_eq!(kind(1).await, Some(ErrorKind::TimedOut));
            assert_eq!(kind(2).await, Some(ErrorKind::OutOfMemory));
        }
        assert_eq!(stack.0.get(), 8);
        for _ in 0..50 {
            let error = guarded.connect(host(1)).await.err().unwrap();
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            assert_eq!(error.retry_after().map(fusebox::Ticks::as_millis), Some(10_000));
        }
        assert_eq!(stack.0.get(), 8);
        let state = |port| table.borrow().get(&host(port)).map(fusebox::Peer::state);
        assert_eq!((state(1), state(2)), (Some(State::Open), Some(State::Closed)));

        let mut connection = guarded.connect(host(9)).await.unwrap();
        assert_eq!(embedded_io_async::Read::read(&mut connection, &mut [0; 8]).await, Ok(5));
        let error = embedded_io_async::Write::write(&mut connection, &[0]).await.unwrap_err();
        assert_eq!((error.kind(), error.0), (ErrorKind::ConnectionReset, Error::Inner(ErrorKind::ConnectionReset)));
        clock.advance(Duration::from_secs(10));
        assert_eq!(kind(1).await, Some(ErrorKind::TimedOut));
        assert_eq!(kind(1).await, Some(ErrorKind::ConnectionRefused));
    });
}

#[test]
fn connects_may_run_at_once_and_those_that_are_dropped_count() {
    let clock = Clock::new();
    let guarded = GuardedTcpConnect::new(Stack::default(), CircuitBreakerSet::<SocketAddr, _, 4>::new(&clock));
    {
        let mut context = Context::from_waker(Waker::noop());
        let mut hanging = [(); 4].map(|()| Box::pin(guarded.connect(host(3))));
        for connect in &mut hanging {
            assert!(connect.as_mut().poll(&mut context).is_pending());
        }
        assert!(block_on(guarded.connect(host(9))).is_ok());
    }
    let state = guarded.circuits().borrow().get(&host(3)).map(fusebox::Peer::state);
    assert_eq!(state, Some(State::Open));
}

#[test]
fn a_connection_passes_everything_on_and_gives_back_what_it_wraps() {
    use embedded_io_async::Write;
    block_on(async {
        let clock = Clock::new();
        let ignore_all = by_error(|_: &ErrorKind| Outcome::Ignored);
        let circuits = CircuitBreakerSet::<SocketAddr, _, 4>::new(&clock);
        let guarded = GuardedTcpConnect::new(Stack::default(), circuits).with_failure(ignore_all);
        for _ in 0..9 {
            let error = guarded.connect(host(1)).await.err().unwrap();
            assert_eq!(error.kind(), ErrorKind::TimedOut, "no connect counts, so none is refused");
            assert_eq!(error.to_string(), ErrorKind::TimedOut.to_string());
            assert!(std::error::Error::source(&error).is_none());
        }
        let mut connection = guarded.connect(host(9)).await.unwrap();
        assert!(connection.read_ready().unwrap());
        assert_eq!(connection.write_ready().unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert!(Write::flush(&mut connection).await.is_ok());
        assert_eq!(connection.into_inner().0.len(), 1);
        assert_eq!(guarded.into_inner().0.get(), 10);
        assert_eq!(GuardedIo::new(Line::answers([Ok(7)]), CircuitBreaker::new(&clock)).into_inner().0.len(), 1);
    });
}
