//! The program to start with: a demo of fusebox, a replay of recorded link deliveries, live circuits on a web page, and a
//! runner of breaker scenarios.

mod demo;
mod events;
mod flags;
mod generate;
mod history;
mod links;
mod plot;
mod replay;
mod replay_file;
mod scenario;
mod serve;
mod summary;
mod timeline;
mod trace;
mod trace_csv;

use std::io::{BufWriter, ErrorKind, Write};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::generate::Generator;
use crate::replay_file::ReplayArgs;
use crate::scenario::ScenarioArgs;
use crate::serve::ServeArgs;

/// Circuit breakers for every peer a program talks to: a demo, a replay of recorded traces, live circuits on a
/// web page and a runner of scenarios.
///
/// Without a command it plays a demo that explains itself.
#[derive(Debug, Parser)]
#[command(name = "fusebox", version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Replay(ReplayArgs),
    Scenario(ScenarioArgs),
    Serve(ServeArgs),
    Generate(GenerateArgs),
}

/// Print a generated trace of radio links that fail and recover
///
/// Without flags it is the demo's.
#[derive(Args, Debug)]
struct GenerateArgs {
    /// How many packets
    #[arg(long, default_value_t = demo::ROWS)]
    rows: usize,
    /// How many links
    #[arg(long, default_value_t = demo::LINKS, value_parser = clap::value_parser!(u32).range(1..))]
    links: u32,
    /// What chance is drawn from
    #[arg(long, default_value_t = demo::SEED)]
    seed: u64,
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        // Whoever read the output has seen enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "fusebox: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode> {
    // Colours are taken out where they are not wanted: in a file or a pipe, or with NO_COLOR.
    let mut out = BufWriter::new(anstream::stdout().lock());
    let mut code = ExitCode::SUCCESS;
    match cli.command {
        None => demo::run(&program(), &mut out)?,
        Some(Command::Replay(args)) => args.run(&mut out)?,
        Some(Command::Scenario(args)) => code = args.run(&mut out)?,
        Some(Command::Serve(args)) => args.run(&mut out)?,
        Some(Command::Generate(args)) => {
            generate::write_csv(Generator::new(args.links, args.seed), args.rows, &mut out)?;
        }
    }
    out.flush()?;
    Ok(code)
}

fn program() -> String {
    std::env::args().next().unwrap_or_else(|| "fusebox".to_owned())
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|error| error.kind() == ErrorKind::BrokenPipe)
}
