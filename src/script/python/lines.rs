//! Lines of the shell that a command of an extension runs.

#![allow(unsafe_code)]

use crate::model::ErrorKind;
use crate::output::Failure;
use crate::shell::LineRunner;
use std::cell::Cell;

/// The runner of the command that runs on this thread, its lifetime left out.
type Runner = *mut (dyn FnMut(&str) -> Result<(), Failure> + 'static);

thread_local! {
    static RUNNER: Cell<Option<Runner>> = const { Cell::new(None) };
}

/// Puts the earlier runner back, also after a panic.
struct Restore(Option<Runner>);

impl Drop for Restore {
    fn drop(&mut self) {
        RUNNER.set(self.0);
    }
}

/// Lets `work` run lines by [`run`].
pub(super) fn with<T>(lines: LineRunner<'_>, work: impl FnOnce() -> T) -> T {
    let lines: *mut (dyn FnMut(&str) -> Result<(), Failure> + '_) = lines;
    // SAFETY: only the lifetime changes. The pointer is taken away again before this function returns, and
    // so before what it points to ends.
    let lines: Runner = unsafe { std::mem::transmute(lines) };
    let _restore = Restore(RUNNER.replace(Some(lines)));
    work()
}

/// Runs a line of the shell.
///
/// # Errors
/// What the line failed with, or that no command of an extension runs on this thread.
pub(super) fn run(line: &str) -> Result<(), Failure> {
    // Taken away while it runs: a line must not come to run another through the same reference.
    let Some(runner) = RUNNER.take() else {
        let what = "lines of the shell run only inside a command of an extension, on its own thread";
        return Err(Failure::new(ErrorKind::Script, what));
    };
    let _restore = Restore(Some(runner));
    // SAFETY: `with` is still running on this thread, so the reference that it was given is valid, and nobody
    // else uses it meanwhile.
    unsafe { (*runner)(line) }
}
