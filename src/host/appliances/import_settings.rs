//! The settings file of a machine that is imported: from the settings that VirtualBox put into the descriptor, or made
//! anew from hardware items; both as the entries of the description finally are.

use super::description::{Entry, extra_value};
use super::import::Attached;
use super::interpret::newest;
use crate::host::arguments::Arguments;
use crate::host::defaults::new_mac_address;
use crate::host::document::{Document, ElementId, ROOT};
use crate::host::os_types::Recommended;
use crate::host::properties::bus_of;
use crate::host::state::{Address, State, View};
use crate::host::value::{enumerated, name_of, text, texts};
use crate::host::xml::XmlNode;
use crate::host::{Fault, Outcome, table};
use crate::model::{EnumValue, RawValue};
use crate::schema::embedded;
use std::path::Path;

/// What an import keeps of the settings in the descriptor.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Keep {
    pub(super) addresses: bool,
    pub(super) nat_addresses: bool,
    pub(super) extra_data: bool,
}

/// How kinds of controllers in a description are called in a machine: name, bus.
pub(super) fn controller(kind: &str) -> Option<(&'static str, &'static str)> {
    Some(match kind {
        "HardDiskControllerIDE" => ("IDE", "IDE"),
        "HardDiskControllerSATA" => ("SATA", "SATA"),
        "HardDiskControllerSCSI" => ("SCSI", "SCSI"),
        "HardDiskControllerSAS" => ("SAS", "SAS"),
        "HardDiskControllerVirtioSCSI" => ("VirtioSCSI", "VirtioSCSI"),
        "HardDiskControllerNVMe" => ("NVMe", "PCIe"),
        _ => return None,
    })
}

/// The chosen value of the first entry of a kind.
pub(super) fn chosen<'a>(entries: &'a [Entry], kind: &str) -> Option<&'a str> {
    entries.iter().find(|entry| entry.kind == kind).map(|entry| entry.chosen.as_str())
}

fn number<T: std::str::FromStr>(entries: &[Entry], kind: &str) -> Outcome<Option<T>> {
    let wrong = |given: &str| Fault::argument(format!("`{given}` is no valid value for `{kind}`"));
    chosen(entries, kind).map(|given| given.trim().parse().map_err(|_| wrong(given))).transpose()
}

/// The value of an enumeration by its number as text.
fn by_number(enumeration: &str, written: &str) -> Option<RawValue> {
    let enumeration = embedded().enumeration(enumeration)?;
    let number = written.trim().parse().ok()?;
    enumeration.name_of(number)?;
    Some(RawValue::Enum(EnumValue { enumeration, number }))
}

impl State {
    /// The settings of a machine that VirtualBox described whole.
    pub(super) fn described_settings(
        &self,
        machine: &XmlNode,
        id: &str,
        entries: &[Entry],
        disks: &[Attached],
        keep: Keep,
    ) -> Outcome<XmlNode> {
        let mut file = newest(machine)?;
        let node = file.make("Machine");
        for gone in ["stateFile", "aborted", "currentSnapshot", "currentStateModified"] {
            node.remove_attribute(gone);
        }
        let dropped = |name: &str| {
            matches!(name, "MediaRegistry" | "Snapshot" | "Groups" | "Description")
                || (name == "ExtraData" && !keep.extra_data)
        };
        node.children.retain(|child| !dropped(&child.name));
        node.set_attribute("uuid", format!("{{{id}}}"));
        for (kind, place) in [("Name", "name"), ("OS", "OSType")] {
            node.set_attribute(place, chosen(entries, kind).unwrap_or_default());
        }
        if let Some(said) = chosen(entries, "Description").filter(|said| !said.is_empty()) {
            node.children.insert(0, XmlNode { text: said.to_owned(), ..XmlNode::new("Description") });
        }
        if let Some(group) = chosen(entries, "PrimaryGroup").filter(|group| *group != "/") {
            node.make("Groups").children.push(XmlNode::new("Group").with("name", group));
        }
        if let Some(count) = number::<u32>(entries, "CPU")? {
            node.set_value("Platform/CPU@count", Some(count.to_string()));
        }
        if let Some(bytes) = number::<u64>(entries, "Memory")? {
            node.set_value("Hardware/Memory@RAMSize", Some((bytes >> 20).to_string()));
        }
        match chosen(entries, "SoundCard") {
            None => node.set_value("Hardware/AudioAdapter@enabled", None),
            Some(card) => {
                let kinds = embedded().enumeration("AudioControllerType");
                let kind = kinds.zip(card.trim().parse().ok()).and_then(|(kinds, number)| kinds.name_of(number));
                if let Some(kind) = kind {
                    let written = (kind != "AC97").then(|| kind.to_owned());
                    node.set_value("Hardware/AudioAdapter@controller", written);
                }
            }
        }
        let hardware = node.make("Hardware");
        hardware.take_child("SharedFolders");
        // What ports are connected with is on the other computer.
        for port in hardware.child_mut("UART").into_iter().flat_map(|ports| &mut ports.children) {
            port.set_attribute("hostMode", "Disconnected");
            port.remove_attribute("path");
        }
        if chosen(entries, "USBController").is_none() {
            hardware.make("USB").take_child("Controllers");
        }
        if let Some(network) = hardware.child_mut("Network") {
            network.children.iter_mut().for_each(|adapter| settle_adapter(adapter, entries, keep));
        }
        if let Some(controllers) = hardware.child_mut("StorageControllers") {
            settle_drives(controllers, entries, disks)?;
        }
        Ok(file)
    }

