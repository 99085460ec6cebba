//! The program as its users run it: arguments in, output and exit code out.

mod demo;
mod program;
mod replay;
mod scenario;
mod serve;
mod serve_page;
mod serve_refused;
mod served;
