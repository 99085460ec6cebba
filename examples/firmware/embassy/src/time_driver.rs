//! embassy's time: milliseconds, counted by `SysTick`.

use core::cell::{Cell, RefCell};
use core::task::Waker;

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use critical_section::Mutex;
use embassy_time_driver::{Driver, TICK_HZ};
use embassy_time_queue_utils::Queue;

/// The rate at which `SysTick` counts on this board.
const CORE_HZ: u32 = 12_500_000;

/// Starts the clock.
pub(crate) fn start(mut timer: SYST) {
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(CORE_HZ / TICK_HZ as u32 - 1);
    timer.clear_current();
    timer.enable_interrupt();
    timer.enable_counter();
}

struct SysTickDriver {
    now: Mutex<Cell<u64>>,
    sleepers: Mutex<RefCell<Queue>>,
}

embassy_time_driver::time_driver_impl!(static DRIVER: SysTickDriver = SysTickDriver {
    now: Mutex::new(Cell::new(0)),
    sleepers: Mutex::new(RefCell::new(Queue::new())),
});

impl Driver for SysTickDriver {
    fn now(&self) -> u64 {
        critical_section::with(|token| self.now.borrow(token).get())
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        // No alarm to set: every tick looks who is to be woken.
        critical_section::with(|token| self.sleepers.borrow_ref_mut(token).schedule_wake(at, waker));
    }
}

#[cortex_m_rt::exception]
fn SysTick() {
    critical_section::with(|token| {
        let now = DRIVER.now.borrow(token).get() + 1;
        DRIVER.now.borrow(token).set(now);
        DRIVER.sleepers.borrow_ref_mut(token).next_expiration(now);
    });
}
