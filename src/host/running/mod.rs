//! Machines that run: launching, the states they walk, the record of a running machine on file, their logs.
//!
//! What makes a machine run is an [`engine`]. The simulated one runs no guest; a machine on it is a record on file
//! and no process, so every process on the home sees it, may join it, and may power it off.

mod changes;
mod engine;
mod launch;
mod log;
mod media;
mod network;
mod power;
mod record;
mod saved;

use super::document::ElementId;
use super::fault::code;
use super::files;
use super::guest_properties;
use super::state::{Copy, State, View, now};
use super::value::{enumerated, text};
use super::{Fault, Outcome};
use crate::model::RawValue;

pub(super) use engine::{Engine, Simulated};
pub(super) use record::{Record, SharedFolder, VideoHint};
pub(super) use saved::MARK;

/// What this process knows of a machine that runs.
#[derive(Debug, Default)]
pub(super) struct Running {
    pub(super) record: Record,
    /// The mutable copy that its sessions in this process share.
    pub(super) view: Option<View>,
    /// The record's file when it was last read or written.
    pub(super) stamp: super::registry::Stamp,
    /// Media that it keeps others from, each with whether it writes it.
    media: Vec<(ElementId, bool)>,
}

/// The states of a machine that runs or is about to.
pub(super) fn is_online(state: &str) -> bool {
    matches!(
        state,
        "Running"
            | "Paused"
            | "Stuck"
            | "Starting"
            | "Stopping"
            | "Saving"
            | "Restoring"
            | "Teleporting"
            | "TeleportingPausedVM"
            | "TeleportingIn"
            | "LiveSnapshotting"
            | "OnlineSnapshotting"
            | "DeletingSnapshotOnline"
            | "DeletingSnapshotPaused"
    )
}

impl State {
    pub(super) fn running(&self, view: View) -> Option<&Running> {
        self.machine(view).ok()?.running.as_deref()
    }

    pub(super) fn running_mut(&mut self, view: View) -> Option<&mut Running> {
        self.machine_mut(view).ok()?.running.as_deref_mut()
    }

    /// The record of a machine that must run.
    pub(super) fn record(&self, view: View) -> Outcome<&Record> {
        self.running(view).map(|running| &running.record).ok_or_else(not_running)
    }

    /// Looks whether a machine runs, and takes up what other processes did to it. To be called once its settings were
    /// looked at.
    pub(super) fn look_at_record(&mut self, view: View) {
        let Some(machine) = self.machines.get(&view).filter(|machine| machine.registered) else { return };
        let file = files::run_file(&machine.settings_file, &machine.id);
        let stamp = super::registry::stamp(&file);
        if machine.running.is_none() && stamp.is_none() {
            return;
        }
        if let Some(running) = machine.running.as_deref()
            && running.stamp == stamp
            && stamp.is_some()
        {
            let state = running.record.state;
            if let Some(machine) = self.machines.get_mut(&view) {
                machine.state = state;
            }
            return;
        }
        match Record::read(&file) {
            Some(record) if record.is_alive() => self.take_up(view, record, stamp),
            Some(_) => {
                // The computer was started anew since: nothing runs any more. Where nothing can be written, it stays.
                let _ = self.exclusively(|state| {
                    state.load(view)?;
                    let _ = std::fs::remove_file(&file);
                    state.forget_running(view);
                    state.abort(view)
                });
            }
            None => {
                self.forget_running(view);
                // What the settings say of its state is right again.
                if let Some(machine) = self.machines.get_mut(&view) {
                    machine.stamp = None;
                }
                self.refresh_machine(view);
            }
        }
    }

    fn take_up(&mut self, view: View, record: Record, stamp: super::registry::Stamp) {
        let first = self.running(view).is_none();
        // Settings that are read later would put it back into the state it had before it ran.
        let loaded = self.load(view).is_ok();
        let Some(machine) = self.machines.get_mut(&view) else { return };
        (machine.state, machine.last_state_change) = (record.state, record.changed);
        let running = machine.running.get_or_insert_default();
        (running.record, running.stamp) = (record, stamp);
        if first && loaded {
            self.mark_media(view);
        }
    }

