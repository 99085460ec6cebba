//! The rows of what went wrong in Rust crates, Y01 to Y23, each one function: fusebox holds, and the crate it was found
//! in shows what it did, so that the function is known to find it.
//!
//! Crates without a clock of their own sleep for milliseconds. What they are to show does not go away if a sleep takes
//! longer. Each test prints what it saw.

mod child;
mod cost;
mod endless;
mod forced;
mod gauges;
mod hung;
mod keys;
mod memory;
mod probes;
mod races;
mod seen;
mod stragglers;
mod ticks;
mod tower;
mod windows;
