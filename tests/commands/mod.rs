//! The commands, through the program, on the embedded host.

mod daily;
mod examples;
mod explain;
mod explore;
mod failures;
mod extensions;
mod generated;
mod graph;
mod help;
mod json;
mod machines;
mod program;
mod shell;
mod vboxshell;
mod side_by_side;
mod transcripts;
