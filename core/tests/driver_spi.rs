//! Guarded SPI devices and the wait: a published flash driver runs on them as it is, blocking and asynchronous.
#![cfg(all(feature = "embedded-hal-async-1", not(fusebox_loom)))]

use std::convert::Infallible;
use std::future::pending;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use embedded_hal::digital::{ErrorType as PinErrorType, OutputPin};
use embedded_hal::spi::{Error as _, ErrorKind, ErrorType, Operation, SpiDevice};
use embedded_hal_async::spi::SpiDevice as AsyncSpiDevice;
use embedded_hal_mock::eh1::delay::{CheckedDelay, Transaction as Delay};
use embedded_hal_mock::eh1::spi::{Mock, Transaction};
use fusebox::driver::{GuardedSpiDevice, wait_until_ready, wait_until_ready_async};
use fusebox::{CircuitBreaker, CircuitBreakerSet, Error, Outcome, State, clock::ManualClock};
use w25q32jv::W25q32jv;

type Clock = ManualClock<1_000>;
type Expected = Vec<Transaction<u8>>;

/// A pin that nobody looks at.
struct Pin;

impl PinErrorType for Pin {
    type Error = Infallible;
}

impl OutputPin for Pin {
    fn set_low(&mut self) -> Result<(), Infallible> {
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// An empty socket reads as all ones.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "a validator is shown a reference")]
fn nobody_there(operations: &[Operation<'_, u8>], result: &Result<(), ErrorKind>) -> Outcome {
    let answer: &[u8] = match operations {
        [.., Operation::Read(read) | Operation::Transfer(read, _) | Operation::TransferInPlace(read)] => read,
        _ => &[],
    };
    let dead = result.is_err() || !answer.is_empty() && answer.iter().all(|byte| *byte == 0xff);
    if dead { Outcome::Failure } else { Outcome::Success }
}

fn within_a_transaction(inner: impl IntoIterator<Item = Transaction<u8>>) -> Expected {
    let mut all = vec![Transaction::transaction_start()];
    all.extend(inner);
    all.push(Transaction::transaction_end());
    all
}

fn identify(answer: Vec<u8>) -> Expected {
    let mut asked = vec![0; 13];
    asked[0] = 0x4b;
    within_a_transaction([Transaction::transfer_in_place(asked, answer)])
}

fn status(answer: u8) -> Expected {
    within_a_transaction([Transaction::transfer_in_place(vec![5, 0], vec![0xff, answer])])
}

#[test]
fn a_published_flash_driver_runs_until_its_chip_is_pulled() {
    let clock = Clock::new();
    let breaker = CircuitBreaker::new(&clock);
    let healthy: Vec<u8> = (0..13).collect();
    let mut expected = identify(healthy.clone());
    for _ in 0..4 {
        expected.extend(identify(vec![0xff; 13]));
    }
    expected.extend(identify(healthy));
    let mut mock = Mock::new(&expected);
    let device = GuardedSpiDevice::new(mock.clone(), &breaker).with_validator(nobody_there);
    let mut flash = W25q32jv::new(device, Pin, Pin).unwrap();

    assert_eq!(flash.device_id().unwrap(), [5, 6, 7, 8, 9, 10, 11, 12]);
    for _ in 0..4 {
        // The driver cannot know, so it hands out what it read.
        assert_eq!(flash.device_id().unwrap(), [0xff; 8]);
    }
    assert_eq!(breaker.state(), State::Open);
    for _ in 0..100 {
        let Err(w25q32jv::Error::SpiError(error)) = flash.device_id() else { panic!("not rejected") };
        assert_eq!((error.kind(), error.retry_after().is_some()), (ErrorKind::Other, true));
    }
    clock.advance(Duration::from_secs(10));
    assert_eq!(flash.device_id().unwrap(), [5, 6, 7, 8, 9, 10, 11, 12]);
    assert_eq!(breaker.state(), State::Closed);
    mock.done();
}

#[test]
fn a_driver_that_polls_a_missing_chip_for_ever_is_stopped() {
    let clock = Clock::new();
    let breaker = CircuitBreaker::new(&clock);
    let mut expected = within_a_transaction([Transaction::write_vec(vec![6])]);
    expected.extend(status(0xff));
    expected.extend(within_a_transaction([Transaction::write_vec(vec![2, 0, 0, 0]), Transaction::write_vec(vec![7])]));
    for _ in 0..3 {
        // All ones read as busy, and the driver polls until the chip is not.
        expected.extend(status(0xff));
    }
    let mut mock = Mock::new(&expected);
    let device = GuardedSpiDevice::new(mock.clone(), &breaker).with_validator(nobody_there);
    let mut flash = W25q32jv::new(device, Pin, Pin).unwrap();
    let error = flash.write_blocking(0, &[7]).unwrap_err();
    assert!(matches!(error, w25q32jv::Error::SpiError(Error::Rejected(_))), "{error:?}");
    mock.done();
}

#[test]
fn the_asynchronous_flash_driver_runs_on_the_same_guard() {
    futures::executor::block_on(async {
        let clock = Clock::new();
        let breaker = CircuitBreaker::new(&clock);
        let mut mock = Mock::new(&[(); 4].map(|()| identify(vec![0xff; 13])).concat());
        let device = GuardedSpiDevice::new(mock.clone(), &breaker).with_validator(nobody_there);
        let mut flash = W25q32jv::new(device, Pin, Pin).unwrap();
        for _ in 0..4 {
            assert!(flash.device_id_async().await.is_ok());
        }
        let error = flash.device_id_async().await.unwrap_err();
        assert!(matches!(error, w25q32jv::Error::SpiError(Error::Rejected(_))), "{error:?}");
        mock.done();
    });
}

/// A device that answers 1 to everything by the method that was called, and fails or never ends by choice.
#[derive(Default)]
struct Fake {
    calls: Vec<&'static str>,
    error: Option<ErrorKind>,
    hangs: bool,
}

impl Fake {
    fn answer(&mut self, call: &'static str, read: &mut [u16]) -> Result<(), ErrorKind> {
        self.calls.push(call);
        read.fill(1);
        self.error.map_or(Ok(()), Err)
    }
}

impl ErrorType for Fake {
    type Error = ErrorKind;
}

impl SpiDevice<u16> for Fake {
    fn transaction(&mut self, _: &mut [Operation<'_, u16>]) -> Result<(), ErrorKind> {
        self.answer("transaction", &mut [])
    }

    fn read(&mut self, words: &mut [u16]) -> Result<(), ErrorKind> {
        self.answer("read", words)
    }

    fn write(&mut self, _: &[u16]) -> Result<(), ErrorKind> {
        self.answer("write", &mut [])
    }

    fn transfer(&mut self, read: &mut [u16], _: &[u16]) -> Result<(), ErrorKind> {
        self.answer("transfer", read)
    }

    fn transfer_in_place(&mut self, words: &mut [u16]) -> Result<(), ErrorKind> {
        self.answer("transfer_in_place", words)
    }
}

impl AsyncSpiDevice<u16> for Fake {
    async fn transaction(&mut self, operations: &mut [Operation<'_, u16>]) -> Result<(), ErrorKind> {
        if self.hangs {
            pending::<()>().await;
        }
        SpiDevice::transaction(self, operations)
    }

    async fn read(&mut self, words: &mut [u16]) -> Result<(), ErrorKind> {
        SpiDevice::read(self, words)
    }

    async fn write(&mut self, words: &[u16]) -> Result<(), ErrorKind> {
        SpiDevice::write(self, words)
    }

    async fn transfer(&mut self, read: &mut [u16], write: &[u16]) -> Result<(), ErrorKind> {
        SpiDevice::transfer(self, read, write)
    }

    async fn transfer_in_place(&mut self, words: &mut [u16]) -> Result<(), ErrorKind> {
        SpiDevice::transfer_in_place(self, words)
    }
}

/// What the validator is shown: the kind of the first operation and its first word.
fn shown(operations: &[Operation<'_, u16>]) -> (&'static str, u16) {
    let word = |words: &[u16]| words.first().copied().unwrap_or_default();
    match operations {
        [Operation::Read(read)] => ("read", word(read)),
        [Operation::Write(write)] => ("write", word(write)),
        [Operation::Transfer(read, _)] => ("transfer", word(read)),
        [Operation::TransferInPlace(words)] => ("transfer_in_place", word(words)),
        _ => ("transaction", 0),
    }
}

const METHODS: [&str; 5] = ["transaction", "read", "write", "transfer", "transfer_in_place"];

#[test]
fn every_method_is_forwarded_as_itself_and_shown_to_the_validator() {
    let clock = Clock::new();
    let breaker = CircuitBreaker::new(&clock);
    let seen = std::cell::RefCell::new(Vec::new());
    let validator = |operations: &[Operation<'_, u16>], result: &Result<(), ErrorKind>| {
        seen.borrow_mut().push((shown(operations), result.is_ok()));
        Outcome::Success
    };
    let mut guarded = GuardedSpiDevice::new(Fake::default(), &breaker).with_validator(validator);
    for round in 0..3 {
        let results = [
            SpiDevice::transaction(&mut guarded, &mut []),
            SpiDevice::read(&mut guarded, &mut [0]),
            SpiDevice::write(&mut guarded, &[9]),
            SpiDevice::transfer(&mut guarded, &mut [0], &[9]),
            SpiDevice::transfer_in_place(&mut guarded, &mut [0]),
        ];
        let asynchronous = futures::executor::block_on(async {
            [
                AsyncSpiDevice::transaction(&mut guarded, &mut []).await,
                AsyncSpiDevice::read(&mut guarded, &mut [0]).await,
                AsyncSpiDevice::write(&mut guarded, &[9]).await,
                AsyncSpiDevice::transfer(&mut guarded, &mut [0], &[9]).await,
                AsyncSpiDevice::transfer_in_place(&mut guarded, &mut [0]).await,
            ]
        });
        let calls = std::mem::take(&mut guarded.inner_mut().calls);
        let seen = std::mem::take(&mut *seen.borrow_mut());
        match round {
            0 | 1 => {
                assert_eq!(calls, [METHODS, METHODS].concat());
                let shown = METHODS.map(|name| match name {
                    "transaction" => (name, 0),
                    "write" => (name, 9),
                    _ => (name, 1),
                });
                assert_eq!(
                    seen,
                    [shown, shown].concat().into_iter().map(|call| (call, round == 0)).collect::<Vec<_>>()
                );
                let expected = if round == 0 { Ok(()) } else { Err(Error::Inner(ErrorKind::ModeFault)) };
                assert!(results.iter().chain(&asynchronous).all(|result| *result == expected));
                guarded.inner_mut().error = Some(ErrorKind::ModeFault);
                if round == 1 {
                    breaker.force_open();
                }
            }
            _ => {
                assert_eq!((calls.len(), seen.len()), (0, 0));
                let rejected = |result: &Result<(), Error<ErrorKind>>| matches!(result, Err(Error::Rejected(_)));
                assert!(results.iter().chain(&asynchronous).all(rejected));
            }
        }
    }
}

#[test]
fn without_a_validator_errors_count_but_an_overrun_is_our_own() {
    for (error, state) in [(ErrorKind::Overrun, State::Closed), (ErrorKind::ModeFault, State::Open)] {
        let clock = Clock::new();
        let breaker = CircuitBreaker::new(&clock);
        let mut guarded = GuardedSpiDevice::new(Fake { error: Some(error), ..Fake::default() }, &breaker);
        for _ in 0..4 {
            assert_eq!(SpiDevice::write(&mut guarded, &[0]), Err(Error::Inner(error)));
        }
        assert_eq!(breaker.state(), state);
    }
}

#[test]
fn a_transfer_that_is_dropped_is_abandoned() {
    let clock = Clock::new();
    let mut guarded = GuardedSpiDevice::new(Fake { hangs: true, ..Fake::default() }, CircuitBreaker::new(&clock));
    for _ in 0..4 {
        let transfer = pin!(AsyncSpiDevice::transaction(&mut guarded, &mut []));
        assert!(transfer.poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    assert!(matches!(SpiDevice::write(&mut guarded, &[0]), Err(Error::Rejected(_))));
}

#[test]
fn the_wait_is_as_long_as_the_circuit_says_and_none_where_it_would_not_help() {
    let clock = Clock::new();
    let breaker = CircuitBreaker::new(&clock);
    let mut set = CircuitBreakerSet::<u16, _, 4>::new(&clock);
    set.peer(&7).unwrap().open();
    let mut delay = CheckedDelay::new(&[
        Delay::blocking_delay_ms(10_000),
        Delay::async_delay_ms(7_000),
        Delay::blocking_delay_ms(7_000),
    ]);
    wait_until_ready(&breaker, &mut delay);
    breaker.open();
    wait_until_ready(&breaker, &mut delay);
    clock.advance(Duration::from_secs(3));
    futures::executor::block_on(wait_until_ready_async(&breaker, &mut delay));
    wait_until_ready(set.get(&7).unwrap(), &mut delay);
    clock.advance(Duration::from_secs(7));
    wait_until_ready(&breaker, &mut delay);
    breaker.force_open();
    wait_until_ready(breaker.peer(), &mut delay);
    delay.done();
}
