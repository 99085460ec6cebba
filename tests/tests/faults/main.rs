//! Faults put in everywhere: each call of user code panics in its turn, each future is dropped at each of its awaits,
//! threads and processes die while they hold a permit, and files are cut off, damaged and not written.
//!
//! What each test reached it prints: `cargo test -p fusebox-tests --test faults -- --show-output`.

mod async_panics;
mod asyncs;
mod core_panics;
mod dropped;
mod files;
mod full_disk;
mod killed;
mod points;
mod random;
mod set_panics;
mod shown;
mod user;
mod watch;
mod world;
