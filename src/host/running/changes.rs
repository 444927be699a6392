//! What is told at once when settings of a machine change, and what a running one saves at once.

use crate::host::Outcome;
use crate::host::arguments::Arguments;
use crate::host::events::EventValues;
use crate::host::state::{Address, GLOBAL, State, View};
use crate::host::value::text;
use crate::model::RawValue;

impl State {
    /// An attribute of a machine, or of a part of one, was set through `at`: who listens is told.
    pub(in crate::host) fn changed(&mut self, at: Address, owner: &str, name: &str) {
        if !self.copies.contains_key(&at.view) || self.running(at.view).is_none() {
            return;
        }
        let original = self.machine_of(at.view);
        let value = |state: &Self, name: &str| {
            state.element(at).ok().and_then(|element| element.value(name).cloned()).unwrap_or_default()
        };
        let this = |interface: &'static str| at.value(interface);
        let (kind, values) = match (owner, name) {
            ("IMachine", "clipboardMode") => ("OnClipboardModeChanged", vec![("clipboardMode", value(self, name))]),
            ("IMachine", "clipboardFileTransfersEnabled") => {
                ("OnClipboardFileTransferModeChanged", vec![("enabled", value(self, name))])
            }
            ("IMachine", "dnDMode") => ("OnDnDModeChanged", vec![("dndMode", value(self, name))]),
            ("IMachine", "CPUExecutionCap") => ("OnCPUExecutionCapChanged", vec![("executionCap", value(self, name))]),
            ("INetworkAdapter", _) => ("OnNetworkAdapterChanged", vec![("networkAdapter", this("INetworkAdapter"))]),
            ("ISerialPort", _) => ("OnSerialPortChanged", vec![("serialPort", this("ISerialPort"))]),
            ("IParallelPort", _) => ("OnParallelPortChanged", vec![("parallelPort", this("IParallelPort"))]),
            ("IAudioAdapter", _) => ("OnAudioAdapterChanged", vec![("audioAdapter", this("IAudioAdapter"))]),
            ("IVRDEServer", "enabled") => {
                self.fire_at_console(original, "OnVRDEServerInfoChanged", Vec::new());
                ("OnVRDEServerChanged", Vec::new())
            }
            ("IVRDEServer", _) => ("OnVRDEServerChanged", Vec::new()),
            ("IBandwidthGroup", _) => ("OnBandwidthGroupChanged", vec![("bandwidthGroup", this("IBandwidthGroup"))]),
            ("IGuestDebugControl", _) => {
                ("OnGuestDebugControlChanged", vec![("guestDebugControl", this("IGuestDebugControl"))])
            }
            _ => return,
        };
        self.fire_at_console(original, kind, values);
        // VirtualBox saves these at once while the machine runs; that a full disk forbids it shows at the next save.
        if owner == "IMachine" {
            let _ = self.save_machine(at.view);
        }
    }

    /// The attachments that a call is about, as they are before it.
    pub(in crate::host) fn slots_before(&self, at: Address, name: &str, arguments: Arguments<'_>) -> Vec<RawValue> {
        match name {
            "mountMedium" | "unmountMedium" | "detachDevice" => {
                self.attachment_in(at.view, &std::array::from_fn(|at| arguments.value(at))).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    /// A method of a machine, or of a part of one, was called through `at`: who listens is told, at `vbox` and, while
    /// the machine runs, at its console. `before`: the attachments that it is about.
    pub(in crate::host) fn called(
        &mut self,
        at: Address,
        owner: &str,
        name: &str,
        slot: [RawValue; 3],
        before: Vec<RawValue>,
    ) {
        if owner != "IMachine" && owner != "IVRDEServer" || at.view == GLOBAL {
            return;
        }
        let runs = self.copies.contains_key(&at.view) && self.running(at.view).is_some();
        let original = self.machine_of(at.view);
        match name {
            "mountMedium" | "unmountMedium" => {
                let found = self.attachment_in(at.view, &slot).ok();
                if let Some(attachment) = found.filter(|found| before.first() != Some(found)) {
                    self.fire_at_both(original, "OnMediumChanged", vec![("mediumAttachment", attachment)]);
                }
            }
            "attachDevice" | "attachDeviceWithoutMedium" | "detachDevice" if runs => {
                let there = || self.attachment_in(at.view, &slot).ok();
                if let Some(attachment) = before.into_iter().next().or_else(there) {
                    let values = vec![
                        ("storageDevice", attachment),
                        ("removed", RawValue::Bool(name == "detachDevice")),
                        ("silent", RawValue::Bool(false)),
                    ];
                    self.fire_at_console(original, "OnStorageDeviceChanged", values);
                }
            }
            "createSharedFolder" | "removeSharedFolder" if runs => self.tell_shared(original, "Machine"),
            "hotPlugCPU" | "hotUnplugCPU" if runs => {
                // VirtualBox says it the wrong way round.
                let values = vec![("CPU", slot[0].clone()), ("add", RawValue::Bool(name == "hotUnplugCPU"))];
                self.fire_at_console(original, "OnCPUChanged", values);
                let _ = self.save_machine(at.view);
            }
            "setExtraData" if runs => {
                let id = self.machine(original).map(|machine| machine.id.clone()).unwrap_or_default();
                let [key, value, _] = slot;
                let values = vec![("machineId", text(id)), ("key", key), ("value", value)];
                self.fire_at_console(original, "OnExtraDataChanged", values);
            }
            "setVRDEProperty" if runs => self.fire_at_console(original, "OnVRDEServerChanged", Vec::new()),
            _ => {}
        }
    }

    fn fire_at_both(&mut self, original: View, kind: &'static str, values: EventValues) {
        self.fire(kind, values.clone());
        self.fire_at_console(original, kind, values);
    }

    /// The attachment in a slot: controller, port, device.
    fn attachment_in(&self, view: View, slot: &[RawValue; 3]) -> Outcome<RawValue> {
        let number = |at: usize| slot[at].as_int().unwrap_or_default();
        let id = self.attachment(view, (slot[0].as_text().unwrap_or_default(), number(1), number(2)))?;
        self.attachment_value(view, id)
    }
}
