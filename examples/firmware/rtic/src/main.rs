//! Tasks of RTIC that share one breaker, as it is and not as a resource that is locked.
//!
//! The one with the highest priority is an interrupt. It comes in the middle of another task's call, and opens
//! the circuit under it.
#![no_std]
#![no_main]

use defmt_semihosting as _;

#[panic_handler]
fn panic(info: &core::panic::PanicInfo) -> ! {
    defmt::error!("{}", defmt::Display2Format(info));
    board::exit(101)
}

#[rtic::app(device = lm3s6965, dispatchers = [GPIOA, GPIOB])]
mod app {
    use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
    use core::time::Duration;

    use defmt::{error, info};
    use fusebox::clock::FugitClock;
    use fusebox::policy::MaxFailures;
    use fusebox::{CircuitBreaker, DefmtListener, Settings, State, checked};
    use lm3s6965::Interrupt;
    use rtic_monotonics::systick::prelude::*;

    systick_monotonic!(Mono, 1_000);

    /// The rate at which `SysTick` counts on this board.
    const CORE_HZ: u32 = 12_500_000;

    type Clock = FugitClock<u32, 1, 1_000, fugit::kind::Monotonic>;

    static RADIO: CircuitBreaker<Clock, MaxFailures<3>, DefmtListener> = CircuitBreaker::with_listener(
        FugitClock::new(Mono::now),
        checked!(Settings::builder().wait(Duration::from_secs(1)).lease(Duration::from_millis(100)).build()),
        DefmtListener::named("radio"),
    );

    /// Whether the peer answers.
    static ANSWERS: AtomicBool = AtomicBool::new(true);
    /// How many frames went on air.
    static SENT: AtomicU32 = AtomicU32::new(0);
    /// How many alarms are to come in the middle of the sensor's next call.
    static ALARMS: AtomicU32 = AtomicU32::new(0);

    #[shared]
    struct Shared {}

    #[local]
    struct Local {}

    #[init]
    fn init(context: init::Context) -> (Shared, Local) {
        Mono::start(context.core.SYST, CORE_HZ);
        if sensor::spawn().is_err() || weather::spawn().is_err() {
            board::exit(1);
        }
        (Shared {}, Local {})
    }

    /// Sends at once, whatever else is going on.
    #[task(binds = UART0, priority = 3)]
    fn alarm(_: alarm::Context) {
        match RADIO.call(transmit) {
            Ok(()) => info!("alarm: delivered"),
            Err(error) => info!("alarm: {}", error),
        }
    }

    #[task(priority = 1)]
    async fn sensor(_: sensor::Context) {
        loop {
            let reading = RADIO.call(|| {
                for _ in 0..ALARMS.swap(0, Relaxed) {
                    raise_alarm();
                }
                transmit()
            });
            if let Err(error) = reading {
                info!("sensor: {}", error);
            }
            Mono::delay(200.millis()).await;
        }
    }

    /// Changes the link, and looks what comes of it.
    #[task(priority = 2)]
    async fn weather(_: weather::Context) {
        if let Err(expectation) = story().await {
            error!("not so: {}", expectation);
            board::exit(1);
        }
        info!("done");
        board::exit(0)
    }

    async fn story() -> Result<(), &'static str> {
        info!("the peer answers the sensor, and an alarm");
        Mono::delay(500.millis()).await;
        let sent = SENT.load(Relaxed);
        expect(sent > 1 && RADIO.state() == State::Closed, "the sensor sends")?;
        raise_alarm();
        expect(SENT.load(Relaxed) == sent + 1, "an alarm is sent at once")?;

        info!("the peer goes away: two failures of the sensor's and two of the alarm's trip one breaker");
        ANSWERS.store(false, Relaxed);
        Mono::delay(400.millis()).await;
        expect(RADIO.tally().failures == 2, "the sensor failed twice")?;
        raise_alarm();
        raise_alarm();
        expect(RADIO.state() == State::Open, "the circuit opens in the interrupt")?;

        let sent = SENT.load(Relaxed);
        raise_alarm();
        Mono::delay(800.millis()).await;
        expect(SENT.load(Relaxed) == sent, "nothing is sent while the circuit is open")?;

        info!("the peer answers again; an alarm comes while the sensor's probe is under way");
        ANSWERS.store(true, Relaxed);
        ALARMS.store(1, Relaxed);
        until(State::Closed, "a probe that succeeds closes the circuit").await?;
        expect(ALARMS.load(Relaxed) == 0 && SENT.load(Relaxed) == sent + 1, "the probe alone was sent")?;

        let sent = SENT.load(Relaxed);
        info!("the peer goes away; four alarms come in the middle of a call of the sensor's");
        ANSWERS.store(false, Relaxed);
        ALARMS.store(4, Relaxed);
        until(State::Open, "four alarms open the circuit").await?;
        expect(SENT.load(Relaxed) == sent + 5, "the sensor's call and those of the alarms were made")?;

        info!("the peer answers again");
        ANSWERS.store(true, Relaxed);
        until(State::Closed, "the circuit recovers").await
    }

    /// The interrupt comes before the next instruction: no other task's priority is as high.
    fn raise_alarm() {
        rtic::pend(Interrupt::UART0);
        cortex_m::asm::dsb();
        cortex_m::asm::isb();
    }

    fn transmit() -> Result<(), &'static str> {
        SENT.fetch_add(1, Relaxed);
        if ANSWERS.load(Relaxed) { Ok(()) } else { Err("no answer") }
    }

    fn expect(it: bool, expectation: &'static str) -> Result<(), &'static str> {
        if it { Ok(()) } else { Err(expectation) }
    }

    /// Looks every millisecond whether the circuit is in this state, for five seconds.
    async fn until(state: State, expectation: &'static str) -> Result<(), &'static str> {
        for _ in 0..5_000 {
            if RADIO.state() == state {
                return Ok(());
            }
            Mono::delay(1.millis()).await;
        }
        Err(expectation)
    }
}
