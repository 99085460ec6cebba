//! Events of circuits in the log.

use fusebox::{Event, Listener};

use crate::radio::Address;

/// Writes each event to the log, under a name that says whose circuits they are.
#[derive(Clone, Copy, Debug)]
pub struct Log(pub &'static str);

impl Listener for Log {
    fn on_event(&self, (): &(), event: &Event) {
        tell(self.0, event);
    }
}

impl Listener<Address> for Log {
    fn on_event(&self, peer: &Address, event: &Event) {
        tell(Named(self.0, *peer), event);
    }
}

/// An address as people write it, after what it is the address of.
#[derive(Clone, Copy, Debug)]
pub struct Named(pub &'static str, pub Address);

impl defmt::Format for Named {
    fn format(&self, f: defmt::Formatter<'_>) {
        let Self(name, [a0, a1, a2, a3, a4, a5]) = self;
        defmt::write!(f, "{=str} {:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", name, a0, a1, a2, a3, a4, a5);
    }
}

fn tell(who: impl defmt::Format, event: &Event) {
    let Event::Transition(transition) = event else {
        defmt::info!("{}: {}", who, event);
        return;
    };
    let (from, to, cause) = (transition.from(), transition.to(), transition.cause().as_str());
    if let Some(wait) = transition.wait() {
        defmt::info!("{}: {} -> {}, {=str}, for {=u32} ms", who, from, to, cause, wait.as_millis());
    } else {
        defmt::info!("{}: {} -> {}, {=str}", who, from, to, cause);
    }
}
