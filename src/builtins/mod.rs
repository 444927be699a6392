//! The commands, one file per family, and the one table that lists them.
//!
//! Commands return replies; they print nothing.

mod connection;
mod doctor;
mod graph;
mod help;
mod host;
mod info;
mod list;
mod scripting;
mod topics;

use crate::shell::{Commands, ConnectSettings, Shell};

/// All commands of this program. `settings` is how connections are made.
pub fn commands(settings: &ConnectSettings) -> Commands {
    let mut commands = Commands::default();
    let families = [
        list::commands(),
        info::commands(),
        host::commands(),
        graph::commands(),
        scripting::commands(),
        help::commands(),
    ];
    for command in families.into_iter().flatten() {
        commands.add(command);
    }
    for command in connection::commands(settings).into_iter().chain(doctor::commands(settings)) {
        commands.add(command);
    }
    commands
}

/// Names and summaries of the topics of `help`.
pub fn topics() -> impl Iterator<Item = (&'static str, &'static str)> {
    topics::TOPICS.iter().map(|(name, summary, _)| (*name, *summary))
}

/// Waits for a progress with a bar; Ctrl-C asks whether to cancel it.
fn wait(shell: &Shell, progress: &crate::model::Object) -> Result<(), crate::output::Failure> {
    let ui = shell.ui();
    let bar = ui.progress("");
    let mut show = |report: &crate::model::ProgressReport| bar.show(report);
    let mut cancel = |_: &crate::model::ProgressReport| ui.confirm("cancel what is running?");
    Ok(crate::model::wait_for_progress(progress, None, &mut show, &mut cancel)?)
}
