//! PCI devices of this computer that a machine is given.

use super::Reply;
use crate::host::arguments::Arguments;
use crate::host::document::{ElementId, ROOT};
use crate::host::state::{Address, State, View, nothing};
use crate::host::table::When;
use crate::host::value::text;
use crate::host::{Fault, Outcome};
use crate::model::{RawValue, StructValue};
use crate::schema::embedded;
use std::sync::Arc;

/// What they are to the machine.
const ROLE: &str = "PCIDevices";

impl State {
    pub(in crate::host) fn pci_devices(&self, view: View) -> Outcome<RawValue> {
        let Some(interface) = embedded().interface("IPCIDeviceAttachment") else { return Ok(RawValue::Null) };
        let document = self.document(view)?;
        let value = |id: ElementId| {
            let field = |name| document.get(id).and_then(|element| element.value(name)).cloned().unwrap_or_default();
            let fields = interface.attributes().into_iter().map(|attribute| field(attribute.name)).collect();
            RawValue::Struct(Arc::new(StructValue { interface, fields }))
        };
        Ok(RawValue::List(document.children(ROOT, ROLE).into_iter().map(value).collect()))
    }

    pub(in crate::host) fn call_pci(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Reply {
        self.check_mutable(at.view, When::Off)?;
        let (host, guest) = (arguments.int(0), arguments.int(1));
        let document = self.document_mut(at.view)?;
        let there = document.children(ROOT, ROLE);
        let same = |id: &ElementId| document.get(*id).is_some_and(|known| known.int("hostAddress") == host);
        let known = there.iter().copied().find(same);
        if name == "detachHostPCIDevice" {
            let id = known.ok_or_else(|| Fault::not_found(format!("the machine has no PCI device {host:#x}")))?;
            document.remove(id);
        } else {
            let platform = document.child(ROOT, "platform", 0).and_then(|id| document.get(id));
            let chipset = platform.map_or("", |platform| platform.name("chipsetType"));
            if chipset != "ICH9" {
                return Err(Fault::argument(format!("the chipset {chipset} takes no PCI devices: ICH9 does")));
            }
            if known.is_some() {
                return Err(Fault::argument(format!("the machine has the PCI device {host:#x} already")));
            }
            let position = u32::try_from(there.len()).unwrap_or_default();
            let id = document.add("IPCIDeviceAttachment", ROOT, ROLE, position);
            if let Some(device) = document.get_mut(id) {
                // Bus, device and function.
                let [bus, slot, function] = [host >> 8 & 0xff, host >> 3 & 0x1f, host & 7];
                device.set("name", text(format!("host{bus:02x}:{slot:02x}.{function:x}")));
                device.set("hostAddress", RawValue::Int(host));
                device.set("guestAddress", RawValue::Int(guest));
            }
        }
        self.touch(at.view);
        nothing()
    }
}
