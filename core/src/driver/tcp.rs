//! Connects of a TCP stack, with a circuit per socket address.

use core::cell::RefCell;
use core::convert::Infallible;
use core::fmt;
use core::net::SocketAddr;

use embedded_io_async::{ErrorKind, ErrorType, Read, ReadReady, Write, WriteReady};
use embedded_nal_async::TcpConnect;

use super::circuits::Circuits;
use super::held::Held;
use super::io::FailureByKind;
use crate::classify::Classify;
use crate::outcome::Outcome;
use crate::rejected::Error;
use crate::time::Ticks;

/// Connects of a TCP stack, with a circuit per socket address.
///
/// It implements `TcpConnect` of `embedded-nal-async`. Only connects are watched; a connection, once made, is
/// passed on with its errors wrapped. To watch what goes through it, put it into a
/// [`GuardedIo`](super::GuardedIo). A connect that is dropped, by a timeout for instance, is
/// [abandoned](crate::SettingsBuilder::abandoned).
///
/// `S` is the table, keyed by socket address: see [`Circuits`]. `F` decides which errors count: see
/// [`FailureByKind`] and [`with_failure`](Self::with_failure).
///
/// ```
/// # use core::net::SocketAddr;
/// # use embedded_io_async::{ErrorKind, ErrorType, Read, Write};
/// # struct Stack;
/// # struct Connection;
/// # impl ErrorType for Connection { type Error = ErrorKind; }
/// # impl Read for Connection {
/// #     async fn read(&mut self, _: &mut [u8]) -> Result<usize, ErrorKind> { Ok(0) }
/// # }
/// # impl Write for Connection {
/// #     async fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> { Ok(buf.len()) }
/// #     async fn flush(&mut self) -> Result<(), ErrorKind> { Ok(()) }
/// # }
/// # impl embedded_nal_async::TcpConnect for Stack {
/// #     type Error = ErrorKind;
/// #     type Connection<'a> = Connection;
/// #     async fn connect<'a>(&'a self, _: SocketAddr) -> Result<Connection, ErrorKind> { Err(ErrorKind::TimedOut) }
/// # }
/// # futures::executor::block_on(async {
/// use embedded_io_async::Error as _;
/// use embedded_nal_async::TcpConnect;
/// use fusebox::driver::GuardedTcpConnect;
/// use fusebox::{CircuitBreakerSet, clock::ManualClock};
///
/// let clock = ManualClock::<1_000>::new();
/// let brokers = CircuitBreakerSet::<SocketAddr, _, 4>::new(&clock);
/// // `Stack` is what a client is given elsewhere. Its peer does not answer.
/// let stack = GuardedTcpConnect::new(Stack, brokers);
/// let broker = SocketAddr::from(([192, 0, 2, 1], 1883));
/// for _ in 0..4 {
///     assert_eq!(stack.connect(broker).await.err().map(|error| error.kind()), Some(ErrorKind::TimedOut));
/// }
/// let rejected = stack.connect(broker).await.err().unwrap();
/// assert_eq!(rejected.kind(), ErrorKind::ConnectionRefused);
/// assert_eq!(rejected.retry_after().map(|left| left.as_millis()), Some(10_000));
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct GuardedTcpConnect<T, S, F = FailureByKind> {
    inner: T,
    circuits: RefCell<S>,
    failure: F,
}

#[cfg(feature = "defmt")]
impl<T, S, F> defmt::Format for GuardedTcpConnect<T, S, F> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "GuardedTcpConnect");
    }
}

impl<T, S: Circuits<SocketAddr>> GuardedTcpConnect<T, S> {
    /// Guards the connects of a stack by the circuits of those it connects to.
    pub const fn new(inner: T, circuits: S) -> Self {
        Self { inner, circuits: RefCell::new(circuits), failure: FailureByKind }
    }
}

impl<T, S, F> GuardedTcpConnect<T, S, F> {
    /// Replaces the decision what errors of a connect count as: [`by_error`](crate::by_error) makes one. It is asked
    /// about errors only.
    pub fn with_failure<F2: Classify<Infallible, T::Error>>(self, failure: F2) -> GuardedTcpConnect<T, S, F2>
    where
        T: TcpConnect,
    {
        GuardedTcpConnect { inner: self.inner, circuits: self.circuits, failure }
    }

    /// The circuits, to look at them between connects.
    pub const fn circuits(&self) -> &RefCell<S> {
        &self.circuits
    }

    /// The stack alone.
    pub fn into_inner(self) -> T {
        self.inner
    }
}

impl<T, S, F> TcpConnect for GuardedTcpConnect<T, S, F>
where
    T: TcpConnect,
    S: Circuits<SocketAddr>,
    F: Classify<Infallible, T::Error>,
{
    type Error = ConnectError<T::Error>;
    type Connection<'a>
        = GuardedConnection<T::Connection<'a>>
    where
        Self: 'a;

    async fn connect(&self, remote: SocketAddr) -> Result<Self::Connection<'_>, Self::Error> {
        let mut circuits = &self.circuits;
        let mut held = Held::acquire(&mut circuits, &remote).map_err(|rejected| ConnectError(rejected.into()))?;
        match held.during(self.inner.connect(remote)).await {
            Ok(connection) => {
                held.settle(Outcome::Success);
                Ok(GuardedConnection(connection))
            }
            Err(error) => {
                let failed = Err(error);
                held.settle(self.failure.classify(&failed));
                let Err(error) = failed;
                Err(inner(error))
            }
        }
    }
}

/// Why there is no connection, or what went wrong with one. The kind of a rejection is `ConnectionRefused`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ConnectError<E>(pub Error<E>);

impl<E> ConnectError<E> {
    /// The time until another attempt may be let through: see [`Error::retry_after`].
    pub const fn retry_after(&self) -> Option<Ticks> {
        self.0.retry_after()
    }
}

impl<E: fmt::Display> fmt::Display for ConnectError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<E: core::error::Error> core::error::Error for ConnectError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.0.source()
    }
}

impl<E: embedded_io_async::Error> embedded_io_async::Error for ConnectError<E> {
    fn kind(&self) -> ErrorKind {
        match &self.0 {
            Error::Rejected(_) => ErrorKind::ConnectionRefused,
            Error::Inner(error) => error.kind(),
        }
    }
}

/// A connection of a [`GuardedTcpConnect`]: the stack's own, with its errors wrapped.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct GuardedConnection<T>(T);

impl<T> GuardedConnection<T> {
    /// The stack's own connection.
    pub fn into_inner(self) -> T {
        self.0
    }
}

fn inner<E>(error: E) -> ConnectError<E> {
    ConnectError(Error::Inner(error))
}

impl<T: ErrorType> ErrorType for GuardedConnection<T> {
    type Error = ConnectError<T::Error>;
}

impl<T: Read> Read for GuardedConnection<T> {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, Self::Error> {
        self.0.read(buf).await.map_err(inner)
    }
}

impl<T: Write> Write for GuardedConnection<T> {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, Self::Error> {
        self.0.write(buf).await.map_err(inner)
    }

    async fn flush(&mut self) -> Result<(), Self::Error> {
        self.0.flush().await.map_err(inner)
    }
}

impl<T: ReadReady> ReadReady for GuardedConnection<T> {
    fn read_ready(&mut self) -> Result<bool, Self::Error> {
        self.0.read_ready().map_err(inner)
    }
}

impl<T: WriteReady> WriteReady for GuardedConnection<T> {
    fn write_ready(&mut self) -> Result<bool, Self::Error> {
        self.0.write_ready().map_err(inner)
    }
}
