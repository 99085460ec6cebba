//! The same guard on an asynchronous I2C bus.

use embedded_hal_async::i2c::{AddressMode, I2c, Operation};

use super::circuits::Circuits;
use super::i2c::GuardedI2c;
use super::i2c_blame::BlameError;
use crate::rejected::Error;

impl<I, S, B, F> GuardedI2c<I, S, B, F> {
    async fn call_async<A, E>(
        &mut self,
        address: &A,
        call: impl AsyncFnOnce(&mut I) -> Result<(), E>,
    ) -> Result<(), Error<E>>
    where
        S: Circuits<A>,
        B: Circuits<()>,
        F: BlameError<E>,
    {
        let mut way = self.enter(address)?;
        let result = way.device.during(call(way.inner)).await;
        way.settle(result)
    }
}

impl<A, I, S, B, F> I2c<A> for GuardedI2c<I, S, B, F>
where
    A: AddressMode + Copy,
    I: I2c<A>,
    S: Circuits<A>,
    B: Circuits<()>,
    F: BlameError<I::Error>,
{
    async fn read(&mut self, address: A, read: &mut [u8]) -> Result<(), Self::Error> {
        self.call_async(&address, async |bus: &mut I| bus.read(address, read).await).await
    }

    async fn write(&mut self, address: A, write: &[u8]) -> Result<(), Self::Error> {
        self.call_async(&address, async |bus: &mut I| bus.write(address, write).await).await
    }

    async fn write_read(&mut self, address: A, write: &[u8], read: &mut [u8]) -> Result<(), Self::Error> {
        self.call_async(&address, async |bus: &mut I| bus.write_read(address, write, read).await).await
    }

    async fn transaction(&mut self, address: A, operations: &mut [Operation<'_>]) -> Result<(), Self::Error> {
        self.call_async(&address, async |bus: &mut I| bus.transaction(address, operations).await).await
    }
}
