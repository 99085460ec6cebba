//! A ticket that a guard holds while the driver runs.

#[cfg(any(feature = "embedded-hal-async-1", feature = "embedded-io-async-07"))]
use core::future::poll_fn;
use core::marker::PhantomData;
#[cfg(any(feature = "embedded-hal-async-1", feature = "embedded-io-async-07"))]
use core::pin::pin;

use super::circuits::Circuits;
use crate::outcome::Outcome;
use crate::rejected::Rejected;

/// A ticket that is held during a call. It never gets lost: a call that panics failed, a future that is
/// dropped is abandoned.
pub(super) struct Held<'a, K: ?Sized, S: Circuits<K>> {
    circuits: &'a mut S,
    ticket: Option<S::Ticket>,
    unsettled: Unsettled,
    key: PhantomData<fn(&K)>,
}

/// What becomes of a ticket that is dropped.
#[derive(Clone, Copy)]
enum Unsettled {
    Counts(Outcome),
    #[cfg(any(feature = "embedded-hal-async-1", feature = "embedded-io-async-07"))]
    Abandoned,
}

impl<'a, K: ?Sized, S: Circuits<K>> Held<'a, K, S> {
    /// A ticket for a call that fails if it is not settled.
    pub(super) fn acquire(circuits: &'a mut S, key: &K) -> Result<Self, Rejected> {
        let ticket = Some(circuits.try_acquire(key)?);
        Ok(Self { circuits, ticket, unsettled: Unsettled::Counts(Outcome::Failure), key: PhantomData })
    }

    /// Makes a call that is not settled count for nothing.
    #[cfg(feature = "embedded-hal-1")]
    pub(super) fn or_ignored(mut self) -> Self {
        self.unsettled = Unsettled::Counts(Outcome::Ignored);
        self
    }

    pub(super) fn settle(mut self, outcome: Outcome) {
        if let Some(ticket) = self.ticket.take() {
            self.circuits.settle(ticket, outcome);
        }
    }

    /// Runs a call to its end. If it is dropped between two polls, the ticket is abandoned.
    #[cfg(any(feature = "embedded-hal-async-1", feature = "embedded-io-async-07"))]
    pub(super) async fn during<F: Future>(&mut self, call: F) -> F::Output {
        let mut call = pin!(call);
        poll_fn(|context| {
            self.unsettled = Unsettled::Counts(Outcome::Failure);
            let poll = call.as_mut().poll(context);
            if poll.is_pending() {
                self.unsettled = Unsettled::Abandoned;
            }
            poll
        })
        .await
    }
}

impl<K: ?Sized, S: Circuits<K>> Drop for Held<'_, K, S> {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket.take() else { return };
        match self.unsettled {
            Unsettled::Counts(outcome) => self.circuits.settle(ticket, outcome),
            #[cfg(any(feature = "embedded-hal-async-1", feature = "embedded-io-async-07"))]
            Unsettled::Abandoned => self.circuits.abandon(ticket),
        }
    }
}
