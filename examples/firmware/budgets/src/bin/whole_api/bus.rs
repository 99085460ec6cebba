//! The guards of I2C buses and SPI devices, and the wait on a delay.

use core::convert::Infallible;

use embedded_hal::{delay, i2c, spi};
use embedded_hal_async::{delay as delay_async, i2c as i2c_async, spi as spi_async};
use fusebox::driver::{
    Blame, BlameByKind, BlameError, Circuits, GuardedI2c, GuardedSpiDevice, wait_until_ready, wait_until_ready_async,
};
use fusebox::{CircuitBreaker, CircuitBreakerSet, Error, Outcome};

use crate::{CLOCK, Clock, any, poll, sometime, used};

/// A bus and a device that do anything.
struct Wire;

fn i2c_result() -> Result<(), i2c::ErrorKind> {
    if any(true) { Ok(()) } else { Err(any(i2c::ErrorKind::Bus)) }
}

fn spi_result() -> Result<(), spi::ErrorKind> {
    if any(true) { Ok(()) } else { Err(any(spi::ErrorKind::Overrun)) }
}

impl i2c::ErrorType for Wire {
    type Error = i2c::ErrorKind;
}

impl<A: i2c::AddressMode> i2c::I2c<A> for Wire {
    fn transaction(&mut self, address: A, operations: &mut [i2c::Operation<'_>]) -> Result<(), Self::Error> {
        used((address, operations));
        i2c_result()
    }
}

impl<A: i2c::AddressMode> i2c_async::I2c<A> for Wire {
    async fn transaction(&mut self, address: A, operations: &mut [i2c::Operation<'_>]) -> Result<(), Self::Error> {
        sometime().await;
        used((address, operations));
        i2c_result()
    }
}

impl spi::ErrorType for Wire {
    type Error = spi::ErrorKind;
}

impl spi::SpiDevice for Wire {
    fn transaction(&mut self, operations: &mut [spi::Operation<'_, u8>]) -> Result<(), Self::Error> {
        used(operations);
        spi_result()
    }
}

impl spi_async::SpiDevice for Wire {
    async fn transaction(&mut self, operations: &mut [spi::Operation<'_, u8>]) -> Result<(), Self::Error> {
        sometime().await;
        used(operations);
        spi_result()
    }
}

impl delay::DelayNs for Wire {
    fn delay_ns(&mut self, nanoseconds: u32) {
        used(nanoseconds);
    }
}

impl delay_async::DelayNs for Wire {
    async fn delay_ns(&mut self, nanoseconds: u32) {
        sometime().await;
        used(nanoseconds);
    }
}

/// Guards with every choice there is.
pub(crate) fn exercise() {
    let wire = CircuitBreaker::new(&CLOCK);
    let mut devices = CircuitBreakerSet::<u8, Clock, 8>::new(&CLOCK);
    every_call(GuardedI2c::new(Wire, &mut devices).with_bus(&wire), any(0x48_u8));
    let blame = |error: &i2c::ErrorKind| if any(true) { Blame::Nobody } else { BlameByKind.blame(error) };
    every_call(GuardedI2c::new(Wire, devices).with_blame(blame), any(0x48_u8));
    every_call(GuardedI2c::new(Wire, &wire).with_bus(None::<Infallible>), any(0x148_u16));

    every_transfer(GuardedSpiDevice::new(Wire, &wire));
    every_transfer(GuardedSpiDevice::new(Wire, wire.peer()).with_validator(
        |operations: &[spi::Operation<'_, u8>], result: &Result<(), spi::ErrorKind>| {
            if operations.is_empty() || result.is_err() { Outcome::Failure } else { any(Outcome::Success) }
        },
    ));

    wait_until_ready(&wire, &mut Wire);
    used(poll(wait_until_ready_async(wire.peer(), &mut Wire)));
}

fn i2c_kind(result: Result<(), Error<i2c::ErrorKind>>) {
    used(result.map_err(|error| (i2c::Error::kind(&error), error)));
}

fn every_call<A, S, B, F>(mut guard: GuardedI2c<Wire, S, B, F>, address: A)
where
    A: i2c::AddressMode + Copy,
    S: Circuits<A>,
    B: Circuits<()>,
    F: BlameError<i2c::ErrorKind>,
{
    let (sent, mut received) = (any([1, 2, 3]), [0; 4]);
    {
        use i2c::I2c;
        i2c_kind(guard.read(address, &mut received));
        i2c_kind(guard.write(address, &sent));
        i2c_kind(guard.write_read(address, &sent, &mut received));
        i2c_kind(guard.transaction(address, &mut [i2c::Operation::Read(&mut received), i2c::Operation::Write(&sent)]));
    }
    {
        use i2c_async::I2c;
        used(poll(guard.read(address, &mut received)).map(i2c_kind));
        used(poll(guard.write(address, &sent)).map(i2c_kind));
        used(poll(guard.write_read(address, &sent, &mut received)).map(i2c_kind));
        used(poll(guard.transaction(address, &mut [i2c::Operation::Read(&mut received)])).map(i2c_kind));
    }
    used(guard.inner_mut());
    used(guard.devices());
    used(guard.devices_mut());
    used(guard.into_inner());
}

fn spi_kind(result: Result<(), Error<spi::ErrorKind>>) {
    used(result.map_err(|error| (spi::Error::kind(&error), error)));
}

fn every_transfer<S, V>(mut guard: GuardedSpiDevice<Wire, S, V>)
where
    S: Circuits<()>,
    V: fusebox::driver::ValidateResponse<u8, spi::ErrorKind>,
{
    let (sent, mut received) = (any([1, 2, 3]), [0; 4]);
    {
        use spi::SpiDevice;
        spi_kind(guard.read(&mut received));
        spi_kind(guard.write(&sent));
        spi_kind(guard.transfer(&mut received, &sent));
        spi_kind(guard.transfer_in_place(&mut received));
        spi_kind(guard.transaction(&mut [spi::Operation::Read(&mut received), spi::Operation::Write(&sent)]));
    }
    {
        use spi_async::SpiDevice;
        used(poll(guard.read(&mut received)).map(spi_kind));
        used(poll(guard.write(&sent)).map(spi_kind));
        used(poll(guard.transfer(&mut received, &sent)).map(spi_kind));
        used(poll(guard.transfer_in_place(&mut received)).map(spi_kind));
        used(poll(guard.transaction(&mut [spi::Operation::Write(&sent)])).map(spi_kind));
    }
    used(guard.inner_mut());
    used(guard.into_inner());
}
