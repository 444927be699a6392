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

/// An ordinary `python3` that can import the library; `None`, and said loudly, where there is none.
pub(crate) fn ordinary(program: &Program) -> Option<std::process::Command> {
    let built = std::path::Path::new(env!("CARGO_BIN_EXE_vboxsh")).parent().unwrap();
    let libraries = [built.join("libvboxsh.so"), built.join("deps/libvboxsh.so")];
    let newest = |file: &std::path::PathBuf| file.metadata().and_then(|metadata| metadata.modified()).ok();
    let library = libraries.into_iter().filter(|file| file.is_file()).max_by_key(newest);
    let Some(library) = library else {
        eprintln!("SKIPPED: no libvboxsh.so (another system's name)");
        return None;
    };
    std::fs::copy(library, program.home().join("vboxsh.so")).unwrap();
    let command = program.command();
    let mut python = std::process::Command::new("python3");
    python
        .env_clear()
        .envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .current_dir(program.home());
    python.env("PYTHONPATH", program.home()).env("PYTHONDONTWRITEBYTECODE", "1");
    if python.get_program() != "python3" || std::process::Command::new("python3").arg("--version").output().is_err() {
        eprintln!("SKIPPED: there is no python3");
        return None;
    }
    Some(python)
}
