//! An I2C bus with a circuit per address.

use core::convert::Infallible;

use embedded_hal::i2c::{AddressMode, ErrorKind, ErrorType, I2c, Operation};

use super::circuits::Circuits;
use super::held::Held;
use super::i2c_blame::{Blame, BlameByKind, BlameError};
use crate::outcome::Outcome;
use crate::rejected::{Error, Rejected};

/// An I2C bus with a circuit per address: one guard watches over all devices on it.
///
/// It implements `I2c` of `embedded-hal`, for buses that do, and that of `embedded-hal-async` likewise. Its
/// error is [`Error`], which holds the error of the bus, or the [`Rejected`] with its
/// [`retry_after`](Error::retry_after). The kind of a rejection is `Other`, and never `NoAcknowledge`, on which
/// drivers poll. Each method, a `transaction` of many operations too, is one call.
///
/// `S` is the table, keyed by address: see [`Circuits`]. `B` is the circuit of the bus itself, if there is one:
/// see [`with_bus`](Self::with_bus). `F` decides what errors say: see [`BlameByKind`] and
/// [`with_blame`](Self::with_blame).
///
/// ```
/// use core::cell::RefCell;
/// use embedded_hal::i2c::{ErrorKind, I2c, NoAcknowledgeSource};
/// use embedded_hal_mock::eh1::i2c::{Mock, Transaction};
/// use fusebox::driver::GuardedI2c;
/// use fusebox::{CircuitBreakerSet, Error, State, clock::ManualClock};
///
/// let clock = ManualClock::<1_000>::new();
/// let table = RefCell::new(CircuitBreakerSet::<u8, _, 8>::new(&clock));
/// let unplugged = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address);
/// let expected = vec![Transaction::write(0x48, vec![0]).with_error(unplugged); 4];
/// let mut mock = Mock::new(&expected);
///
/// // What a driver is given in place of the bus.
/// let mut bus = GuardedI2c::new(mock.clone(), &table);
/// for _ in 0..4 {
///     assert_eq!(bus.write(0x48, &[0]), Err(Error::Inner(unplugged)));
/// }
/// assert_eq!(table.borrow().get(&0x48).map(|device| device.state()), Some(State::Open));
/// // From now on the bus is left alone, and there are ten seconds to go.
/// let rejected = bus.write(0x48, &[0]).unwrap_err();
/// assert_eq!(rejected.retry_after().map(|left| left.as_millis()), Some(10_000));
/// mock.done();
/// ```
///
/// To share it among drivers put it where the bus would be, into an `embedded-hal-bus` `RefCellDevice` for
/// instance.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct GuardedI2c<I, S, B = Infallible, F = BlameByKind> {
    inner: I,
    devices: S,
    bus: Option<B>,
    blame: F,
}

impl<I, S> GuardedI2c<I, S> {
    /// Guards a bus by the circuits of its devices.
    pub const fn new(inner: I, devices: S) -> Self {
        Self { inner, devices, bus: None, blame: BlameByKind }
    }
}

impl<I, S, B, F> GuardedI2c<I, S, B, F> {
    /// Adds a circuit for the bus itself, which takes errors that are the fault of none of its devices. While
    /// it is open, calls to all devices are rejected.
    ///
    /// A success closes it as it does a device's, while faults of devices say nothing about the bus.
    /// Cancelled calls count for the device alone.
    ///
    /// ```
    /// # use embedded_hal::i2c::{ErrorKind, I2c};
    /// # use embedded_hal_mock::eh1::i2c::{Mock, Transaction};
    /// # use fusebox::driver::GuardedI2c;
    /// # use fusebox::{CircuitBreaker, CircuitBreakerSet, State, clock::ManualClock};
    /// # let clock = ManualClock::<1_000>::new();
    /// # let stuck: Vec<_> = (0..4).map(|n| Transaction::write(n, vec![0]).with_error(ErrorKind::Bus)).collect();
    /// # let mut mock = Mock::new(&stuck);
    /// # let i2c = mock.clone();
    /// let wire = CircuitBreaker::new(&clock);
    /// let mut bus = GuardedI2c::new(i2c, CircuitBreakerSet::<u8, _, 8>::new(&clock)).with_bus(&wire);
    /// for device in 0..4 {
    ///     // Somebody holds the data line low.
    ///     assert!(bus.write(device, &[0]).is_err());
    /// }
    /// assert_eq!(wire.state(), State::Open);
    /// # mock.done();
    /// ```
    pub fn with_bus<B2: Circuits<()>>(self, bus: B2) -> GuardedI2c<I, S, B2, F> {
        GuardedI2c { inner: self.inner, devices: self.devices, bus: Some(bus), blame: self.blame }
    }

