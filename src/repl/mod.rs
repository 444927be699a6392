//! The prompt: reads lines with an editor that completes, hints, paints and checks, and hands them
//! to the shell.
//!
//! It knows no backend and runs nothing by itself: what it shows beside the line comes from the
//! command table, the schema and the static types of the engine. No key press opens a connection
//! or calls a member, but for one cached list of machine names on an open connection.

mod announcer;
mod banner;
mod call;
mod candidate;
mod chain;
mod complete_command;
mod complete_script;
mod completer;
mod helper;
mod highlighter;
mod hinter;
mod history;
mod interactive;
mod keys;
mod known;
mod piped;
mod prompt;
mod search;
mod secrets;
mod signals;
#[cfg(test)]
mod testing;
mod tokens;
mod validator;
mod words;

pub use secrets::holds_secret;
pub use signals::{install, install as install_signals};

use crate::shell::Shell;
use std::io::IsTerminal;
use std::path::PathBuf;

/// What the prompt has to be told beside its shell.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What will be connected to, and why, for the banner (`embedded host in ~/.local/share/vboxsh:
    /// no VirtualBox is installed here`). The connection itself need not be open.
    pub connection: String,
    /// Open the connection in the background while the user types; that asks no questions.
    pub open_early: bool,
    /// Folder of the history file; `VBOXSH_HOME` or the user's data folder when left out.
    pub home: Option<PathBuf>,
}

/// Runs the prompt as [`run_with`] does, for a shell of which nothing more is known.
pub fn run(shell: Shell) -> i32 {
    run_with(shell, &Options::default())
}

/// Runs the prompt until the user leaves it, and gives the program's exit code.
///
/// On a terminal that is 0, or what `quit` or a script's `exit` asked for. When standard input is no
/// terminal its lines run one after the other without prompt and banner; a failure does not end
/// that, and the exit code is that of the last line that failed.
pub fn run_with(shell: Shell, options: &Options) -> i32 {
    if let Err(error) = install() {
        shell.ui().warn(&format!("Ctrl-C ends the program at once: its signal cannot be caught ({error})"));
    }
    if std::io::stdin().is_terminal() { interactive::run(shell, options) } else { piped::run(shell) }
}
