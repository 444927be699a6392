//! The tests that need nothing but this program. One binary; a module per area.

// Every item of a test binary is unreachable from outside it; a test stops where something is wrong.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]

mod architecture;
#[cfg(unix)]
mod commands;
#[cfg(unix)]
mod conformance;
mod embedded;
mod output;
#[cfg(all(unix, feature = "python"))]
mod python;
#[cfg(unix)]
mod readme;
#[cfg(unix)]
mod repl;
mod rhai;
#[cfg(unix)]
mod shipped;
mod soap;
mod support;
