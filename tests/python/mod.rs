//! The Python engine, through the program: what it loads at run time cannot be linked into a test.

mod errors;
mod extensions;
mod graph;
mod hosting;
mod prompt;
mod scripts;
mod vboxapi;
mod virtualbox;

use crate::support::program::{Outcome, Program};

/// The program in a home with one machine, `web-01`; `None`, and said loudly, where there is no Python.
pub(crate) fn program() -> Option<Program> {
    let program = Program::new();
    let tried = program.run(&["--lang", "python", "-e", "1"]);
    if tried.code == 3 && tried.err.contains("Python") && !tried.err.contains("library for Python") {
        eprintln!("SKIPPED: there is no Python here: {}", tried.err);
        return None;
    }
    tried.ok();
    program.machine("web-01");
    Some(program)
}

/// Evaluates Python expressions, one after the other, in one process.
pub(crate) fn evaluate(program: &Program, sources: &[&str]) -> Outcome {
    let mut arguments = vec!["--lang", "python"];
    arguments.extend(sources.iter().flat_map(|source| ["-e", source]));
    program.run(&arguments)
}

/// Runs a script and gives what it printed.
#[track_caller]
pub(crate) fn script(program: &Program, source: &str) -> String {
    let path = program.file("script.py", source);
    program.run(&[&path]).ok()
}
