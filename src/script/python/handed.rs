//! What crosses between the program and the library. Nothing here calls Python.

use crate::model::{Connection, Interrupt, Result};
use crate::output::{Failure, Ui};
use crate::schema::Schema;
use crate::shell::{Asking, ConnectSettings, Engine, Target, World};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// An engine, or why there is none.
pub(super) type EngineResult = std::result::Result<Box<dyn Engine>, Failure>;

/// What makes connections.
pub(super) type Connect = fn(&Target, &ConnectSettings, &Ui, Asking) -> Result<Connection>;

/// What the program hands over. Both sides are of one build, so plain Rust values may cross.
pub(super) struct Handed {
    /// The shell's world.
    pub(super) world: Arc<World>,
    /// The program's way to connect: a second VirtualBox library in one process would not do.
    pub(super) connect: Connect,
    /// The program's interrupt flag.
    pub(super) interrupt: Interrupt,
    /// The program's embedded schema.
    pub(super) schema: &'static Schema,
    /// Python's interpreter, when it is known.
    pub(super) program: Option<PathBuf>,
}

/// What comes back.
#[derive(Default)]
pub(super) struct Answer {
    /// The engine, or why there is none.
    pub(super) engine: Option<EngineResult>,
    /// Whether Python was interrupted; to be asked by waits.
    pub(super) interrupted: Option<fn() -> bool>,
}

/// Type of the library's entry. Gives false, and has done nothing, when the builds differ.
pub(super) type Attach = unsafe extern "C" fn(*const u8, usize, *const Handed, *mut Answer) -> bool;

/// The way to the engine when an interpreter has loaded this code.
static HOSTED: OnceLock<fn(Handed) -> EngineResult> = OnceLock::new();

/// Says that an interpreter has loaded this code, and how an engine is made in there.
pub(super) fn set_hosted(engine: fn(Handed) -> EngineResult) {
    let _ = HOSTED.set(engine);
}

/// How an engine is made, when an interpreter has loaded this code.
pub(super) fn hosted() -> Option<fn(Handed) -> EngineResult> {
    HOSTED.get().copied()
}
