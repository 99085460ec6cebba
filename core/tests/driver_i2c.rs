//! Guarded I2C buses: published drivers run on them as they are, and a bus whose circuit is open sees nothing.
#![cfg(all(feature = "embedded-hal-1", not(fusebox_loom)))]

use std::cell::RefCell;
use std::convert::Infallible;
use std::time::Duration;

use embedded_hal::i2c::{Error as _, ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation};
use embedded_hal_bus::i2c::RefCellDevice;
use embedded_hal_mock::eh1::delay::NoopDelay;
use embedded_hal_mock::eh1::i2c::{Mock, Transaction};
use fusebox::driver::{Blame, GuardedI2c};
use fusebox::{
    CircuitBreaker, CircuitBreakerSet, Error, Event, RejectReason, Rejected, Settings, State, clock::ManualClock,
};
use lm75::Lm75;
use shtcx::{PowerMode, shtc3};

type Clock = ManualClock<1_000>;
type Table<'c, const N: usize = 8> = CircuitBreakerSet<u8, &'c Clock, N>;

const LM75: u8 = 0x48;
const SHTC3: u8 = 0x70;
const UNPLUGGED: ErrorKind = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address);
const BUSY: ErrorKind = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Data);

fn failing(error: ErrorKind, times: usize) -> Vec<Transaction> {
    vec![Transaction::write(LM75, vec![0]).with_error(error); times]
}

fn state(table: &RefCell<Table>, address: u8) -> Option<State> {
    table.borrow().get(&address).map(fusebox::Peer::state)
}

#[test]
fn two_published_drivers_share_a_guarded_bus_and_one_of_them_dies() {
    let clock = Clock::new();
    let table = RefCell::new(Table::<8>::new(&clock));
    let warm = || Transaction::write_read(LM75, vec![0], vec![21, 128]);
    let gone = || Transaction::write_read(LM75, vec![0], vec![0, 0]).with_error(UNPLUGGED);
    // The id of an SHTC3, and its checksum.
    let identify = || [Transaction::write(SHTC3, vec![0xef, 0xc8]), Transaction::read(SHTC3, vec![0x08, 0x47, 0x1c])];
    let mut expected = vec![warm(), gone(), gone(), gone(), gone()];
    expected.extend(identify());
    expected.extend([gone(), warm(), warm()]);
    let mut mock = Mock::new(&expected);

    let bus = RefCell::new(GuardedI2c::new(mock.clone(), &table));
    let mut thermometer = Lm75::new(RefCellDevice::new(&bus), LM75);
    let mut hygrometer = shtc3(RefCellDevice::new(&bus));

    assert!((thermometer.read_temperature().unwrap() - 21.5).abs() < f32::EPSILON);
    for _ in 0..4 {
        assert!(matches!(thermometer.read_temperature(), Err(lm75::Error::I2C(Error::Inner(UNPLUGGED)))));
    }
    assert_eq!(state(&table, LM75), Some(State::Open));
    // Its driver hears when to come back, and the mock nothing: it would panic.
    for _ in 0..100 {
        let Err(lm75::Error::I2C(error)) = thermometer.read_temperature() else { panic!("not rejected") };
        assert_eq!(error.kind(), ErrorKind::Other);
        assert_eq!(error.retry_after().map(fusebox::Ticks::as_duration), Some(Duration::from_secs(10)));
    }
    // The other device goes on.
    assert_eq!(hygrometer.device_identifier().unwrap(), 0x47);
    assert_eq!(state(&table, SHTC3), Some(State::Closed));
    // One probe that fails is one transfer.
    clock.advance(Duration::from_secs(10));
    assert!(matches!(thermometer.read_temperature(), Err(lm75::Error::I2C(Error::Inner(UNPLUGGED)))));
    assert!(matches!(thermometer.read_temperature(), Err(lm75::Error::I2C(Error::Rejected(_)))));
    clock.advance(Duration::from_secs(10));
    assert!(thermometer.read_temperature().is_ok());
    assert!(thermometer.read_temperature().is_ok());
    assert_eq!(state(&table, LM75), Some(State::Closed));
    mock.done();
}

#[test]
fn a_driver_of_many_transfers_stops_at_the_first() {
    let clock = Clock::new();
    let mut table = Table::<8>::new(&clock);
    table.peer(&SHTC3).unwrap().force_open();
    let mut mock = Mock::new(&[]);
    let mut hygrometer = shtc3(GuardedI2c::new(mock.clone(), &mut table));
    let error = hygrometer.measure(PowerMode::NormalMode, &mut NoopDelay::new()).unwrap_err();
    let shtcx::Error::I2c(Error::Rejected(rejected)) = error else { panic!("{error:?}") };
    assert_eq!((rejected.reason(), rejected.retry_after()), (RejectReason::ForcedOpen, None));
    mock.done();
}

