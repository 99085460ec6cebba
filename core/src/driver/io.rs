//! A reader, a writer or both behind a circuit.

use embedded_io::{ErrorKind, ErrorType, Read, ReadReady, Write, WriteReady};

use super::circuits::Circuits;
use super::held::Held;
use crate::classify::Classify;
use crate::outcome::Outcome;
use crate::rejected::{Error, Rejected};

/// A reader, a writer or both behind a circuit: a serial line, a socket.
///
/// It implements what it wraps of `embedded-io`'s `Read`, `Write`, `ReadReady` and `WriteReady`, and of the `Read`
/// and `Write` of `embedded-io-async`. Its error is [`Error`], which holds the inner error, or the [`Rejected`]
/// with its [`retry_after`](Error::retry_after), whose kind is `Other`: never `Interrupted`, on which callers
/// repeat.
///
/// Each `read`, `write` and `flush` is one call, so `read_exact` and `write_all` are as many as they need. What is
/// read and written, `Ok(0)` too, is passed on as it is. A transfer of no bytes says nothing about the other side
/// and counts for nothing. Asking whether something is ready asks this side only: it goes past the circuit.
///
/// `S` is the circuit, a [`CircuitBreaker`](crate::CircuitBreaker) by reference mostly: see [`Circuits`]. `F`
/// decides which errors count: see [`FailureByKind`] and [`with_failure`](Self::with_failure).
///
/// ```
/// use embedded_io::{ErrorKind, ErrorType, Read};
/// use fusebox::driver::GuardedIo;
/// use fusebox::{CircuitBreaker, Error, State, clock::ManualClock};
///
/// struct Unplugged;
///
/// impl ErrorType for Unplugged {
///     type Error = ErrorKind;
/// }
/// impl Read for Unplugged {
///     fn read(&mut self, _: &mut [u8]) -> Result<usize, ErrorKind> {
///         Err(ErrorKind::TimedOut)
///     }
/// }
///
/// let clock = ManualClock::<1_000>::new();
/// let modem = CircuitBreaker::new(&clock);
/// let mut line = GuardedIo::new(Unplugged, &modem);
/// for _ in 0..4 {
///     assert_eq!(line.read(&mut [0; 8]), Err(Error::Inner(ErrorKind::TimedOut)));
/// }
/// assert_eq!(modem.state(), State::Open);
/// assert!(matches!(line.read(&mut [0; 8]), Err(Error::Rejected(_))));
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct GuardedIo<T, S, F = FailureByKind> {
    inner: T,
    circuit: S,
    failure: F,
}

/// Judges by the kind of the error: `Interrupted`, `InvalidInput`, `AddrInUse`, `AddrNotAvailable`, `Unsupported`
/// and `OutOfMemory` are our own faults and count for nothing, all others are failures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FailureByKind;

impl<T, E: embedded_io::Error> Classify<T, E> for FailureByKind {
    fn classify(&self, result: &Result<T, E>) -> Outcome {
        match result.as_ref().map_err(E::kind) {
            Ok(_) => Outcome::Success,
            Err(
                ErrorKind::Interrupted
                | ErrorKind::InvalidInput
                | ErrorKind::AddrInUse
                | ErrorKind::AddrNotAvailable
                | ErrorKind::Unsupported
                | ErrorKind::OutOfMemory,
            ) => Outcome::Ignored,
            Err(_) => Outcome::Failure,
        }
    }
}

impl<T, S: Circuits<()>> GuardedIo<T, S> {
    /// Guards a reader, a writer or both by a circuit.
    pub const fn new(inner: T, circuit: S) -> Self {
        Self { inner, circuit, failure: FailureByKind }
    }
}

impl<T, S, F> GuardedIo<T, S, F> {
    /// Replaces the decision what a read, write or flush counts as: [`by_error`](crate::by_error) looks at errors
    /// only. It is given the number of bytes, 0 for a flush, and not asked about reads and writes of none.
    pub fn with_failure<F2: Classify<usize, T::Error>>(self, failure: F2) -> GuardedIo<T, S, F2>
    where
        T: ErrorType,
    {
        GuardedIo { inner: self.inner, circuit: self.circuit, failure }
    }

    /// What is guarded, past its circuit.
    pub const fn inner_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    /// What is guarded, alone.
    pub fn into_inner(self) -> T {
        self.inner
    }

    pub(super) fn enter(&mut self) -> Result<(&mut T, Held<'_, (), S>, &F), Rejected>
    where
        S: Circuits<()>,
    {
        let held = Held::acquire(&mut self.circuit, &())?;
        Ok((&mut self.inner, held, &self.failure))
    }
}

/// What a read or write counts as.
pub(super) fn judge<E>(result: &Result<usize, E>, failure: &impl Classify<usize, E>) -> Outcome {
    if matches!(result, Ok(0)) { Outcome::Ignored } else { failure.classify(result) }
}

/// A flush has no number of bytes.
pub(super) fn judge_flush<E>(result: Result<(), E>, failure: &impl Classify<usize, E>) -> (Outcome, Result<(), E>) {
    let result = result.map(|()| 0);
    (failure.classify(&result), result.map(|_| ()))
}

impl<E: embedded_io::Error> embedded_io::Error for Error<E> {
    /// The inner error's kind, and `Other` for a rejection.
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Rejected(_) => ErrorKind::Other,
            Self::Inner(error) => error.kind(),
        }
    }
}

impl<T: ErrorType, S, F> ErrorType for GuardedIo<T, S, F> {
    type Error = Error<T::Error>;
}

impl<T: Read, S: Circuits<()>, F: Classify<usize, T::Error>> Read for GuardedIo<T, S, F> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, Self::Error> {
        let (inner, held, failure) = self.enter()?;
        let result = inner.read(buf);
        held.settle(judge(&result, failure));
        result.map_err(Error::Inner)
    }
}

impl<T: Write, S: Circuits<()>, F: Classify<usize, T::Error>> Write for GuardedIo<T, S, F> {
    fn write(&mut self, buf: &[u8]) -> Result<usize, Self::Error> {
        let (inner, held, failure) = self.enter()?;
        let result = inner.write(buf);
        held.settle(judge(&result, failure));
        result.map_err(Error::Inner)
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        let (inner, held, failure) = self.enter()?;
        let (outcome, result) = judge_flush(inner.flush(), failure);
        held.settle(outcome);
        result.map_err(Error::Inner)
    }
}

impl<T: ReadReady, S, F> ReadReady for GuardedIo<T, S, F> {
    fn read_ready(&mut self) -> Result<bool, Self::Error> {
        self.inner.read_ready().map_err(Error::Inner)
    }
}

impl<T: WriteReady, S, F> WriteReady for GuardedIo<T, S, F> {
    fn write_ready(&mut self) -> Result<bool, Self::Error> {
        self.inner.write_ready().map_err(Error::Inner)
    }
}
