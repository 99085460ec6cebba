//! The workspace's tasks. `cargo xtask test` installs what the tests need and runs every step.

mod bench;
mod budgets;
mod counts;
mod firmware;
mod page;
mod prometheus;
mod prove;
mod python;
mod report;
mod select;
mod shell;
mod step;
mod steps;
mod tools;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};

use shell::Shell;
use step::Step;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install what the tests need, run every step and end with a table of them
    Test(StepsArgs),
    /// What takes longer than a test run should, to be run at night: every step takes one claim of docs/assurance.md further
    Prove(StepsArgs),
    /// Install the emulators, build the firmware and run every image on every board it is for
    Firmware(FirmwareArgs),
    /// Measure what a breaker costs, on emulated boards and in instructions of a host, and compare that with
    /// examples/firmware/budgets.toml and benches/budgets.toml
    Budgets(BudgetsArgs),
    /// Install Prometheus and Alertmanager, let circuits trip and recover before them, and check rules, dashboard and console
    Prometheus(PrometheusArgs),
    /// Measure how long guarded calls take, beside their floors and beside other crates, all in one run
    Bench(BenchArgs),
}

#[derive(Args)]
struct StepsArgs {
    /// Run only these steps, separated by commas
    #[arg(long, value_name = "STEP,…", value_delimiter = ',')]
    only: Vec<String>,
    /// List the steps and run none
    #[arg(long)]
    list: bool,
    /// Show what the commands print while they run, not only when a step fails
    #[arg(long, short)]
    verbose: bool,
}

#[derive(Args)]
struct FirmwareArgs {
    /// Run only these images, separated by commas
    #[arg(long, value_name = "IMAGE,…", value_delimiter = ',')]
    only: Vec<String>,
    /// Run on these boards only, separated by commas
    #[arg(long, value_name = "BOARD,…", value_delimiter = ',')]
    board: Vec<String>,
    /// Show the commands, and all that images and commands print
    #[arg(long, short)]
    verbose: bool,
}

#[derive(Args)]
struct BudgetsArgs {
    /// Measure only these suites, separated by commas: boards, callgrind
    #[arg(long, value_name = "SUITE,…", value_delimiter = ',')]
    only: Vec<String>,
    /// Write the measured figures down. Ceilings stay as they are, and hold
    #[arg(long)]
    update: bool,
    /// Show the commands and what they print
    #[arg(long, short)]
    verbose: bool,
}

#[derive(Args)]
struct PrometheusArgs {
    /// Show the commands and what they print
    #[arg(long, short)]
    verbose: bool,
}

#[derive(Args)]
struct BenchArgs {
    /// Take a tenth of the samples, to try something
    #[arg(long)]
    quick: bool,
    /// Write the table of README.md
    #[arg(long)]
    update: bool,
    /// Show the commands and what they print
    #[arg(long, short)]
    verbose: bool,
}

fn main() -> ExitCode {
    let passed = match Cli::parse().task {
        Task::Test(args) => steps(steps::STEPS, &args),
        Task::Prove(args) => steps(prove::STEPS, &args),
        Task::Firmware(args) => firmware(&args),
        Task::Budgets(args) => budgets(&args),
        Task::Prometheus(args) => prometheus(&args),
        Task::Bench(args) => bench(&args),
    };
    match passed {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Runs the chosen steps and tells whether all of them passed.
fn steps(all: &[Step], args: &StepsArgs) -> Result<bool> {
    if args.list {
        print!("{}", step::list(all));
        return Ok(true);
    }
    step::run(all, &args.only, args.verbose)
}

/// Runs the chosen images and tells whether all of them passed.
fn firmware(args: &FirmwareArgs) -> Result<bool> {
    let shell = Shell::open("firmware", args.verbose).context("cannot write the log of the images")?;
    let start = Instant::now();
    let tell = |row: &firmware::Row| {
        if !args.verbose {
            println!("{}", row.line());
        }
    };
    if !args.verbose {
        println!("{}", firmware::Row::HEAD);
    }
    let rows = firmware::run(&shell, &args.only, &args.board, tell)?;
    if args.verbose {
        println!("\n{}", firmware::Row::HEAD);
        for row in &rows {
            println!("{}", row.line());
        }
    }
    let failed = rows.iter().filter(|row| row.outcome.is_err()).count();
    println!("{} passed, {failed} failed in {:.1} s", rows.len() - failed, start.elapsed().as_secs_f64());
    Ok(failed == 0)
}

/// Measures and compares, and tells whether every figure is as it should be.
fn budgets(args: &BudgetsArgs) -> Result<bool> {
    let shell = Shell::open("budgets", args.verbose).context("cannot write the log of the budgets")?;
    let start = Instant::now();
    let mut wrong = 0;
    let mut notes = vec![];
    for outcome in budgets::run(&shell, &args.only, args.update)? {
        println!("{}", outcome.table);
        for problem in &outcome.problems {
            println!("{problem}");
        }
        wrong += outcome.problems.len();
        notes.push(outcome.note);
    }
    if wrong > 0 {
        println!("{}", budgets::ADVICE);
    }
    println!("{}; {wrong} wrong in {:.1} s", notes.join("; "), start.elapsed().as_secs_f64());
    Ok(wrong == 0)
}

/// Makes all checks and tells whether they passed.
fn prometheus(args: &PrometheusArgs) -> Result<bool> {
    let shell = Shell::open("prometheus", args.verbose).context("cannot write the log of the checks")?;
    let start = Instant::now();
    println!("{}", prometheus::Row::HEAD);
    let rows = prometheus::run(&shell, |row| println!("{}", row.line()))?;
    let failed = rows.iter().filter(|row| row.outcome.is_err()).count();
    println!("{} passed, {failed} failed in {:.1} s", rows.len() - failed, start.elapsed().as_secs_f64());
    println!(
        "target/xtask/prometheus.log says more; pictures of the page and the programs' logs are in the folder beside it"
    );
    Ok(failed == 0)
}

/// Measures, and tells of each budget whether it is met. On a shared machine that is to be read, and fails nothing.
fn bench(args: &BenchArgs) -> Result<bool> {
    let shell = Shell::open("bench", args.verbose).context("cannot write the log of the benches")?;
    let outcome = bench::run(&shell, args.quick, args.update)?;
    println!("{}\nbudgets for a host, of docs/design.md", outcome.table);
    for verdict in &outcome.budgets {
        println!("{verdict}");
    }
    let met = outcome.budgets.iter().filter(|verdict| verdict.is_met()).count();
    println!("{met} budgets met, {} not met", outcome.budgets.len() - met);
    Ok(true)
}
