//! Locking a machine so that the lock is always given back.

use super::{Connection, Error, Object, Result, Value};
use std::time::{Duration, Instant};

/// A locked machine. Dropping it unlocks without saving; [`SessionGuard::finish`] saves first.
pub struct SessionGuard {
    session: Object,
    machine: Object,
    open: bool,
}

impl SessionGuard {
    /// Locks `machine` with a session of its own. `lock` is `Shared`, `Write` or `VM`.
    ///
    /// # Errors
    /// What the calls give; a machine locked by another is `VBOX_E_INVALID_OBJECT_STATE`.
    pub fn lock(machine: &Object, lock: &str) -> Result<Self> {
        let session = machine.connection().new_session()?;
        machine.call("lockMachine", vec![Value::Object(session.clone()), Value::from(lock)])?;
        // From here on the lock is held: `open` makes Drop give it back even if the next read fails.
        let mut guard = Self { session, machine: machine.clone(), open: true };
        match guard.session.get("machine")? {
            Value::Object(mutable) => guard.machine = mutable,
            _ => return Err(Error::api("ISession.machine", 0x8000_FFFF, "the session gave no machine")),
        }
        Ok(guard)
    }

    /// The session.
    pub fn session(&self) -> &Object {
        &self.session
    }

    /// The machine whose settings may be changed.
    pub fn machine(&self) -> &Object {
        &self.machine
    }

    /// Saves what was changed and unlocks.
    ///
    /// # Errors
    /// What the calls give; the lock is given back in any case.
    pub fn finish(mut self) -> Result<()> {
        let changed = self.machine.get("settingsModified").map(|value| value.as_bool() == Some(true));
        if changed.is_err() && self.has_ended() {
            // Powering the machine off or saving its state ended the session; its settings went the same way.
            self.open = false;
            return Ok(());
        }
        // A shared session of a running machine may not be asked or saved in every state: saving tells.
        let saved = match changed {
            Ok(false) => Ok(Value::Null),
            _ => self.machine.call("saveSettings", Vec::new()),
        };
        let unlocked = self.unlock();
        saved.and(unlocked)
    }

    fn has_ended(&self) -> bool {
        let state = self.session.get("state");
        let ended = matches!(&state, Ok(Value::Enum(state)) if state.is("Unlocked") || state.is("Unlocking"));
        if ended {
            wait_until_unlocked(&self.session);
        }
        ended
    }

    fn unlock(&mut self) -> Result<()> {
        if std::mem::take(&mut self.open) {
            self.session.call("unlockMachine", Vec::new())?;
            wait_until_unlocked(&self.session);
        }
        Ok(())
    }
}

impl Drop for SessionGuard {
    fn drop(&mut self) {
        // The connection may be gone, and the lock with it.
        let _ = self.unlock();
    }
}

/// Unlocking goes on for a moment behind the call; the next lock would fail.
fn wait_until_unlocked(session: &Object) {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(5) {
        match session.get("state") {
            Ok(Value::Enum(state)) if state.is("Unlocking") => std::thread::sleep(Duration::from_millis(10)),
            _ => return,
        }
    }
}

/// Locks `machine`, gives the session and the mutable machine to `work`, saves and unlocks. After an
/// error in `work` nothing is saved, and the lock is given back.
///
/// # Errors
/// The error of `work`, else of the lock, the save or the unlock.
pub fn with_session<T, E: From<Error>>(
    machine: &Object,
    lock: &str,
    work: impl FnOnce(&SessionGuard) -> std::result::Result<T, E>,
) -> std::result::Result<T, E> {
    let guard = SessionGuard::lock(machine, lock)?;
    let result = work(&guard)?;
    guard.finish()?;
    Ok(result)
}

impl Connection {
    /// The machine of that name or id.
    ///
    /// # Errors
    /// `VBOX_E_OBJECT_NOT_FOUND`, or what the call gives.
    pub fn find_machine(&self, name_or_id: &str) -> Result<Object> {
        match self.root().call("findMachine", vec![Value::from(name_or_id)])? {
            Value::Object(machine) => Ok(machine),
            _ => Err(Error::api("IVirtualBox.findMachine", 0x80bb_0001, format!("no machine is named `{name_or_id}`"))),
        }
    }
}