    /// The settings of a machine that is made from hardware items.
    pub(super) fn made_settings(
        &mut self,
        path: &Path,
        entries: &[Entry],
        disks: &[Attached],
    ) -> Outcome<(String, XmlNode)> {
        let value = |kind: &str| chosen(entries, kind).unwrap_or_default();
        let arguments = [
            text(path.to_string_lossy()),
            text(value("Name")),
            enumerated("PlatformArchitecture", "x86"),
            texts([chosen(entries, "PrimaryGroup").unwrap_or("/")]),
            text(value("OS")),
        ];
        let made = self.create_machine(Arguments(&arguments))?;
        let view = Address::of(&made).map(|at| at.view).unwrap_or_default();
        let id = self.machine(view)?.id.clone();
        let settings = self.fill(view, entries).and_then(|()| {
            let mut file = XmlNode::new("VirtualBox");
            self.write_settings(view, &mut file)?;
            Ok(file)
        });
        // It comes into being when its file is opened.
        self.machines.remove(&view);
        let mut file = settings?;
        for disk in disks {
            let controllers = file.make("Machine/Hardware/StorageControllers");
            place(controllers, disk)?;
        }
        Ok((id, file))
    }

    fn fill(&mut self, view: View, entries: &[Entry]) -> Outcome {
        let root = Address::machine(view);
        let os_type = chosen(entries, "OS").unwrap_or_default();
        let memory = number::<u64>(entries, "Memory")?.map(|bytes| bytes >> 20);
        let processors = number::<i64>(entries, "CPU")?;
        if memory.is_some_and(|memory| !(4..=2_097_152).contains(&memory)) {
            return Err(Fault::argument("a machine has 4 to 2097152 MB of memory"));
        }
        if processors.is_some_and(|count| !(1..=64).contains(&count)) {
            return Err(Fault::argument("a machine has 1 to 64 processors"));
        }
        let document = self.document_mut(view)?;
        if let Some(machine) = document.get_mut(ROOT) {
            machine.set("description", text(chosen(entries, "Description").unwrap_or_default()));
            if let Some(memory) = memory {
                machine.set("memorySize", RawValue::Int(i64::try_from(memory).unwrap_or(i64::MAX)));
            }
            if let Some(count) = processors {
                machine.set("CPUCount", RawValue::Int(count));
            }
        }
        if let Some(graphics) = document.child(ROOT, "graphicsAdapter", 0).and_then(|id| document.get_mut(id)) {
            graphics.set("VRAMSize", Recommended::of(os_type).value("recommendedVRAM"));
        }
        if let Some(firmware) = document.child(ROOT, "firmwareSettings", 0).and_then(|id| document.get_mut(id)) {
            firmware.set("IOAPICEnabled", RawValue::Bool(true));
        }
        let audio = document.child(ROOT, "audioSettings", 0).and_then(|id| document.child(id, "adapter", 0));
        if let (Some(audio), Some(card)) = (audio.and_then(|id| document.get_mut(id)), chosen(entries, "SoundCard")) {
            audio.set("enabled", RawValue::Bool(true));
            if let Some(kind) = by_number("AudioControllerType", card) {
                audio.set("audioController", kind);
            }
        }
        connect(document, entries)?;
        if chosen(entries, "USBController").is_some() {
            self.add_usb_controller(root, "OHCI", "OHCI")?;
        }
        let mut made: Vec<&str> = Vec::new();
        for entry in entries {
            let Some((name, bus)) = controller(entry.kind).filter(|(name, _)| !made.contains(name)) else { continue };
            made.push(name);
            let id = self.add_storage_controller(root, name, bus)?;
            let kind = if entry.chosen == "AHCI" { "IntelAhci" } else { &entry.chosen };
            let element = self.element_mut(Address { view, element: id })?;
            if bus_of(kind) == bus {
                element.set("controllerType", enumerated("StorageControllerType", kind));
            }
        }
        if chosen(entries, "Floppy").is_some() {
            let controller = self.add_storage_controller(root, "Floppy", "Floppy")?;
            let document = self.document_mut(view)?;
            let drive = document.add("IMediumAttachment", controller, "attachment", 0);
            if let Some(drive) = document.get_mut(drive) {
                drive.set("type", enumerated("DeviceType", "Floppy"));
            }
        }
        Ok(())
    }
}

