//! Waiting for long work: a bar, and after Ctrl-C the question whether to cancel it.

use super::World;
use crate::model::{Object, Result, wait_for_progress};
use std::time::Duration;

/// Waits for an `IProgress` with a bar. Ctrl-C asks whether to cancel the work, if it can be
/// cancelled; otherwise it goes on by itself, which is said.
///
/// # Errors
/// The failure of the work, the end of `time`, or the interrupt.
pub fn wait(world: &World, progress: &Object, time: Option<Duration>) -> Result<()> {
    let ui = world.ui();
    let bar = ui.progress("");
    let mut cancelled = false;
    let result = wait_for_progress(progress, time, &mut |report| bar.show(report), &mut |report| {
        cancelled = world.yes() || ui.confirm(&format!("{}: cancel it?", report.description));
        cancelled
    });
    drop(bar);
    if matches!(result, Err(crate::model::Error::Interrupted)) && !cancelled {
        ui.note("what was waited for goes on by itself");
    }
    result
}