    /// Replaces the decision whose fault an error is.
    ///
    /// ```
    /// # use embedded_hal::i2c::ErrorKind;
    /// # use embedded_hal_mock::eh1::i2c::Mock;
    /// # use fusebox::driver::{Blame, BlameByKind, BlameError, GuardedI2c};
    /// # use fusebox::{CircuitBreaker, clock::ManualClock};
    /// # let clock = ManualClock::<1_000>::new();
    /// # let mut mock = Mock::new(&[]);
    /// # let (i2c, devices) = (mock.clone(), CircuitBreaker::new(&clock));
    /// // Here a timeout means a wire in trouble.
    /// let bus = GuardedI2c::new(i2c, devices).with_blame(|error: &ErrorKind| match error {
    ///     ErrorKind::Other => Blame::Bus,
    ///     other => BlameByKind.blame(other),
    /// });
    /// # let _ = bus;
    /// # mock.done();
    /// ```
    pub fn with_blame<F2>(self, blame: F2) -> GuardedI2c<I, S, B, F2>
    where
        I: ErrorType,
        F2: Fn(&I::Error) -> Blame,
    {
        GuardedI2c { inner: self.inner, devices: self.devices, bus: self.bus, blame }
    }

    /// The circuits of the devices.
    pub const fn devices(&self) -> &S {
        &self.devices
    }

    /// The circuits of the devices, to change them.
    pub const fn devices_mut(&mut self) -> &mut S {
        &mut self.devices
    }

    /// The bus, past all circuits: to free a stuck bus, for instance.
    pub const fn inner_mut(&mut self) -> &mut I {
        &mut self.inner
    }

    /// The bus alone.
    pub fn into_inner(self) -> I {
        self.inner
    }

    /// Opens the way to a device, or says why it is closed. A probe that the bus does not let through gives
    /// its place back.
    pub(super) fn enter<A>(&mut self, address: &A) -> Result<Way<'_, A, I, S, B, F>, Rejected>
    where
        S: Circuits<A>,
        B: Circuits<()>,
    {
        let bus_is_watched = self.bus.is_some();
        let device = Held::acquire(&mut self.devices, address)?;
        let bus = match Held::acquire(&mut self.bus, &()) {
            Ok(bus) => bus.or_ignored(),
            Err(rejected) => {
                device.settle(Outcome::Ignored);
                return Err(rejected);
            }
        };
        Ok(Way { inner: &mut self.inner, device, bus, bus_is_watched, blame: &self.blame })
    }

    fn call<A, E>(&mut self, address: &A, call: impl FnOnce(&mut I) -> Result<(), E>) -> Result<(), Error<E>>
    where
        S: Circuits<A>,
        B: Circuits<()>,
        F: BlameError<E>,
    {
        let way = self.enter(address)?;
        let result = call(way.inner);
        way.settle(result)
    }
}

/// The open way to a device.
pub(super) struct Way<'a, A, I, S: Circuits<A>, B: Circuits<()>, F> {
    pub(super) inner: &'a mut I,
    pub(super) device: Held<'a, A, S>,
    bus: Held<'a, (), Option<B>>,
    bus_is_watched: bool,
    blame: &'a F,
}

impl<A, I, S: Circuits<A>, B: Circuits<()>, F> Way<'_, A, I, S, B, F> {
    pub(super) fn settle<E>(self, result: Result<(), E>) -> Result<(), Error<E>>
    where
        F: BlameError<E>,
    {
        let (device, bus) = match result.as_ref().map_err(|error| self.blame.blame(error)) {
            Ok(()) => (Outcome::Success, Outcome::Success),
            Err(Blame::Bus) if self.bus_is_watched => (Outcome::Ignored, Outcome::Failure),
            Err(Blame::Device | Blame::Bus) => (Outcome::Failure, Outcome::Ignored),
            Err(Blame::Nobody) => (Outcome::Ignored, Outcome::Ignored),
        };
        self.device.settle(device);
        self.bus.settle(bus);
        result.map_err(Error::Inner)
    }
}

impl<E: embedded_hal::i2c::Error> embedded_hal::i2c::Error for Error<E> {
    /// The inner error's kind, and `Other` for a rejection.
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Rejected(_) => ErrorKind::Other,
            Self::Inner(error) => error.kind(),
        }
    }
}

impl<I: ErrorType, S, B, F> ErrorType for GuardedI2c<I, S, B, F> {
    type Error = Error<I::Error>;
}

impl<A, I, S, B, F> I2c<A> for GuardedI2c<I, S, B, F>
where
    A: AddressMode + Copy,
    I: I2c<A>,
    S: Circuits<A>,
    B: Circuits<()>,
    F: BlameError<I::Error>,
{
    fn read(&mut self, address: A, read: &mut [u8]) -> Result<(), Self::Error> {
        self.call(&address, |bus| bus.read(address, read))
    }

    fn write(&mut self, address: A, write: &[u8]) -> Result<(), Self::Error> {
        self.call(&address, |bus| bus.write(address, write))
    }

    fn write_read(&mut self, address: A, write: &[u8], read: &mut [u8]) -> Result<(), Self::Error> {
        self.call(&address, |bus| bus.write_read(address, write, read))
    }

    fn transaction(&mut self, address: A, operations: &mut [Operation<'_>]) -> Result<(), Self::Error> {
        self.call(&address, |bus| bus.transaction(address, operations))
    }
}
