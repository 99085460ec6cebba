//! The guards of readers and writers, and of TCP connects.

use core::convert::Infallible;
use core::net::SocketAddr;

use embedded_io::{ErrorKind, ErrorType, Read, ReadReady, Write, WriteReady};
use embedded_nal_async::TcpConnect;
use fusebox::driver::{Circuits, GuardedConnection, GuardedIo, GuardedTcpConnect};
use fusebox::{CircuitBreaker, CircuitBreakerSet, Classify, Outcome, by_error};

use crate::{CLOCK, Clock, any, poll, sometime, used};

/// A port and a network that do anything.
struct Port;

fn result<T>(value: T) -> Result<T, ErrorKind> {
    if any(true) { Ok(value) } else { Err(any(ErrorKind::TimedOut)) }
}

impl ErrorType for Port {
    type Error = ErrorKind;
}

impl Read for Port {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        result(any(buffer).len())
    }
}

impl Write for Port {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        result(any(bytes).len())
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        result(())
    }
}

impl ReadReady for Port {
    fn read_ready(&mut self) -> Result<bool, ErrorKind> {
        result(any(true))
    }
}

impl WriteReady for Port {
    fn write_ready(&mut self) -> Result<bool, ErrorKind> {
        result(any(true))
    }
}

impl embedded_io_async::Read for Port {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        sometime().await;
        result(any(buffer).len())
    }
}

impl embedded_io_async::Write for Port {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        sometime().await;
        result(any(bytes).len())
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        sometime().await;
        result(())
    }
}

impl TcpConnect for Port {
    type Error = ErrorKind;
    type Connection<'a> = Self;

    async fn connect(&self, remote: SocketAddr) -> Result<Self, ErrorKind> {
        sometime().await;
        used(remote);
        result(Self)
    }
}

/// Guards with every choice there is.
pub(crate) fn exercise() {
    let circuit = CircuitBreaker::new(&CLOCK);
    let fault = |kind: &ErrorKind| if *kind == ErrorKind::TimedOut { Outcome::Ignored } else { Outcome::Failure };
    every_transfer(GuardedIo::new(Port, &circuit));
    every_transfer(GuardedIo::new(Port, &circuit).with_failure(by_error(fault)));

    let peers = CircuitBreakerSet::<SocketAddr, Clock, 4>::new(&CLOCK);
    every_connect(&GuardedTcpConnect::new(Port, &circuit));
    let stack = GuardedTcpConnect::new(Port, peers).with_failure(by_error(fault));
    every_connect(&stack);
    used(stack.circuits().try_borrow().is_ok());
    used(stack.into_inner());
}

fn every_transfer<S: Circuits<()>, F: Classify<usize, ErrorKind>>(mut guard: GuardedIo<Port, S, F>) {
    let (sent, mut received) = (any([1, 2, 3]), [0; 4]);
    used(Read::read(&mut guard, &mut received).map_err(|error| (embedded_io::Error::kind(&error), error)));
    used(Write::write(&mut guard, &sent));
    used(Write::flush(&mut guard));
    used((guard.read_ready(), guard.write_ready()));
    used(poll(embedded_io_async::Read::read(&mut guard, &mut received)));
    used(poll(embedded_io_async::Write::write(&mut guard, &sent)));
    used(poll(embedded_io_async::Write::flush(&mut guard)));
    used(guard.inner_mut());
    used(guard.into_inner());
}

fn every_connect<S: Circuits<SocketAddr>, F: Classify<Infallible, ErrorKind>>(stack: &GuardedTcpConnect<Port, S, F>) {
    for remote in any([SocketAddr::from(([192, 0, 2, 1], 1_883)), SocketAddr::from(([0_u16; 8], 1))]) {
        match poll(stack.connect(remote)) {
            Some(Ok(connection)) => connected(connection),
            Some(Err(error)) => used((embedded_io::Error::kind(&error), error.retry_after(), error)),
            None => {}
        }
    }
}

fn connected(mut connection: GuardedConnection<Port>) {
    let (sent, mut received) = (any([1, 2, 3]), [0; 4]);
    used(poll(embedded_io_async::Read::read(&mut connection, &mut received)));
    used(poll(embedded_io_async::Write::write(&mut connection, &sent)));
    used(poll(embedded_io_async::Write::flush(&mut connection)));
    used((connection.read_ready(), connection.write_ready()));
    used(connection.into_inner());
}
