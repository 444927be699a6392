//! The commands, through the program, on the embedded host.

mod daily;
mod examples;
mod explain;
mod explore;
mod extensions;
mod failures;
mod generated;
mod graph;
mod help;
mod json;
mod machines;
mod program;
mod shell;
mod side_by_side;
mod transcripts;
mod usb;
mod vboxshell;