    /// Changes the record of a running machine, on file too.
    ///
    /// # Errors
    /// It does not run, or the file cannot be written.
    pub(super) fn change_record(&mut self, view: View, change: impl FnOnce(&mut Record)) -> Outcome {
        let original = self.machine_of(view);
        self.exclusively(|state| {
            let machine = state.machine(original)?;
            let file = files::run_file(&machine.settings_file, &machine.id);
            let running = state.running_mut(original).ok_or_else(not_running)?;
            change(&mut running.record);
            running.record.write(&file)?;
            running.stamp = super::registry::stamp(&file);
            files::presence::changed();
            Ok(())
        })
    }

    /// Puts a running machine into a state, and tells.
    pub(in crate::host) fn walk(&mut self, view: View, to: &'static str) -> Outcome {
        let original = self.machine_of(view);
        self.change_record(original, |record| (record.state, record.changed) = (to, now()))?;
        self.tell_state(original, to)
    }

    /// Tells that a machine is in a state now, at the console and at `vbox`.
    fn tell_state(&mut self, original: View, to: &'static str) -> Outcome {
        let machine = self.machine_mut(original)?;
        (machine.state, machine.last_state_change) = (to, now());
        let id = machine.id.clone();
        self.fire_machine("OnMachineStateChanged", &id, vec![("state", enumerated("MachineState", to))]);
        self.fire_at_console(original, "OnStateChanged", vec![("state", enumerated("MachineState", to))]);
        Ok(())
    }

    /// The mutable copy that sessions of a running machine share in this process.
    pub(super) fn running_view(&mut self, original: View) -> Outcome<View> {
        if let Some(view) = self.running(original).and_then(|running| running.view) {
            return Ok(view);
        }
        self.load(original)?;
        let document = self.document(original)?.clone();
        let copy = self.next_view;
        self.next_view += 1;
        // The guest properties of a start count as a change.
        self.copies.insert(copy, Copy { machine: original, document, modified: true });
        if let Some(running) = self.running_mut(original) {
            running.view = Some(copy);
        }
        Ok(copy)
    }

    /// Forgets all that this process had of a running machine; its sessions end.
    fn forget_running(&mut self, original: View) {
        let Some(running) = self.machines.get_mut(&original).and_then(|machine| machine.running.take()) else { return };
        self.unmark_media(&running.media);
        self.remove_console(original);
        if let Some(view) = running.view {
            self.end_sessions_on(view);
            self.copies.remove(&view);
        }
    }

    /// Sets a guest property of a running machine as the host does, and tells.
    fn set_host_property(&mut self, view: View, name: &str, value: &str) -> Outcome {
        let flags = "TRANSIENT, RDONLYGUEST";
        self.change_record(view, |record| {
            record.properties.insert(name.to_owned(), guest_properties::stamped(value, flags));
        })?;
        self.tell_property(view, name, value, flags, false)
    }

    /// Tells of a changed guest property.
    pub(super) fn tell_property(&mut self, view: View, name: &str, value: &str, flags: &str, deleted: bool) -> Outcome {
        let id = self.machine(view)?.id.clone();
        let values = vec![
            ("name", text(name)),
            ("value", text(value)),
            ("flags", text(flags)),
            ("fWasDeleted", RawValue::Bool(deleted)),
        ];
        let original = self.machine_of(view);
        let mut at_console = values.clone();
        at_console.push(("machineId", text(&id)));
        self.fire_machine("OnGuestPropertyChanged", &id, values);
        self.fire_at_console(original, "OnGuestPropertyChanged", at_console);
        Ok(())
    }
}

pub(super) fn not_running() -> Fault {
    Fault::new(code::INVALID_VM_STATE, "the machine does not run")
}

/// An operation does not fit the state of the machine.
pub(super) fn wrong_state(what: &str, state: &str) -> Fault {
    Fault::new(code::INVALID_VM_STATE, format!("cannot {what}: the state of the machine is {state}"))
}
