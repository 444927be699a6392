//! What other processes did to a machine: changed its settings file, hold its lock, died with it.

use super::super::document::ElementId;
use super::super::media::Registry;
use super::super::registry;
use super::super::state::{Address, State, View, now};
use super::super::value::enumerated;
use super::super::{Fault, Outcome, fault::code};
use super::machine_lock::{self, Holder, MachineLock, Seen};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long a read may rely on the last look at the files. A look costs some system calls, a read less than one.
const RELIABLE: Duration = Duration::from_micros(200);

/// Counts changes made by this process, whichever host in it made them: those are seen at once.
static CHANGES: AtomicU64 = AtomicU64::new(0);

/// Notes that a file was changed.
pub(in crate::host) fn changed() {
    CHANGES.fetch_add(1, Ordering::Release);
}

/// When a machine's files were last looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::host) struct Looked(Option<(Instant, u64)>);

impl Looked {
    fn recently(self) -> bool {
        self.0.is_some_and(|(at, changes)| changes == CHANGES.load(Ordering::Acquire) && at.elapsed() < RELIABLE)
    }

    fn just_now() -> Self {
        Self(Some((Instant::now(), CHANGES.load(Ordering::Acquire))))
    }
}

impl State {
    /// Before a registered machine is read: takes up what other processes did to it since the last read.
    pub(in crate::host) fn keep_up(&mut self, view: View) {
        // Nobody else changes what this process holds, or what is registered nowhere.
        if let Some(machine) = self.machines.get(&view)
            && machine.registered
            && machine.lock.is_none()
            && !machine.looked.recently()
        {
            self.look_again(view);
        }
    }

    /// Looks at the files of a registered machine: who holds it, whether its settings changed. A machine whose holder
    /// died becomes Aborted, with the events.
    pub(in crate::host) fn look_again(&mut self, view: View) {
        let Some(machine) = self.machines.get_mut(&view).filter(|machine| machine.registered && machine.lock.is_none())
        else {
            return;
        };
        machine.looked = Looked::just_now();
        let path = machine_lock::path(&machine.settings_file, &machine.id);
        let seen = machine_lock::look(&path);
        self.refresh_machine(view);
        let other = match seen {
            Seen::Free => None,
            Seen::Held(holder) => Some(holder),
            Seen::Left => {
                // Where nothing can be written, the machine stays as the files say.
                let _ = self.exclusively(|state| state.clear_away(view));
                None
            }
        };
        if other.is_none() {
            self.close_windows(view);
        }
        if let Some(machine) = self.machines.get_mut(&view) {
            machine.other = other;
        }
        self.look_at_record(view);
    }

    /// Before a machine's file is written, inside `exclusively`: takes up what other processes wrote into it. While this
    /// process holds the machine, that can only be extra data and media.
    pub(in crate::host) fn catch_up(&mut self, view: View) -> Outcome {
        let original = self.machine_of(view);
        let machine = self.machine(original)?;
        let (file, found) = (machine.settings_file.clone(), registry::stamp(&machine.settings_file));
        if machine.lock.is_none() {
            self.refresh_machine(original);
            return Ok(());
        }
        if found == machine.stamp || machine.tree.is_none() {
            return Ok(());
        }
        // A file that somebody damaged meanwhile is replaced by what is known here, as by VirtualBox.
        let Ok(disk) = registry::read(&file) else { return Ok(()) };
        let seen = machine.tree.clone().unwrap_or_default();
        let id = machine.id.clone();
        let copies = self.copies.iter().filter(|(_, copy)| copy.machine == original).map(|(view, _)| *view);
        let views: Vec<_> = copies.chain([original]).collect();
        for view in views {
            let own = &mut self.element_mut(Address::machine(view))?.properties;
            registry::merge_items(own, &seen, &disk, "Machine/ExtraData");
        }
        let folder = file.parent().unwrap_or(Path::new("")).to_owned();
        self.merge_registry(&seen, &disk, "Machine/MediaRegistry", &Registry::Machine(id), &folder);
        let machine = self.machine_mut(original)?;
        machine.tree = Some(disk);
        machine.stamp = found;
        Ok(())
    }

