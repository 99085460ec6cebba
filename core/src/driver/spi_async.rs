//! The same guard on an asynchronous SPI device.

use embedded_hal_async::spi::{Operation, SpiDevice};

use super::circuits::Circuits;
use super::spi::{GuardedSpiDevice, ValidateResponse};
use crate::rejected::Error;

impl<Word, D, S, V> SpiDevice<Word> for GuardedSpiDevice<D, S, V>
where
    Word: Copy + 'static,
    D: SpiDevice<Word>,
    S: Circuits<()>,
    V: ValidateResponse<Word, D::Error>,
{
    async fn transaction(&mut self, operations: &mut [Operation<'_, Word>]) -> Result<(), Self::Error> {
        let (device, mut held, validator) = self.enter()?;
        let result = held.during(device.transaction(operations)).await;
        held.settle(validator.validate(operations, &result));
        result.map_err(Error::Inner)
    }

    async fn read(&mut self, read: &mut [Word]) -> Result<(), Self::Error> {
        let (device, mut held, validator) = self.enter()?;
        let result = held.during(device.read(read)).await;
        held.settle(validator.validate(&[Operation::Read(read)], &result));
        result.map_err(Error::Inner)
    }

    async fn write(&mut self, write: &[Word]) -> Result<(), Self::Error> {
        let (device, mut held, validator) = self.enter()?;
        let result = held.during(device.write(write)).await;
        held.settle(validator.validate(&[Operation::Write(write)], &result));
        result.map_err(Error::Inner)
    }

    async fn transfer(&mut self, read: &mut [Word], write: &[Word]) -> Result<(), Self::Error> {
        let (device, mut held, validator) = self.enter()?;
        let result = held.during(device.transfer(read, write)).await;
        held.settle(validator.validate(&[Operation::Transfer(read, write)], &result));
        result.map_err(Error::Inner)
    }

    async fn transfer_in_place(&mut self, words: &mut [Word]) -> Result<(), Self::Error> {
        let (device, mut held, validator) = self.enter()?;
        let result = held.during(device.transfer_in_place(words)).await;
        held.settle(validator.validate(&[Operation::TransferInPlace(words)], &result));
        result.map_err(Error::Inner)
    }
}