/// Network adapters as the entries say, one after the other; the others are off.
fn connect(document: &mut Document, entries: &[Entry]) -> Outcome {
    let slots: Vec<ElementId> = document.children(ROOT, "networkAdapter");
    let wanted: Vec<_> = entries.iter().filter(|entry| entry.kind == "NetworkAdapter").collect();
    if wanted.len() > slots.len() {
        let message = format!("{} network adapters: the machine can have {}", wanted.len(), slots.len());
        return Err(Fault::argument(message));
    }
    for (position, slot) in slots.into_iter().enumerate() {
        let Some(adapter) = document.get_mut(slot) else { continue };
        let Some(entry) = wanted.get(position) else {
            adapter.set("enabled", RawValue::Bool(false));
            continue;
        };
        adapter.set("enabled", RawValue::Bool(true));
        adapter.set("MACAddress", text(new_mac_address()));
        if let Some(kind) = by_number("NetworkAdapterType", &entry.chosen) {
            adapter.set("adapterType", kind);
        }
        let given = entry.extra_value("type").unwrap_or("NAT");
        let enumeration = embedded().enumeration("NetworkAttachmentType");
        let known = enumeration.into_iter().flat_map(|known| known.values.iter());
        let known = known.map(|value| value.name).find(|name| name.eq_ignore_ascii_case(given)).unwrap_or("NAT");
        adapter.set("attachmentType", enumerated("NetworkAttachmentType", known));
        if known == "Bridged" {
            let first = crate::host::computer::interface_names().into_iter().next();
            adapter.set("bridgedInterface", text(first.unwrap_or_default()));
        }
    }
    Ok(())
}

/// An adapter of a settings file: on as long as the description has its slot.
fn settle_adapter(adapter: &mut XmlNode, entries: &[Entry], keep: Keep) {
    let slot = adapter.attribute("slot").unwrap_or_default().to_owned();
    let is = |entry: &&Entry| entry.kind == "NetworkAdapter" && extra_value(&entry.extra, "slot") == Some(&slot);
    // Before there was a default, guests reached the host.
    let engine = if adapter.child("NAT").is_some() { "NAT" } else { "DisabledModes/NAT" };
    if adapter.at(engine).is_none_or(|nat| nat.attribute("localhost-reachable").is_none()) {
        adapter.make(engine).set_attribute("localhost-reachable", "true");
    }
    if adapter.attribute("enabled") != Some("true") {
        return;
    }
    let Some(entry) = entries.iter().rfind(is) else {
        adapter.remove_attribute("enabled");
        adapter.remove_attribute("MACAddress");
        return;
    };
    let row = embedded().interface("INetworkAdapter").and_then(|known| table::find(known, "adapterType"));
    if let (Some(row), Some(kind)) = (row, by_number("NetworkAdapterType", &entry.chosen)) {
        adapter.set_value("@type", row.write(&kind));
    }
    let kept = keep.addresses || (keep.nat_addresses && adapter.child("NAT").is_some());
    if !kept || adapter.attribute("MACAddress").is_none() {
        adapter.set_attribute("MACAddress", new_mac_address());
    }
}

