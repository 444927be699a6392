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
    kind: Kind,
    /// It waits for a machine to start.
    spawning: bool,
    /// It locked with all that a running machine has (`LockType::VM`).
    vm: bool,
}

/// Name of a `SessionType`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    /// It holds the lock of the machine.
    #[default]
    WriteLock,
    /// It started the machine, which runs without it.
    Remote,
    /// It joined another session, or a machine that runs.
    Shared,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::WriteLock => "WriteLock",
            Self::Remote => "Remote",
            Self::Shared => "Shared",
        }
    }
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

    pub(super) fn read_session(&mut self, id: ElementId, name: &str) -> Outcome<Option<RawValue>> {
        if let Some(view) = self.session(id)?.view {
            // The machine may have been switched off by another process.
            self.keep_up(self.machine_of(view));
        }
        let session = self.session(id)?;
        let state = match session.view {
            Some(_) => "Locked",
            None if session.spawning => "Spawning",
            None => "Unlocked",
        };
        let locked = session
            .view
            .ok_or_else(|| Fault::new(code::E_UNEXPECTED, format!("the session is not locked: its state is {state}")));
        Ok(Some(match name {
            "state" => enumerated("SessionState", state),
            "type" => {
                locked?;
                enumerated("SessionType", session.kind.name())
            }
            "name" => text(&session.name),
            "machine" => Address::machine(locked?).value("IMachine"),
            "console" => {
                let view = locked?;
                if self.has_console(view) { self.console(view).value("IConsole") } else { RawValue::Null }
            }
            _ => return Ok(None),
        }))
    }

    /// Whether sessions on that view have a console: the machine runs, or is locked with all that it has then.
    fn has_console(&self, view: View) -> bool {
        let full = |session: &Session| session.vm && session.view == Some(view);
        self.running(view).is_some() || self.sessions.values().any(full)
    }

    /// Whether a session cannot take a lock.
    pub(super) fn session_is_busy(&self, id: ElementId) -> Outcome<bool> {
        let session = self.session(id)?;
        Ok(session.view.is_some() || session.spawning)
    }

    /// Marks a session that waits for its machine, or waits no more (`Spawning`, `Unlocked`).
    pub(super) fn set_session_state(&mut self, id: ElementId, state: &str) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.spawning = state == "Spawning";
            if state == "Unlocked" {
                session.view = None;
            }
        }
    }

    /// Gives a session a mutable copy to work on.
    pub(super) fn join(&mut self, id: ElementId, view: View, kind: Kind) {
        if let Some(session) = self.sessions.get_mut(&id) {
            (session.view, session.kind, session.spawning) = (Some(view), kind, false);
        }
    }

    /// Sessions that work on a copy end with it.
    pub(super) fn end_sessions_on(&mut self, view: View) {
        for session in self.sessions.values_mut().filter(|session| session.view == Some(view)) {
            (session.view, session.kind, session.vm) = (None, Kind::WriteLock, false);
        }
    }

    /// Sessions that joined the lock of another process end with it.
    pub(super) fn close_windows(&mut self, original: View) {
        let windows: Vec<_> = self.windows.iter().filter(|(_, at)| **at == original).map(|(view, _)| *view).collect();
        for window in windows {
            self.end_sessions_on(window);
            self.windows.remove(&window);
        }
    }

    pub(super) fn write_session(&mut self, id: ElementId, name: &str, arguments: Arguments<'_>) -> Outcome<bool> {
        let session = self.sessions.get_mut(&id).ok_or_else(gone)?;
        if name != "name" {
            return Ok(false);
        }
        if session.view.is_some() || session.spawning {
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
        if self.session_is_busy(session)? {
            return Err(Fault::new(code::INVALID_OBJECT_STATE, "the given session is busy: it already holds a lock"));
        }
        if self.machine(original)?.spawning {
            let message = format!("the machine `{name}` is being started: only the process that runs it may lock it");
            return Err(Fault::new(code::E_ACCESSDENIED, message));
        }
        if lock == "Shared" && self.running(original).is_some() {
            let view = self.running_view(original)?;
            self.join(session, view, Kind::Shared);
            return Ok(());
        }
        // `Null` and whatever else is no kind of lock count as `Write`.
        if let Some(holder) = holder {
            if lock != "Shared" {
                let message = format!("the machine `{name}` is already locked for a session (or being unlocked)");
                return Err(Fault::new(code::INVALID_OBJECT_STATE, message));
            }
            if let Some(view) = self.session(holder)?.view {
                self.join(session, view, Kind::Shared);
                return Ok(());
            }
            let message = format!("the machine `{name}` is being started");
            return Err(Fault::new(code::INVALID_OBJECT_STATE, message));
        }
        if lock == "Shared" && self.machine(original)?.other.is_some() {
            // The mutable copy lives in the process that has the lock.
            let window = self.next_view;
            self.next_view += 1;
            self.windows.insert(window, original);
            self.join(session, window, Kind::Shared);
            return Ok(());
        }
        let session_name = self.session_name(session);
        self.take_lock(original, session, &session_name)?;
        self.load(original)?;
        let document = self.document(original)?.clone();
        let copy = self.next_view;
        self.next_view += 1;
        let modified = self.machine(original)?.left_modified;
        self.copies.insert(copy, Copy { machine: original, document, modified });
        self.join(session, copy, Kind::WriteLock);
        if let Some(session) = self.sessions.get_mut(&session) {
            session.vm = lock == "VM";
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
        let Some(view) = session.view else {
            return Err(Fault::new(code::E_UNEXPECTED, "the session is not locked"));
        };
        let kind = std::mem::take(&mut session.kind);
        session.view = None;
        if kind != Kind::WriteLock {
            return Ok(());
        }
        session.vm = false;
        // Sessions that joined the lock end with it.
        self.end_sessions_on(view);
        let original = self.machine_of(view);
        self.remove_console(original);
        self.delete_implicit(view);
        if self.copies.remove(&view).is_some_and(|copy| copy.modified) {
            self.machine_mut(original)?.left_modified = true;
        }
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
