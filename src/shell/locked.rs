//! Changes that need a lock: tried as they are, and again inside a session when VirtualBox says that
//! the machine is not mutable.

use super::Path;
use crate::model::{Connection, Error, Object, Result, SessionGuard};

/// How a change was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// Without a lock.
    Directly,
    /// In a session, which saved it.
    InSession,
}

/// Runs `change` on the object that `path` starts at. When the machine there is not mutable, locks
/// it, runs `change` on the mutable machine, saves and unlocks.
///
/// # Errors
/// What the path, the lock or the change fails with.
pub fn with_lock_if_needed<T>(
    connection: &Connection,
    path: &Path,
    change: impl Fn(Object, &[super::Step]) -> Result<T>,
) -> Result<(T, Changed)> {
    let (start, steps) = path.start(connection)?;
    let machine = start.interface().extends("IMachine");
    match change(start.clone(), &steps) {
        // The call was refused, so it did not run: it may be tried again.
        Err(error) if machine && needs_lock(&error) => {
            let guard = SessionGuard::lock(&start, "Shared")?;
            let result = change(guard.machine().clone(), &steps)?;
            guard.finish()?;
            Ok((result, Changed::InSession))
        }
        result => Ok((result?, Changed::Directly)),
    }
}

/// `VBOX_E_INVALID_VM_STATE` or `VBOX_E_INVALID_OBJECT_STATE`: what an immutable machine answers.
fn needs_lock(error: &Error) -> bool {
    error.api_error().is_some_and(|error| matches!(error.code, 0x80bb_0002 | 0x80bb_0007 | 0x80bb_000b))
}
