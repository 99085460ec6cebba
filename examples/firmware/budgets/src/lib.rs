//! What a breaker costs, measured in the emulator, where every run is the same as the one before.
//!
//! The images print a line for each figure, `group name value`, and end with exit code 0.
#![no_std]

pub mod counter;
pub mod operations;
pub mod product;
pub mod report;
pub mod stack;
