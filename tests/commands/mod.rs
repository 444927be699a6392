//! The commands, through the program, on the embedded host.

mod daily;
mod examples;
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
