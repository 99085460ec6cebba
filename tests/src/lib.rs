//! What the tests share that compare fusebox with the published python-circuit.

pub mod oracle;
pub mod player;
pub mod skip;
pub mod trace;
