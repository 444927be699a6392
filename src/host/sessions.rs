//! Sessions and the locks they hold: which states they walk, what a write lock and a shared one give.

use super::arguments::Arguments;
use super::document::{ElementId, ROOT};
use super::fault::code;
use super::state::{Address, Copy, State, View, gone, nothing};
use super::value::{enumerated, text};
use super::{Fault, Outcome};
use crate::model::RawValue;

/// A session object.
#[derive(Debug, Default)]
pub(super) struct Session {
    name: String,
    /// The mutable copy that it works on; none while it is unlocked.
    pub(super) view: Option<View>,
    /// Whether it joined the lock of another session.
    shared: bool,
}

impl State {
    pub(super) fn new_session(&mut self) -> ElementId {
        let id = self.global.add("ISession", ROOT, "session", 0);
        self.sessions.insert(id, Session::default());
        id
    }

    fn session(&self, id: ElementId) -> Outcome<&Session> {
        self.sessions.get(&id).ok_or_else(gone)
    }

    pub(super) fn read_session(&self, id: ElementId, name: &str) -> Outcome<Option<RawValue>> {
        let session = self.session(id)?;
        let locked = session.view.ok_or_else(|| Fault::new(code::E_UNEXPECTED, "the session is not locked"));
        Ok(Some(match name {
            "state" => enumerated("SessionState", if session.view.is_some() { "Locked" } else { "Unlocked" }),
            "type" => {
                locked?;
                enumerated("SessionType", if session.shared { "Shared" } else { "WriteLock" })
            }
            "name" => text(&session.name),
            "machine" => Address::machine(locked?).value("IMachine"),
            "console" => {
                locked?;
                RawValue::Null
            }
            _ => return Ok(None),
        }))
    }

    pub(super) fn write_session(&mut self, id: ElementId, name: &str, arguments: Arguments<'_>) -> Outcome<bool> {
        let session = self.sessions.get_mut(&id).ok_or_else(gone)?;
        if name != "name" {
            return Ok(false);
        }
        if session.view.is_some() {
            return Err(Fault::new(code::INVALID_OBJECT_STATE, "the name of a session is fixed while it holds a lock"));
        }
        session.name = arguments.text(0).to_owned();
        Ok(true)
    }

    pub(super) fn call_session(&mut self, id: ElementId, name: &str) -> Outcome<Option<Vec<RawValue>>> {
        match name {
            "unlockMachine" => {
                self.unlock(id)?;
                nothing()
            }
            _ => Ok(None),
        }
    }

    /// `IMachine.lockMachine`.
    pub(super) fn lock_machine(&mut self, view: View, arguments: Arguments<'_>) -> Outcome {
        let original = self.machine_of(view);
        self.look_again(original);
        self.load(original)?;
        let name = self.machine_name(original);
        let session = arguments.object(0).ok_or_else(|| Fault::argument("no session was given"))?.element;
        let lock = arguments.name(1);
        let machine = self.machine(original)?;
        let (holder, registered) = (machine.holder, machine.registered);
        if !registered {
            return Err(Fault::new(code::E_UNEXPECTED, format!("the machine `{name}` is not registered")));
        }
        if self.session(session)?.view.is_some() {
            return Err(Fault::new(code::INVALID_OBJECT_STATE, "the given session is busy: it already holds a lock"));
        }
        // `Null` and whatever else is no kind of lock count as `Write`.
        if let Some(holder) = holder {
            if lock != "Shared" {
                let message = format!("the machine `{name}` is already locked for a session (or being unlocked)");
                return Err(Fault::new(code::INVALID_OBJECT_STATE, message));
            }
            let shared = self.session(holder)?.view;
            let session = self.sessions.get_mut(&session).ok_or_else(gone)?;
            (session.view, session.shared) = (shared, true);
            return Ok(());
        }
        let session_name = self.session_name(session);
        self.take_lock(original, session, &session_name)?;
        self.load(original)?;
        let document = self.document(original)?.clone();
        let copy = self.next_view;
        self.next_view += 1;
        self.copies.insert(copy, Copy { machine: original, document, modified: false });
        if let Some(session) = self.sessions.get_mut(&session) {
            (session.view, session.shared) = (Some(copy), false);
        }
        let id = self.machine(original)?.id.clone();
        self.fire_machine("OnSessionStateChanged", &id, vec![("state", enumerated("SessionState", "Locked"))]);
        Ok(())
    }

    /// Whether work on the machine that a session holds is going on.
    pub(super) fn session_busy(&self, id: ElementId) -> bool {
        let view = self.sessions.get(&id).and_then(|session| session.view);
        view.and_then(|view| self.machine(view).ok()).is_some_and(super::state::Machine::busy)
    }

    fn unlock(&mut self, id: ElementId) -> Outcome {
        let session = self.sessions.get_mut(&id).ok_or_else(gone)?;
        let Some(view) = session.view.take() else {
            return Err(Fault::new(code::E_UNEXPECTED, "the session is not locked"));
        };
        if std::mem::take(&mut session.shared) {
            return Ok(());
        }
        // Sessions that joined the lock end with it.
        for session in self.sessions.values_mut().filter(|session| session.view == Some(view)) {
            (session.view, session.shared) = (None, false);
        }
        let original = self.machine_of(view);
        self.delete_implicit(view);
        self.copies.remove(&view);
        self.give_lock(original);
        let id = self.machine(original)?.id.clone();
        self.fire_machine("OnSessionStateChanged", &id, vec![("state", enumerated("SessionState", "Unlocked"))]);
        Ok(())
    }

    /// The name of a session.
    pub(super) fn session_name(&self, id: ElementId) -> String {
        self.sessions.get(&id).map_or(String::new(), |session| session.name.clone())
    }

    /// Ends all sessions without saving.
    pub(super) fn end_sessions(&mut self) {
        let ids: Vec<_> = self.sessions.keys().copied().collect();
        for id in ids {
            // Not locked is fine here.
            let _ = self.unlock(id);
        }
    }
}
