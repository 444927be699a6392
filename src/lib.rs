//! vboxsh: a scripting shell for the VirtualBox Main API.
//!
//! The rooms, from the outside in; dependencies point down this list only (`ARCHITECTURE.md`).

pub mod backend;
pub mod builtins;
pub mod cli;
pub mod host;
pub mod model;
pub mod output;
pub mod repl;
pub mod schema;
pub mod script;
pub mod shell;
pub mod soap;
