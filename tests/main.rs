//! The tests that need nothing but this program. One binary; a module per area.

// Every item of a test binary is unreachable from outside it.
#![allow(unreachable_pub)]

mod architecture;
#[cfg(unix)]
mod commands;
mod embedded;
mod output;
#[cfg(unix)]
mod repl;
mod rhai;
#[cfg(unix)]
mod readme;
mod soap;
mod support;
