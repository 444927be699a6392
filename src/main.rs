//! The program: reads its arguments and runs.

use std::process::ExitCode;

fn main() -> ExitCode {
    vboxsh::cli::run(vboxsh::cli::Arguments::read(std::env::args_os().collect()))
}
