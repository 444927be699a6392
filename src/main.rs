//! The program: reads its arguments and runs.

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    vboxsh::cli::run(vboxsh::cli::Arguments::parse())
}
