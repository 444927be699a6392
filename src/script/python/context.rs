//! What all Python objects of this process share: the world, and the way to connect.

use super::handed::Connect;
use crate::model::{Connection, Result};
use crate::output::{Ui, UiOptions};
use crate::schema::{Schema, embedded};
use crate::shell::{Asking, ConnectSettings, Target, World};
use std::cell::RefCell;
use std::sync::{Arc, OnceLock, RwLock};

static WORLD: OnceLock<RwLock<Arc<World>>> = OnceLock::new();
static CONNECT: OnceLock<Connect> = OnceLock::new();

thread_local! {
    /// The world of the engine that runs on this thread: copies of a shell have worlds of their own.
    static HERE: RefCell<Option<Arc<World>>> = const { RefCell::new(None) };
}

/// Takes the shell's world; the first one is that of threads which no engine runs on.
pub(super) fn set(world: Arc<World>, connect: Connect) {
    if CONNECT.set(connect).is_err() {
        return;
    }
    let given = Arc::clone(&world);
    let kept = WORLD.get_or_init(|| RwLock::new(world));
    *kept.write().unwrap_or_else(std::sync::PoisonError::into_inner) = given;
}

/// Whether a shell has handed its world over: an ordinary Python has none.
pub(super) fn is_hosted() -> bool {
    CONNECT.get().is_some()
}

/// While it lives, a world is that of this thread.
pub(super) struct Here(Option<Arc<World>>);

impl Here {
    pub(super) fn enter(world: &Arc<World>) -> Self {
        Self(HERE.replace(Some(Arc::clone(world))))
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        HERE.set(self.0.take());
    }
}

/// The world: the shell's, or in an ordinary Python one that connects as `vboxsh` without options would.
pub(super) fn world() -> Arc<World> {
    if let Some(world) = HERE.with_borrow(Clone::clone) {
        return world;
    }
    let kept = WORLD.get_or_init(|| RwLock::new(own()));
    Arc::clone(&kept.read().unwrap_or_else(std::sync::PoisonError::into_inner))
}

fn own() -> Arc<World> {
    let ui = Ui::new(UiOptions::default());
    let opener_ui = ui.clone();
    let opener = move |asking| {
        let target = Target::parse(&std::env::var("VBOXSH_CONNECT").unwrap_or_default())?;
        crate::shell::connect(&target, &ConnectSettings::default(), &opener_ui, asking)
    };
    World::new(ui, Some(Box::new(opener)), false)
}

/// Opens a connection beside the shell's.
pub(super) fn connect(target: &Target, settings: &ConnectSettings) -> Result<Connection> {
    let connect = CONNECT.get().copied().unwrap_or(crate::shell::connect);
    connect(target, settings, world().ui(), Asking::Allowed)
}

/// The schema of the connection, or the embedded one while there is none. Opens nothing.
pub(super) fn schema() -> &'static Schema {
    world().current().map_or_else(embedded, |connection| connection.schema())
}
