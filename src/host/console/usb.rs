//! USB devices of the computer in the hands of a machine. A simulated machine only says that it has them.

use crate::host::arguments::Arguments;
use crate::host::document::ROOT;
use crate::host::fault::code;
use crate::host::running::wrong_state;
use crate::host::state::{Address, State, View, nothing, one};
use crate::host::{Fault, Outcome};
use crate::model::RawValue;

/// What the settings of a run that stand for a device begin with.
const KEY: &str = "USB.";

impl State {
    /// Whether a machine that runs has the device.
    pub(in crate::host) fn holds_usb_device(&self, id: &str) -> bool {
        let key = format!("{KEY}{id}");
        let mut records = self.machines.values().filter_map(|machine| machine.running.as_deref());
        records.any(|running| running.record.settings.contains_key(&key))
    }

    /// `IConsole.USBDevices`.
    pub(super) fn attached_usb_devices(&mut self, original: View) -> Vec<Address> {
        let record = self.running(original).map(|running| running.record.settings.clone()).unwrap_or_default();
        let ids: Vec<_> = record.keys().filter_map(|key| key.strip_prefix(KEY).map(str::to_owned)).collect();
        // One that was pulled out is no more.
        ids.iter().filter_map(|id| self.find_usb_device("id", id).ok()).collect()
    }

    pub(super) fn call_console_usb(
        &mut self,
        original: View,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<Option<Vec<RawValue>>> {
        let wanted = arguments.text(0);
        if name == "attachUSBDevice" {
            self.attach_usb_device(original, wanted)?;
            return nothing();
        }
        let field = if name == "findUSBDeviceByAddress" { "address" } else { "id" };
        let attached = self.attached_usb_devices(original);
        let found = attached.into_iter().find(|at| {
            self.element(*at)
                .is_ok_and(|device| device.text(field).eq_ignore_ascii_case(wanted.trim_matches(['{', '}'])))
        });
        let missing = format!("no USB device `{wanted}` is attached to this machine");
        if name != "detachUSBDevice" {
            return one(found.ok_or_else(|| Fault::not_found(missing))?.value("IUSBDevice"));
        }
        let device = found.ok_or_else(|| Fault::argument(missing))?;
        let key = format!("{KEY}{}", self.element(device)?.text("id"));
        self.change_record(original, |record| {
            record.settings.remove(&key);
        })?;
        self.tell_usb(original, device, false);
        one(device.value("IUSBDevice"))
    }

    fn attach_usb_device(&mut self, original: View, wanted: &str) -> Outcome {
        let state = self.machine(original)?.state;
        if !matches!(state, "Running" | "Paused") {
            return Err(wrong_state("attach a USB device", state));
        }
        let view = self.console_view(original)?;
        if self.document(view)?.children(ROOT, "USBControllers").is_empty() {
            return Err(Fault::new(code::PDM_ERROR, "the machine has no USB controller"));
        }
        let device = self.find_usb_device("id", wanted).map_err(|fault| Fault::argument(fault.message))?;
        let (id, state) = (self.element(device)?.text("id").to_owned(), self.element(device)?.name("state"));
        if matches!(state, "Captured" | "Unavailable" | "NotSupported") {
            return Err(Fault::argument(format!("the USB device `{id}` cannot be had: it is {state}")));
        }
        self.change_record(original, |record| {
            record.settings.insert(format!("{KEY}{id}"), 1);
        })?;
        self.tell_usb(original, device, true);
        Ok(())
    }

    fn tell_usb(&mut self, original: View, device: Address, attached: bool) {
        let values = vec![
            ("device", device.value("IUSBDevice")),
            ("attached", RawValue::Bool(attached)),
            ("error", RawValue::Null),
        ];
        self.fire_at_console(original, "OnUSBDeviceStateChanged", values);
    }
}
