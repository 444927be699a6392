//! The tests that need nothing but this program. One binary; a module per area.

mod architecture;
#[cfg(unix)]
mod commands;
mod output;
#[cfg(unix)]
mod repl;
mod support;
mod soap;
