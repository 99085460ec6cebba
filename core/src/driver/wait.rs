//! Sleeping until a circuit may be tried again.

use embedded_hal::delay::DelayNs;

use crate::listener::Listener;
use crate::peer::Peer;
use crate::policy::TripPolicy;
use crate::settings::Settings;
use crate::time::Clock;

/// Sleeps until the circuit of a [`CircuitBreaker`](crate::CircuitBreaker) or a [`Peer`] may be tried again.
///
/// It sleeps once, for what [`retry_after`](crate::CircuitBreaker::retry_after) says when it begins, in whole
/// milliseconds, rounded up. It returns at once if calls go through, and if time alone will not help, as with a
/// circuit that was forced open. So it always returns, whatever the clock does. The next call may be rejected all
/// the same: somebody else may have taken the probe, or the delay and the clock differ. Then there is more to wait.
///
/// ```
/// use embedded_hal_mock::eh1::delay::{CheckedDelay, Transaction};
/// use fusebox::driver::wait_until_ready;
/// use fusebox::{CircuitBreaker, clock::ManualClock};
///
/// let clock = ManualClock::<1_000>::new();
/// let radio = CircuitBreaker::new(&clock);
/// let mut delay = CheckedDelay::new(&[Transaction::delay_ms(10_000)]);
///
/// wait_until_ready(&radio, &mut delay); // Closed: no wait.
/// radio.open();
/// wait_until_ready(&radio, &mut delay);
/// # delay.done();
/// ```
pub fn wait_until_ready<'a, C, P, L, K, S>(circuit: impl Into<Peer<'a, C, P, L, K, S>>, delay: &mut impl DelayNs)
where
    C: Clock + 'a,
    P: TripPolicy + 'a,
    L: Listener<K> + 'a,
    K: ?Sized + 'a,
    S: AsRef<Settings<C, P>> + 'a,
{
    if let Some(left) = circuit.into().retry_after() {
        delay.delay_ms(left.as_millis());
    }
}
