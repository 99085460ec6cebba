//! A breaker, seen from outside.

use std::future::ready;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::SeqCst};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// What a call does that is guarded.
pub type Work = Pin<Box<dyn Future<Output = Result<(), Failed>> + Send>>;

/// A guarded call.
pub type Call<'a> = Pin<Box<dyn Future<Output = Answer> + 'a>>;

/// A circuit breaker, whoever wrote it.
pub trait Subject {
    /// Guards a call. Nothing happens before it is polled.
    fn call(&self, work: Work) -> Call<'_>;

    /// Lets time pass: sleeps, or moves the clock where the breaker has one that can be moved.
    fn wait(&self, time: Duration) {
        std::thread::sleep(time);
    }

    /// One call that ends at once.
    ///
    /// # Panics
    /// If the breaker makes more of it.
    fn answer(&self, result: Result<(), Failed>) -> Answer {
        match poll(&mut self.call(Box::pin(ready(result)))) {
            Poll::Ready(answer) => answer,
            Poll::Pending => panic!("a call whose work is done is done"),
        }
    }

    /// One call that succeeds, or is rejected.
    fn succeed(&self) -> Answer {
        self.answer(Ok(()))
    }

    /// One call that fails, or is rejected.
    fn fail(&self) -> Answer {
        self.answer(Err(Failed))
    }

    /// One call that panics, or is rejected. Whether it was made.
    fn panics(&self) -> bool {
        let call = || poll(&mut self.call(Box::pin(async { panic!("a bug in the call") })));
        catch_unwind(AssertUnwindSafe(call)).is_err()
    }

    /// Fails until a call is rejected.
    ///
    /// # Panics
    /// If a thousand failures do not open the circuit.
    fn trip(&self) {
        assert!((0..1_000).any(|_| self.fail() == Answer::Rejected), "a thousand failures did not open the circuit");
    }

    /// Starts a call that goes on until it is told to end. `None` if it is rejected.
    fn begin(&self) -> Option<InFlight<'_>> {
        let told = Arc::new(AtomicU8::new(GOES_ON));
        let mut call = self.call(Box::pin(Told(Arc::clone(&told))));
        match poll(&mut call) {
            Poll::Pending => Some(InFlight { call, told }),
            Poll::Ready(_) => None,
        }
    }

    /// Starts so many calls that all go on, and says how many were let through.
    fn admitted(&self, calls: usize) -> usize {
        let in_flight: Vec<_> = (0..calls).filter_map(|_| self.begin()).collect();
        in_flight.len()
    }
}

/// How a guarded call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It was made and succeeded.
    Done,
    /// It was made and failed.
    Failed,
    /// The breaker did not let it through.
    Rejected,
}

impl Answer {
    /// Of a call that was made.
    pub fn of(result: Result<(), Failed>) -> Self {
        if result.is_ok() { Self::Done } else { Self::Failed }
    }

    /// Whether the call was let through.
    pub fn made(self) -> bool {
        self != Self::Rejected
    }
}

/// What the work's peer has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed;

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no answer")
    }
}

impl std::error::Error for Failed {}

/// A call that was let through and goes on. Dropping it is what a timeout around it does.
pub struct InFlight<'a> {
    call: Call<'a>,
    told: Arc<AtomicU8>,
}

impl InFlight<'_> {
    /// Its work succeeds.
    pub fn succeed(self) {
        self.end(SUCCEEDS);
    }

    /// Its work fails.
    pub fn fail(self) {
        self.end(FAILS);
    }

    fn end(mut self, how: u8) {
        self.told.store(how, SeqCst);
        assert!(poll(&mut self.call).is_ready(), "a call whose work is done is done");
    }
}

impl std::fmt::Debug for InFlight<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InFlight").finish_non_exhaustive()
    }
}

const GOES_ON: u8 = 0;
const SUCCEEDS: u8 = 1;
const FAILS: u8 = 2;

/// Work that ends as it is told.
struct Told(Arc<AtomicU8>);

impl Future for Told {
    type Output = Result<(), Failed>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        match self.0.load(SeqCst) {
            GOES_ON => Poll::Pending,
            SUCCEEDS => Poll::Ready(Ok(())),
            _ => Poll::Ready(Err(Failed)),
        }
    }
}

fn poll(call: &mut Call<'_>) -> Poll<Answer> {
    call.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}