/// Drives of a settings file: with the images that were imported, and without others.
fn settle_drives(controllers: &mut XmlNode, entries: &[Entry], disks: &[Attached]) -> Outcome {
    let has = |kind: &str| entries.iter().any(|entry| entry.kind == kind);
    let mut used = Vec::new();
    for controller in &mut controllers.children {
        let bus = bus_in(controller);
        let devices = std::mem::take(&mut controller.children);
        for mut device in devices {
            if device.name != "AttachedDevice" {
                controller.children.push(device);
                continue;
            }
            let image = device.value("Image@uuid").and_then(crate::host::machines::parse_id);
            let at = image.and_then(|id| disks.iter().position(|disk| disk.uuid == id));
            // What stood there in its home is not here.
            for part in ["Image", "HostDrive"] {
                device.take_child(part);
            }
            let keep = match (device.attribute("type").unwrap_or("HardDisk"), at) {
                (_, Some(at)) if !disks[at].moved || bus == disks[at].bus => {
                    if disks[at].moved {
                        check_place(controller, &disks[at])?;
                        device.set_attribute("port", disks[at].port.to_string());
                        device.set_attribute("device", disks[at].device.to_string());
                    }
                    used.push(at);
                    device.children.push(XmlNode::new("Image").with("uuid", format!("{{{}}}", disks[at].id)));
                    true
                }
                ("DVD", _) => has("CDROM"),
                ("Floppy", _) => has("Floppy"),
                _ => false,
            };
            if keep {
                controller.children.push(device);
            }
        }
    }
    let others = disks.iter().enumerate().filter(|(at, _)| !used.contains(at));
    others.map(|(_, disk)| disk).try_for_each(|disk| place(controllers, disk))
}

/// The bus of a controller in a settings file.
fn bus_in(controller: &XmlNode) -> &'static str {
    let row = embedded().interface("IStorageController").and_then(|known| table::find(known, "controllerType"));
    let kind = controller.attribute("type").and_then(|written| row?.read(written));
    kind.as_ref().map(name_of).map_or("", bus_of)
}

/// Whether a controller has that port.
fn check_place(controller: &XmlNode, disk: &Attached) -> Outcome {
    let limits = crate::host::properties::Bus::of(disk.bus);
    let ports = controller.attribute("PortCount").and_then(|count| count.parse().ok()).unwrap_or(limits.default_ports);
    if i64::from(disk.port) >= ports || i64::from(disk.device) >= limits.devices {
        let (port, device) = (disk.port, disk.device);
        let message = format!("a controller for {} with {ports} ports has no port {port}, device {device}", disk.bus);
        return Err(Fault::argument(message));
    }
    Ok(())
}

/// Attaches a disk to the first controller of its bus.
fn place(controllers: &mut XmlNode, disk: &Attached) -> Outcome {
    let missing = || Fault::not_found(format!("the machine has no controller for {}, where a disk shall be", disk.bus));
    let controller = controllers.children.iter_mut().find(|node| bus_in(node) == disk.bus).ok_or_else(missing)?;
    check_place(controller, disk)?;
    let same = |node: &XmlNode| {
        let is = |name: &str, wanted: u32| node.attribute(name).and_then(|it| it.parse().ok()).unwrap_or(0) == wanted;
        node.name == "AttachedDevice" && is("port", disk.port) && is("device", disk.device)
    };
    controller.children.retain(|node| !same(node));
    let kind = if disk.iso { "DVD" } else { "HardDisk" };
    let mut node = XmlNode::new("AttachedDevice").with("type", kind);
    node.set_attribute("hotpluggable", "false");
    node.set_attribute("port", disk.port.to_string());
    node.set_attribute("device", disk.device.to_string());
    node.children.push(XmlNode::new("Image").with("uuid", format!("{{{}}}", disk.id)));
    controller.children.push(node);
    Ok(())
}
