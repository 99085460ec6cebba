//! Guarded asynchronous I2C buses, with calls that are cancelled or panic.
#![cfg(all(feature = "embedded-hal-async-1", not(fusebox_loom)))]

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Waker};

use embedded_hal::i2c::{ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation};
use embedded_hal_async::i2c::I2c as AsyncI2c;
use embedded_hal_mock::eh1::i2c::{Mock, Transaction};
use fusebox::driver::GuardedI2c;
use fusebox::{CircuitBreaker, CircuitBreakerSet, Error, Outcome, Settings, State, clock::ManualClock};

type Clock = ManualClock<1_000>;

const DEVICE: u8 = 0x48;
const UNPLUGGED: ErrorKind = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address);

#[test]
fn an_asynchronous_bus_is_guarded_in_the_same_way() {
    futures::executor::block_on(async {
        let clock = Clock::new();
        let table = RefCell::new(CircuitBreakerSet::<u8, _, 8>::new(&clock));
        let mut expected = vec![
            Transaction::read(1, vec![7]),
            Transaction::write_read(3, vec![9], vec![10]),
            Transaction::transaction_start(4),
            Transaction::write(4, vec![11]),
            Transaction::transaction_end(4),
        ];
        expected.extend(vec![Transaction::write(DEVICE, vec![0]).with_error(UNPLUGGED); 4]);
        let mut mock = Mock::new(&expected);
        let mut guarded = GuardedI2c::new(mock.clone(), &table);
        let (mut one, mut two) = ([0], [0]);
        AsyncI2c::read(&mut guarded, 1, &mut one).await.unwrap();
        AsyncI2c::write_read(&mut guarded, 3, &[9], &mut two).await.unwrap();
        AsyncI2c::transaction(&mut guarded, 4, &mut [Operation::Write(&[11])]).await.unwrap();
        assert_eq!((one, two), ([7], [10]));
        for _ in 0..4 {
            assert_eq!(AsyncI2c::write(&mut guarded, DEVICE, &[0]).await, Err(Error::Inner(UNPLUGGED)));
        }
        assert_eq!(table.borrow().get(&DEVICE).map(fusebox::Peer::state), Some(State::Open));
        assert!(matches!(AsyncI2c::read(&mut guarded, DEVICE, &mut one).await, Err(Error::Rejected(_))));
        assert!(matches!(AsyncI2c::write(&mut guarded, DEVICE, &[0]).await, Err(Error::Rejected(_))));
        assert!(matches!(AsyncI2c::write_read(&mut guarded, DEVICE, &[0], &mut one).await, Err(Error::Rejected(_))));
        assert!(matches!(AsyncI2c::transaction(&mut guarded, DEVICE, &mut []).await, Err(Error::Rejected(_))));
        mock.done();
    });
}

/// A bus with ten-bit addresses: its transfers panic if asked to, and never end if they are asynchronous.
struct Wild;

impl ErrorType for Wild {
    type Error = Infallible;
}

impl I2c<u16> for Wild {
    fn transaction(&mut self, address: u16, _: &mut [Operation<'_>]) -> Result<(), Infallible> {
        assert_ne!(address, 0x3ff, "this address panics");
        Ok(())
    }
}

impl AsyncI2c<u16> for Wild {
    async fn transaction(&mut self, address: u16, _: &mut [Operation<'_>]) -> Result<(), Infallible> {
        assert_ne!(address, 0x3ff, "this address panics");
        pending().await
    }
}

/// A table in which a call that is given up counts for nothing, to tell it from one that panics.
fn lenient(clock: &Clock) -> CircuitBreakerSet<u16, &Clock, 8> {
    let settings = Settings::builder().abandoned(Outcome::Ignored).build().unwrap();
    CircuitBreakerSet::with_settings(clock, settings)
}

fn failures<const N: usize>(table: &CircuitBreakerSet<u16, &Clock, N>, address: u16) -> Option<u32> {
    table.get(&address).map(|peer| peer.tally().failures)
}

fn poll_once(future: impl Future) {
    assert!(pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

#[test]
fn a_driver_that_panics_has_failed() {
    let clock = Clock::new();
    let (mut table, wire) = (lenient(&clock), CircuitBreaker::new(&clock));
    let mut guarded = GuardedI2c::new(Wild, &mut table).with_bus(&wire);
    let panics = |call: &mut dyn FnMut()| catch_unwind(AssertUnwindSafe(call)).unwrap_err();
    panics(&mut || assert!(I2c::write(&mut guarded, 0x3ff_u16, &[0]).is_ok()));
    panics(&mut || poll_once(AsyncI2c::write(&mut guarded, 0x3ff_u16, &[0])));
    assert_eq!(I2c::write(&mut guarded, 0x3fe_u16, &[0]), Ok(()));
    assert_eq!(failures(&table, 0x3ff), Some(2));
    assert_eq!((failures(&table, 0x3fe), wire.tally().failures), (Some(0), 0));
}

#[test]
fn a_transfer_that_is_dropped_is_abandoned_by_its_device_alone() {
    let clock = Clock::new();
    let wire = CircuitBreaker::new(&clock);
    let mut strict = CircuitBreakerSet::<u16, _, 8>::new(&clock);
    let mut guarded = GuardedI2c::new(Wild, &mut strict).with_bus(&wire);
    for _ in 0..4 {
        poll_once(AsyncI2c::write(&mut guarded, 0x17_u16, &[0]));
    }
    assert_eq!(strict.get(&0x17).map(fusebox::Peer::state), Some(State::Open));
    assert_eq!(wire.tally().failures, 0);

    let mut lenient = lenient(&clock);
    poll_once(AsyncI2c::write(&mut GuardedI2c::new(Wild, &mut lenient), 0x17_u16, &[0]));
    assert_eq!(failures(&lenient, 0x17), Some(0));
    // A call that is not even polled is none.
    drop(AsyncI2c::write(&mut GuardedI2c::new(Wild, &mut strict), 0x18_u16, &[0]));
    assert!(strict.get(&0x18).is_none());
}
