//! What is told at once when settings of a machine change, and what a running one saves at once.

use crate::host::Outcome;
use crate::host::arguments::Arguments;
use crate::host::document::ElementId;
use crate::host::events::EventValues;
use crate::host::state::{Address, GLOBAL, State, View};
use crate::host::value::text;
use crate::model::RawValue;

impl State {
    /// An attribute of a machine, or of a part of one, was set through `at`: who listens is told.
    pub(in crate::host) fn changed(&mut self, at: Address, owner: &str, name: &str) {
        if owner == "IMedium" && name == "description" {
            self.fire("OnMediumConfigChanged", vec![("medium", at.value("IMedium"))]);
        }
        if owner == "IStorageController" && matches!(name, "portCount" | "controllerType" | "name" | "instance") {
            let controller = self.element(at).map(|controller| controller.text("name").to_owned()).unwrap_or_default();
            self.tell_controller(at, &controller);
        }
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

    /// The attachments that a call is about, as they are before it.
    pub(in crate::host) fn slots_before(&self, at: Address, name: &str, arguments: Arguments<'_>) -> Vec<RawValue> {
        match name {
            "mountMedium" | "unmountMedium" | "detachDevice" => {
                self.attachment_in(at.view, &std::array::from_fn(|at| arguments.value(at))).into_iter().collect()
            }
            "removeStorageController" => {
                let all = self.attachments(at.view).unwrap_or_default();
                let own = |id: &ElementId| {
                    let element = self.element(Address { view: at.view, element: *id }).ok();
                    let parent = element.map(|element| Address { view: at.view, element: element.parent });
                    let controller = parent.and_then(|parent| self.element(parent).ok());
                    controller.is_some_and(|controller| controller.text("name") == arguments.text(0))
                };
                all.into_iter().filter(own).filter_map(|id| self.attachment_value(at.view, id).ok()).collect()
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
            "attachDevice" | "attachDeviceWithoutMedium" | "detachDevice" | "passthroughDevice" => {
                let there = || self.attachment_in(at.view, &slot).ok();
                if let Some(attachment) = before.into_iter().next().or_else(there) {
                    self.tell_device(original, attachment, name == "detachDevice");
                }
            }
            "addStorageController" | "removeStorageController" | "setStorageControllerBootable" => {
                before.into_iter().for_each(|attachment| self.tell_device(original, attachment, true));
                self.tell_controller(at, slot[0].as_text().unwrap_or_default());
            }
            "createSharedFolder" | "removeSharedFolder" if runs => self.tell_shared(original, "Machine"),
            "hotPlugCPU" | "hotUnplugCPU" if runs => {
                let values = vec![("CPU", slot[0].clone()), ("add", RawValue::Bool(name == "hotPlugCPU"))];
                self.fire_at_console(original, "OnCPUChanged", values);
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

    /// Tells that a storage controller of that name was added, changed or removed.
    pub(in crate::host) fn tell_controller(&mut self, at: Address, name: &str) {
        let id = self.machine(at.view).map(|machine| machine.id.clone()).unwrap_or_default();
        // The attribute is spelt so in the API.
        let values = vec![("machinId", text(id)), ("controllerName", text(name))];
        self.fire_at_both(self.machine_of(at.view), "OnStorageControllerChanged", values);
    }

    fn tell_device(&mut self, original: View, attachment: RawValue, removed: bool) {
        let values = vec![
            ("storageDevice", attachment),
            ("removed", RawValue::Bool(removed)),
            ("silent", RawValue::Bool(false)),
        ];
        self.fire_at_both(original, "OnStorageDeviceChanged", values);
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
