//! The command line: reads arguments, sets a shell up, runs it, turns failures into exit codes.
//!
//! It holds no logic of its own.

mod arguments;
mod generate;
mod run;

pub use arguments::Arguments;
pub use run::{run, run_words};
