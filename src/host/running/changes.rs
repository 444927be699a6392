//! What is told at the console of a running machine when its settings change, and what is saved at once.

use crate::host::Outcome;
use crate::host::arguments::Arguments;
use crate::host::state::{Address, State, View};
use crate::model::RawValue;

impl State {
    /// An attribute of a machine, or of a part of one, was set through `at`: when the machine runs, its console tells.
    pub(in crate::host) fn changed_while_running(&mut self, at: Address, owner: &str, name: &str) {
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
            ("IRecordingSettings", "enabled") => ("OnRecordingStateChanged", vec![("enabled", value(self, name))]),
            _ => return,
        };
        self.fire_at_console(original, kind, values);
        // VirtualBox saves these at once while the machine runs; that a full disk forbids it shows at the next save.
        if owner == "IMachine" {
            let _ = self.save_machine(at.view);
        }
    }

    /// What is in a slot before a medium is mounted there in a running machine.
    pub(in crate::host) fn slot_before(&self, at: Address, name: &str, arguments: Arguments<'_>) -> Option<RawValue> {
        if !matches!(name, "mountMedium" | "unmountMedium") || self.running(at.view).is_none() {
            return None;
        }
        self.attachment_in(at.view, &std::array::from_fn(|at| arguments.value(at))).ok()
    }

    /// A method of a machine, or of a part of one, was called through `at`: as above.
    pub(in crate::host) fn called_while_running(
        &mut self,
        at: Address,
        owner: &str,
        name: &str,
        slot: [RawValue; 3],
        before: Option<RawValue>,
    ) {
        if !self.copies.contains_key(&at.view) || self.running(at.view).is_none() {
            return;
        }
        let original = self.machine_of(at.view);
        match (owner, name) {
            ("IMachine", "createSharedFolder" | "removeSharedFolder") => self.tell_shared(original, "Machine"),
            ("IMachine", "mountMedium" | "unmountMedium") => {
                let found = self.attachment_in(at.view, &slot);
                if let Ok(attachment) = found
                    && before.as_ref() != Some(&attachment)
                {
                    self.fire_at_console(original, "OnMediumChanged", vec![("mediumAttachment", attachment)]);
                }
            }
            ("IMachine", "attachDevice" | "attachDeviceWithoutMedium" | "detachDevice") => {
                let attachment = self.attachment_in(at.view, &slot).unwrap_or_default();
                let values = vec![
                    ("storageDevice", attachment),
                    ("removed", RawValue::Bool(name == "detachDevice")),
                    ("silent", RawValue::Bool(false)),
                ];
                self.fire_at_console(original, "OnStorageDeviceChanged", values);
            }
            ("IMachine", "hotPlugCPU" | "hotUnplugCPU") => {
                let values = vec![("CPU", slot[0].clone()), ("add", RawValue::Bool(name == "hotPlugCPU"))];
                self.fire_at_console(original, "OnCPUChanged", values);
            }
            ("IMachine", "setExtraData") => {
                let id = self.machine(original).map(|machine| machine.id.clone()).unwrap_or_default();
                let [key, value, _] = slot;
                let values = vec![("machineId", crate::host::value::text(id)), ("key", key), ("value", value)];
                self.fire_at_console(original, "OnExtraDataChanged", values);
            }
            ("IVRDEServer", "setVRDEProperty") => {
                self.fire_at_console(original, "OnVRDEServerChanged", Vec::new());
            }
            _ => {}
        }
    }

    /// The attachment in a slot: controller, port, device.
    fn attachment_in(&self, view: View, slot: &[RawValue; 3]) -> Outcome<RawValue> {
        let number = |at: usize| slot[at].as_int().unwrap_or_default();
        let id = self.attachment(view, (slot[0].as_text().unwrap_or_default(), number(1), number(2)))?;
        self.attachment_value(view, id)
    }
}