#[test]
fn errors_blame_the_device_the_bus_or_nobody() {
    let unknown = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Unknown);
    for (error, device, bus) in [
        (UNPLUGGED, State::Open, State::Closed),
        (unknown, State::Open, State::Closed),
        (ErrorKind::Other, State::Open, State::Closed),
        (BUSY, State::Closed, State::Closed),
        (ErrorKind::Overrun, State::Closed, State::Closed),
        (ErrorKind::Bus, State::Closed, State::Open),
        (ErrorKind::ArbitrationLoss, State::Closed, State::Open),
    ] {
        let clock = Clock::new();
        let (table, wire) = (RefCell::new(Table::<8>::new(&clock)), CircuitBreaker::new(&clock));
        let mut mock = Mock::new(&failing(error, 4));
        let mut guarded = GuardedI2c::new(mock.clone(), &table).with_bus(&wire);
        for _ in 0..4 {
            assert_eq!(guarded.write(LM75, &[0]), Err(Error::Inner(error)));
        }
        assert_eq!((state(&table, LM75), wire.state()), (Some(device), bus), "{error:?}");
        mock.done();
    }
}

#[test]
fn without_a_circuit_of_its_own_the_bus_is_the_devices_fault() {
    let clock = Clock::new();
    let mut mock = Mock::new(&failing(ErrorKind::Bus, 4));
    let mut guarded = GuardedI2c::new(mock.clone(), Table::<8>::new(&clock));
    for _ in 0..4 {
        assert!(guarded.write(LM75, &[0]).is_err());
    }
    assert_eq!(guarded.devices().get(&LM75).map(fusebox::Peer::state), Some(State::Open));
    assert!(matches!(guarded.write(LM75, &[0]), Err(Error::Rejected(_))));
    mock.done();
}

#[test]
fn an_open_bus_rejects_all_devices_and_keeps_no_probe() {
    let clock = Clock::new();
    let (table, wire) = (RefCell::new(Table::<8>::new(&clock)), CircuitBreaker::new(&clock));
    table.borrow_mut().peer(&LM75).unwrap().half_open();
    table.borrow_mut().peer(&LM75).unwrap().open();
    wire.force_open();
    clock.advance(Duration::from_secs(10));
    let mut mock = Mock::new(&[Transaction::write(LM75, vec![0])]);
    let mut guarded = GuardedI2c::new(mock.clone(), &table).with_bus(&wire);
    for _ in 0..10 {
        let Err(Error::Rejected(rejected)) = guarded.write(LM75, &[0]) else { panic!("not rejected") };
        assert_eq!(rejected.reason(), RejectReason::ForcedOpen);
        assert_eq!(guarded.write(SHTC3, &[0]).map_err(|error| error.kind()), Err(ErrorKind::Other));
    }
    // The only probe of the device is still to be had.
    assert_eq!(state(&table, LM75), Some(State::HalfOpen));
    wire.reset();
    assert_eq!(guarded.write(LM75, &[0]), Ok(()));
    assert_eq!(state(&table, LM75), Some(State::Closed));
    mock.done();
}

#[test]
fn the_bus_itself_is_reached_past_all_circuits() {
    let clock = Clock::new();
    let mut table = Table::<8>::new(&clock);
    table.peer(&LM75).unwrap().force_open();
    let mut mock = Mock::new(&[Transaction::write(LM75, vec![0]), Transaction::write(LM75, vec![1])]);
    let mut guarded = GuardedI2c::new(mock.clone(), &mut table);
    assert_eq!(guarded.inner_mut().write(LM75, &[0]), Ok(()), "to free a stuck bus");
    assert_eq!(guarded.into_inner().write(LM75, &[1]), Ok(()));
    mock.done();
}

#[test]
fn a_rejected_device_asks_nothing_of_the_bus() {
    let clock = Clock::new();
    let (mut table, wire) = (Table::<8>::new(&clock), CircuitBreaker::new(&clock));
    table.peer(&LM75).unwrap().force_open();
    wire.open();
    wire.half_open();
    let mut mock = Mock::new(&[Transaction::write(SHTC3, vec![0])]);
    let mut guarded = GuardedI2c::new(mock.clone(), &mut table).with_bus(&wire);
    for _ in 0..10 {
        assert!(matches!(guarded.write(LM75, &[0]), Err(Error::Rejected(_))));
    }
    assert_eq!(guarded.write(SHTC3, &[0]), Ok(()));
    assert_eq!(wire.state(), State::Closed);
    mock.done();
}

#[test]
fn another_judge_may_replace_the_kind() {
    let clock = Clock::new();
    let (breaker, wire) = (CircuitBreaker::new(&clock), CircuitBreaker::new(&clock));
    let mut mock = Mock::new(&failing(ErrorKind::Other, 4));
    let mut guarded = GuardedI2c::new(mock.clone(), &breaker).with_bus(&wire).with_blame(|error: &ErrorKind| {
        assert_eq!(*error, ErrorKind::Other);
        Blame::Bus
    });
    for _ in 0..4 {
        assert!(guarded.write(LM75, &[0]).is_err());
    }
    assert_eq!((breaker.state(), wire.state()), (State::Closed, State::Open));
    mock.done();
}

