//! The module that passes for pyvbox: what its scripts do, and the faults of pyvbox that it does not have.

mod enumerations;
mod errors;
mod events;
mod guest;
mod guests;
mod interfaces;
mod keyboard;
mod machines;
mod package;
mod scenarios;

use super::{evaluate, program, script};
