//! Which settings may change through which view of a machine, in which of its states.

use super::arguments::Arguments;
use super::fault::code;
use super::state::{Address, GLOBAL, State, View};
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

    /// Whether a balloon of so many MB leaves the guest enough.
    pub(super) fn check_balloon_size(&self, at: Address, size: i64) -> Outcome {
        let most = self.element(at)?.int("memorySize") * 3 / 4;
        if size > most {
            return Err(Fault::argument(format!("{size} MB: the balloon may have at most {most} MB")));
        }
        Ok(())
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

/// What is wrong with a value that VirtualBox looks at before it asks whether the machine may change.
pub(super) fn check_value(name: &str, arguments: Arguments<'_>) -> Outcome {
    let given = arguments.text(0);
    match name {
        "groups" => arguments
            .texts(0)
            .iter()
            .filter(|group| !group.is_empty())
            .try_for_each(|group| super::machines::check_group(group).map_err(|fault| fault.by("IVirtualBox"))),
        "hardwareVersion" if !matches!(given, "1" | "2") => {
            Err(Fault::argument(format!("`{given}` is no hardware version: 1 or 2")))
        }
        "hardwareUUID" if !given.is_empty() && super::machines::parse_id(given).is_none() => {
            Err(Fault::argument(format!("`{given}` is no UUID")).by(""))
        }
        _ => Ok(()),
    }
}