#[test]
fn every_method_is_forwarded_as_itself_and_is_one_call() {
    let clock = Clock::new();
    let breaker = CircuitBreaker::new(&clock);
    let expected = [
        Transaction::read(1, vec![7]),
        Transaction::write(2, vec![8]),
        Transaction::write_read(3, vec![9], vec![10]),
        Transaction::transaction_start(4),
        Transaction::write(4, vec![11]),
        Transaction::read(4, vec![12]),
        Transaction::transaction_end(4),
        Transaction::read(1, vec![7]).with_error(UNPLUGGED),
        Transaction::write(2, vec![8]).with_error(UNPLUGGED),
        Transaction::write_read(3, vec![9], vec![10]).with_error(UNPLUGGED),
    ];
    let mut mock = Mock::new(&expected);
    let mut guarded = GuardedI2c::new(mock.clone(), &breaker);
    let (mut one, mut two, mut three) = ([0], [0], [0]);
    I2c::read(&mut guarded, 1, &mut one).unwrap();
    I2c::write(&mut guarded, 2, &[8]).unwrap();
    I2c::write_read(&mut guarded, 3, &[9], &mut two).unwrap();
    let mut operations = [Operation::Write(&[11]), Operation::Read(&mut three)];
    I2c::transaction(&mut guarded, 4, &mut operations).unwrap();
    assert_eq!((one, two, three), ([7], [10], [12]));
    assert!(I2c::read(&mut guarded, 1, &mut one).is_err());
    assert!(I2c::write(&mut guarded, 2, &[8]).is_err());
    assert!(I2c::write_read(&mut guarded, 3, &[9], &mut two).is_err());
    assert_eq!(breaker.tally().failures, 3);

    breaker.open();
    let rejected = |result: Result<(), Error<ErrorKind>>| result.unwrap_err().kind() == ErrorKind::Other;
    assert!(rejected(I2c::read(&mut guarded, 1, &mut one)));
    assert!(rejected(I2c::write(&mut guarded, 2, &[8])));
    assert!(rejected(I2c::write_read(&mut guarded, 3, &[9], &mut two)));
    assert!(rejected(I2c::transaction(&mut guarded, 4, &mut [Operation::Write(&[1])])));
    mock.done();
}

/// A bus with ten-bit addresses.
struct Wild;

impl ErrorType for Wild {
    type Error = Infallible;
}

impl I2c<u16> for Wild {
    fn transaction(&mut self, _: u16, _: &mut [Operation<'_>]) -> Result<(), Infallible> {
        Ok(())
    }
}

#[test]
fn a_full_table_rejects_and_says_so() {
    let clock = Clock::new();
    let mut table = CircuitBreakerSet::<u16, _, 1>::new(&clock);
    table.peer(&1).unwrap().open();
    let mut guarded = GuardedI2c::new(Wild, table);
    let Err(Error::Rejected(rejected)) = I2c::write(&mut guarded, 2_u16, &[0]) else { panic!("not rejected") };
    assert_eq!(rejected.reason(), RejectReason::TableFull);
    guarded.devices_mut().set_when_full(fusebox::WhenFull::AdmitUntracked);
    assert_eq!(I2c::write(&mut guarded, 2_u16, &[0]), Ok(()));
    assert_eq!(guarded.devices().len(), 1);
}

#[test]
fn a_listener_that_uses_the_guarded_bus_does_not_hang_or_panic() {
    type Shared<'a> = RefCell<CircuitBreakerSet<u16, &'a Clock, 8, fusebox::policy::MaxFailures<3>, &'a Recursive<'a>>>;
    #[derive(Default)]
    struct Recursive<'a> {
        table: std::cell::OnceCell<&'a Shared<'a>>,
        answers: RefCell<Vec<Result<(), Error<Infallible>>>>,
    }
    impl fusebox::Listener<u16> for &Recursive<'_> {
        fn on_event(&self, _: &u16, _: &Event) {
            let mut guarded = GuardedI2c::new(Wild, *self.table.get().unwrap());
            self.answers.borrow_mut().push(I2c::write(&mut guarded, 0x17_u16, &[0]));
        }
    }
    let clock: &Clock = Box::leak(Box::new(Clock::new()));
    let listener: &Recursive = Box::leak(Box::default());
    let table = CircuitBreakerSet::with_listener(clock, Settings::DEFAULT, listener);
    let table: &Shared = Box::leak(Box::new(RefCell::new(table)));
    assert!(listener.table.set(table).is_ok());
    table.borrow_mut().peer(&0x17).unwrap().open();
    assert_eq!(*listener.answers.borrow(), [Ok(())]);
    let rejected: Result<(), Error<Infallible>> = I2c::write(&mut GuardedI2c::new(Wild, table), 0x17_u16, &[0]);
    assert!(matches!(rejected, Err(Error::Rejected(Rejected { .. }))));
}
