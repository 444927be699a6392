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

use crate::shell::{Commands, ConnectSettings};

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
