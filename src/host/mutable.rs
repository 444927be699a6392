//! Which settings may change through which view of a machine, in which of its states.

use super::fault::code;
use super::state::{GLOBAL, State, View};
use super::table::When;
use super::{Fault, Outcome};
use crate::schema::Attribute;

impl State {
    /// Whether settings of that class may be changed now through that view.
    pub(super) fn check_mutable(&self, view: View, when: When) -> Outcome {
        if view == GLOBAL {
            return Ok(());
        }
        let machine = self.machine(view)?;
        let refuse = |why: String| {
            Err(Fault::new(code::INVALID_VM_STATE, format!("the machine is not mutable: {why}")).by("IMachine"))
        };
        if let Some(snapshot) = self.snapshot_of_view(view) {
            return refuse(format!("it is the machine of the snapshot `{}`, which never changes", snapshot.name));
        }
        if !machine.registered {
            return Ok(());
        }
        if self.windows.contains_key(&view) {
            let holder = machine.other.as_ref().map_or(0, |holder| holder.pid);
            let message = format!(
                "the lock of the machine belongs to a session of process {holder}: what changes is changed there; this \
                 session shows what is saved"
            );
            return Err(Fault::new(code::INVALID_OBJECT_STATE, message).by("IMachine"));
        }
        if !self.copies.contains_key(&view) {
            return refuse("it is not locked by a session; lock it and change the session's machine".into());
        }
        let off = matches!(machine.state, "PoweredOff" | "Aborted" | "Teleported");
        let saved = matches!(machine.state, "Saved" | "AbortedSaved");
        let running = matches!(machine.state, "Running" | "Paused" | "Stuck");
        let allowed = match when {
            When::Never => false,
            When::Off => off,
            When::OffOrSaved => off || saved,
            When::OffOrRunning => off || running,
            When::Always => off || saved || running,
        };
        if allowed { Ok(()) } else { refuse(format!("its state is {}", machine.state)) }
    }

    /// What is changed through the machine's process cannot be while that is halted.
    pub(super) fn check_halted(&self, view: View, attribute: &Attribute) -> Outcome {
        const LIVE: [&str; 4] = ["CPUExecutionCap", "clipboardMode", "clipboardFileTransfersEnabled", "dnDMode"];
        if attribute.owner != "IMachine" || !LIVE.contains(&attribute.name) || self.machine(view)?.state != "Paused" {
            return Ok(());
        }
        let message = format!("`{}` cannot change while the machine is Paused: resume it first", attribute.name);
        Err(Fault::new(code::INVALID_VM_STATE, message).by("IConsole"))
    }
}

/// When a setting may change that no table has.
pub(super) fn coded(attribute: &Attribute) -> When {
    match (attribute.owner, attribute.name) {
        ("IMachine", "groups") | ("INetworkAdapter", "bandwidthGroup") => When::OffOrSaved,
        ("IRecordingScreenSettings", _) => When::Always,
        _ => When::Off,
    }
}
