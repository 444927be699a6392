//! The commands, one file per family, and the one table that lists them.
//!
//! Commands return replies; they print nothing.

mod attachments;
mod compare;
mod connection;
mod demo;
mod describe;
mod devices;
mod display;
mod doctor;
mod environment;
mod explain;
mod graph;
mod guest;
mod guest_facts;
mod help;
mod host;
mod hosts;
mod info;
mod keys;
mod list;
mod logs;
mod loops;
mod machines;
mod machines_file;
mod media;
mod metrics;
mod monitor;
mod nat;
mod network;
mod on_machine;
mod power;
mod scripting;
mod settings;
mod side_by_side;
mod sizes;
mod snapshots;
mod teleport;
mod topics;
mod transcripts;
mod tree;
mod wait;
mod xpath;

use crate::shell::{Commands, ConnectSettings};
pub use monitor::event_line;

/// All commands of this program. `settings` is how connections are made.
pub fn commands(settings: &ConnectSettings) -> Commands {
    let mut commands = Commands::default();
    let families = [
        list::commands(),
        info::commands(),
        host::commands(),
        machines::commands(),
        media::commands(),
        attachments::commands(),
        snapshots::commands(),
        compare::commands(),
        network::commands(),
        nat::commands(),
        devices::commands(),
        settings::commands(),
        guest::commands(),
        wait::commands(),
        monitor::commands(),
        logs::commands(),
        loops::commands(),
        display::commands(),
        demo::commands(),
        metrics::commands(),
        tree::commands(),
        explain::commands(),
        describe::commands(),
        teleport::commands(),
        environment::commands(),
        transcripts::commands(),
        hosts::commands(settings),
        power::commands(),
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
