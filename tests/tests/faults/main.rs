//! Faults put in everywhere: each call of user code panics in its turn, each future is dropped at each of its awaits,
//! threads and processes die while they hold a permit, and files are cut off, damaged and not written.
//!
//! What each test reached it prints: `cargo test -p fusebox-tests --test faults -- --show-output`.

mod core_panics;
mod points;
mod set_panics;
mod user;
mod watch;
mod world;
