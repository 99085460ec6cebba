//! The same sleep without blocking.

use embedded_hal_async::delay::DelayNs;

use crate::listener::Listener;
use crate::peer::Peer;
use crate::policy::TripPolicy;
use crate::settings::Settings;
use crate::time::Clock;

/// Sleeps until a circuit may be tried again, without blocking: see [`wait_until_ready`](super::wait_until_ready).
///
/// ```
/// # futures::executor::block_on(async {
/// use embedded_hal_mock::eh1::delay::{CheckedDelay, Transaction};
/// use fusebox::driver::wait_until_ready_async;
/// use fusebox::{CircuitBreaker, clock::ManualClock};
///
/// let clock = ManualClock::<1_000>::new();
/// let radio = CircuitBreaker::new(&clock);
/// let mut delay = CheckedDelay::new(&[Transaction::async_delay_ms(10_000)]);
///
/// radio.open();
/// wait_until_ready_async(&radio, &mut delay).await;
/// # delay.done();
/// # });
/// ```
pub async fn wait_until_ready_async<'a, C, P, L, K, S>(
    circuit: impl Into<Peer<'a, C, P, L, K, S>>,
    delay: &mut impl DelayNs,
) where
    C: Clock + 'a,
    P: TripPolicy + 'a,
    L: Listener<K> + 'a,
    K: ?Sized + 'a,
    S: AsRef<Settings<C, P>> + 'a,
{
    let left = circuit.into().retry_after();
    if let Some(left) = left {
        delay.delay_ms(left.as_millis()).await;
    }
}