    /// Ends the session of a holder that died.
    fn clear_away(&mut self, view: View) -> Outcome {
        let machine = self.machine(view)?;
        let path = machine_lock::path(&machine.settings_file, &machine.id);
        if machine_lock::look(&path) != Seen::Left {
            return Ok(());
        }
        let taken = MachineLock::take(&path, &Holder::default()).map_err(|error| Fault::file(&path, error))?;
        let Some(lock) = taken else { return Ok(()) };
        self.refresh_machine(view);
        let result = self.load(view).and_then(|()| self.abort(view));
        lock.release(&path);
        changed();
        let id = self.machine(view)?.id.clone();
        self.fire_machine("OnSessionStateChanged", &id, vec![("state", enumerated("SessionState", "Unlocked"))]);
        result
    }

    /// The session that held a machine ended without giving it up: VirtualBox then calls the machine Aborted, whatever
    /// the session was for, and `AbortedSaved` when there is a saved state. Its unsaved changes are lost.
    pub(in crate::host) fn abort(&mut self, view: View) -> Outcome {
        let machine = self.machine_mut(view)?;
        let aborted = if matches!(machine.state, "Saved" | "AbortedSaved") { "AbortedSaved" } else { "Aborted" };
        if machine.access_error.is_some() || machine.state == aborted {
            return Ok(());
        }
        (machine.state, machine.last_state_change) = (aborted, now());
        let id = machine.id.clone();
        if let Some(tree) = machine.tree.as_mut() {
            tree.set_value("Machine@aborted", Some("true".to_owned()));
            tree.set_value("Machine@lastStateChange", Some(super::super::times::write(machine.last_state_change)));
            registry::write(&machine.settings_file, tree)?;
            machine.stamp = registry::stamp(&machine.settings_file);
        }
        self.fire_machine("OnMachineStateChanged", &id, vec![("state", enumerated("MachineState", aborted))]);
        Ok(())
    }

    /// Takes the lock of a machine for a session of this process.
    ///
    /// # Errors
    /// Another process holds it; the lock's file cannot be written.
    pub(in crate::host) fn take_lock(&mut self, view: View, session: ElementId, session_name: &str) -> Outcome {
        self.exclusively(|state| {
            state.look_again(view);
            let name = state.machine_name(view);
            if state.running(view).is_some() {
                let message = format!("the machine `{name}` is already locked for a session: it runs");
                return Err(Fault::new(code::INVALID_OBJECT_STATE, message));
            }
            let machine = state.machine_mut(view)?;
            let path = machine_lock::path(&machine.settings_file, &machine.id);
            let holder = Holder { pid: std::process::id(), session: session_name.to_owned() };
            let taken = MachineLock::take(&path, &holder).map_err(|error| Fault::file(&path, error))?;
            let Some(lock) = taken else {
                let other = machine.other.as_ref().map_or(String::new(), |other| format!(" by process {}", other.pid));
                let message =
                    format!("the machine `{name}` is already locked for a session (or being unlocked){other}");
                return Err(Fault::new(code::INVALID_OBJECT_STATE, message));
            };
            (machine.lock, machine.other, machine.holder) = (Some(lock), None, Some(session));
            changed();
            Ok(())
        })
    }

    /// Gives the lock of a machine up.
    pub(in crate::host) fn give_lock(&mut self, view: View) {
        let Some(machine) = self.machines.get_mut(&view) else { return };
        machine.holder = None;
        if let Some(lock) = machine.lock.take() {
            lock.release(&machine_lock::path(&machine.settings_file, &machine.id));
            changed();
        }
    }

    /// Whether a session of any process holds the machine, or it runs.
    pub(in crate::host) fn is_locked(&self, view: View) -> bool {
        self.machine(view)
            .is_ok_and(|machine| machine.holder.is_some() || machine.other.is_some() || machine.running.is_some())
    }

    /// Who holds a machine: process and session's name.
    pub(in crate::host) fn held_by(&self, view: View) -> Outcome<Option<Holder>> {
        let machine = self.machine(view)?;
        if let Some(running) = &machine.running {
            return Ok(Some(Holder { pid: running.record.pid, session: running.record.front_end.clone() }));
        }
        let Some(session) = machine.holder else { return Ok(machine.other.clone()) };
        Ok(Some(Holder { pid: std::process::id(), session: self.session_name(session) }))
    }
}
