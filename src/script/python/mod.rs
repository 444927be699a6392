//! The Python engine: the object graph, the enumerations and a few helpers as Python objects.
//!
//! The program is not linked with Python. It loads a Python and then the library of this package, which is
//! a Python extension module too (`loader`), and hands its world over (`attach`); everything else here runs
//! in that library. The same library is what an ordinary `python3` imports as `vboxsh`. What the program itself runs (`loader`,
//! `locate`, `handed`) must not call Python: it has none to link with.

mod attach;
mod bytecode;
mod call;
mod connected;
mod context;
mod convert;
mod engine;
mod enumeration;
mod errors;
mod events;
mod handed;
mod hanging;
mod lines;
mod loader;
mod locate;
mod lock;
mod methods;
mod module;
mod object;
mod prelude;
mod reflection;
mod report;
mod signals;
mod slots;
mod sources;
mod structure;
mod talk;

pub use loader::{engine, run_in_python};
pub use module::{Program, fill};

/// Names this build: program and library must be of the same one.
const BUILD_ID: &str = env!("VBOXSH_BUILD_ID");
