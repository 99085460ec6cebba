//! An SPI device behind a circuit, with a validator for what it answers.

use embedded_hal::spi::{ErrorKind, ErrorType, Operation, SpiDevice};

use super::circuits::Circuits;
use super::held::Held;
use crate::outcome::Outcome;
use crate::rejected::{Error, Rejected};

/// An SPI device behind a circuit.
///
/// It implements `SpiDevice` of `embedded-hal`, for devices that do, and that of `embedded-hal-async` likewise.
/// Its error is [`Error`], which holds the error of the device, or the [`Rejected`] with its
/// [`retry_after`](Error::retry_after), whose kind is `Other`. Each method is one call, a `transaction` of many
/// operations too.
///
/// SPI has no acknowledge: a transfer to a device that is not there succeeds, and reads zeros or ones. So what
/// tells a dead device is `V`, the validator of its answers, which sees the operations of a call with what was
/// read: see [`with_validator`](Self::with_validator). Without one only errors count. `S` is the circuit, a
/// [`CircuitBreaker`](crate::CircuitBreaker) by reference mostly: see [`Circuits`].
///
/// ```
/// use embedded_hal::spi::{Operation, SpiDevice};
/// use embedded_hal_mock::eh1::spi::{Mock, Transaction};
/// use fusebox::driver::GuardedSpiDevice;
/// use fusebox::{CircuitBreaker, Error, Outcome, State, clock::ManualClock};
///
/// let clock = ManualClock::<1_000>::new();
/// let sensor = CircuitBreaker::new(&clock);
/// let answer = [
///     Transaction::transaction_start(),
///     Transaction::read_vec(vec![0xff, 0xff]),
///     Transaction::transaction_end(),
/// ];
/// let mut mock = Mock::new(&vec![answer; 4].concat());
///
/// // What a driver is given in place of the device. An empty socket reads as all ones.
/// let mut device = GuardedSpiDevice::new(mock.clone(), &sensor).with_validator(
///     |operations: &[Operation<'_, u8>], result: &Result<(), _>| match (operations, result) {
///         ([.., Operation::Read(answer)], Ok(())) if answer.iter().all(|byte| *byte == 0xff) => Outcome::Failure,
///         (_, Ok(())) => Outcome::Success,
///         (_, Err(_)) => Outcome::Failure,
///     },
/// );
/// for _ in 0..4 {
///     assert!(device.read(&mut [0, 0]).is_ok());
/// }
/// assert_eq!(sensor.state(), State::Open);
/// // From now on the device is not even selected.
/// assert!(matches!(device.read(&mut [0, 0]), Err(Error::Rejected(_))));
/// mock.done();
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct GuardedSpiDevice<D, S, V = ErrorsOnly> {
    inner: D,
    circuit: S,
    validator: V,
}

/// Decides what a call to an SPI device says about it. Any `Fn(&[Operation<Word>], &Result<(), E>) -> Outcome`
/// does.
pub trait ValidateResponse<Word: 'static, E> {
    /// What this call counts as. The operations hold what was read.
    fn validate(&self, operations: &[Operation<'_, Word>], result: &Result<(), E>) -> Outcome;
}

impl<Word: 'static, E, F> ValidateResponse<Word, E> for F
where
    F: Fn(&[Operation<'_, Word>], &Result<(), E>) -> Outcome,
{
    fn validate(&self, operations: &[Operation<'_, Word>], result: &Result<(), E>) -> Outcome {
        self(operations, result)
    }
}

/// Looks at errors only: `Overrun` is our own fault and counts for nothing, all others are failures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ErrorsOnly;

impl<Word: 'static, E: embedded_hal::spi::Error> ValidateResponse<Word, E> for ErrorsOnly {
    fn validate(&self, _: &[Operation<'_, Word>], result: &Result<(), E>) -> Outcome {
        match result.as_ref().map_err(E::kind) {
            Ok(()) => Outcome::Success,
            Err(ErrorKind::Overrun) => Outcome::Ignored,
            Err(_) => Outcome::Failure,
        }
    }
}

impl<D, S: Circuits<()>> GuardedSpiDevice<D, S> {
    /// Guards a device by a circuit that its errors open.
    pub const fn new(inner: D, circuit: S) -> Self {
        Self { inner, circuit, validator: ErrorsOnly }
    }
}

impl<D, S, V> GuardedSpiDevice<D, S, V> {
    /// Replaces the decision what a call says about the device. The driver gets the answer in any case.
    pub fn with_validator<Word, F>(self, validator: F) -> GuardedSpiDevice<D, S, F>
    where
        D: ErrorType,
        Word: 'static,
        F: Fn(&[Operation<'_, Word>], &Result<(), D::Error>) -> Outcome,
    {
        GuardedSpiDevice { inner: self.inner, circuit: self.circuit, validator }
    }

    /// The device, past its circuit.
    pub const fn inner_mut(&mut self) -> &mut D {
        &mut self.inner
    }

    /// The device alone.
    pub fn into_inner(self) -> D {
        self.inner
    }

    pub(super) fn enter(&mut self) -> Result<(&mut D, Held<'_, (), S>, &V), Rejected>
    where
        S: Circuits<()>,
    {
        let held = Held::acquire(&mut self.circuit, &())?;
        Ok((&mut self.inner, held, &self.validator))
    }
}

impl<E: embedded_hal::spi::Error> embedded_hal::spi::Error for Error<E> {
    /// The inner error's kind, and `Other` for a rejection.
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Rejected(_) => ErrorKind::Other,
            Self::Inner(error) => error.kind(),
        }
    }
}

impl<D: ErrorType, S, V> ErrorType for GuardedSpiDevice<D, S, V> {
    type Error = Error<D::Error>;
}

impl<Word, D, S, V> SpiDevice<Word> for GuardedSpiDevice<D, S, V>
where
    Word: Copy + 'static,
    D: SpiDevice<Word>,
    S: Circuits<()>,
    V: ValidateResponse<Word, D::Error>,
{
    fn transaction(&mut self, operations: &mut [Operation<'_, Word>]) -> Result<(), Self::Error> {
        let (device, held, validator) = self.enter()?;
        let result = device.transaction(operations);
        held.settle(validator.validate(operations, &result));
        result.map_err(Error::Inner)
    }

    fn read(&mut self, read: &mut [Word]) -> Result<(), Self::Error> {
        let (device, held, validator) = self.enter()?;
        let result = device.read(read);
        held.settle(validator.validate(&[Operation::Read(read)], &result));
        result.map_err(Error::Inner)
    }

    fn write(&mut self, write: &[Word]) -> Result<(), Self::Error> {
        let (device, held, validator) = self.enter()?;
        let result = device.write(write);
        held.settle(validator.validate(&[Operation::Write(write)], &result));
        result.map_err(Error::Inner)
    }

    fn transfer(&mut self, read: &mut [Word], write: &[Word]) -> Result<(), Self::Error> {
        let (device, held, validator) = self.enter()?;
        let result = device.transfer(read, write);
        held.settle(validator.validate(&[Operation::Transfer(read, write)], &result));
        result.map_err(Error::Inner)
    }

    fn transfer_in_place(&mut self, words: &mut [Word]) -> Result<(), Self::Error> {
        let (device, held, validator) = self.enter()?;
        let result = device.transfer_in_place(words);
        held.settle(validator.validate(&[Operation::TransferInPlace(words)], &result));
        result.map_err(Error::Inner)
    }
}
