//! The same guard on an asynchronous reader or writer.

use embedded_io_async::{Read, Write};

use super::circuits::Circuits;
use super::io::{GuardedIo, judge, judge_flush};
use crate::classify::Classify;
use crate::rejected::Error;

impl<T: Read, S: Circuits<()>, F: Classify<usize, T::Error>> Read for GuardedIo<T, S, F> {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, Self::Error> {
        let (inner, mut held, failure) = self.enter()?;
        let result = held.during(inner.read(buf)).await;
        held.settle(judge(&result, failure));
        result.map_err(Error::Inner)
    }
}

impl<T: Write, S: Circuits<()>, F: Classify<usize, T::Error>> Write for GuardedIo<T, S, F> {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, Self::Error> {
        let (inner, mut held, failure) = self.enter()?;
        let result = held.during(inner.write(buf)).await;
        held.settle(judge(&result, failure));
        result.map_err(Error::Inner)
    }

    async fn flush(&mut self) -> Result<(), Self::Error> {
        let (inner, mut held, failure) = self.enter()?;
        let (outcome, result) = judge_flush(held.during(inner.flush()).await, failure);
        held.settle(outcome);
        result.map_err(Error::Inner)
    }
}
