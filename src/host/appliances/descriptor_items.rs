//! The hardware items of a machine in a descriptor that is written.

use super::description::{Entry, extra_value};
use super::descriptor::{File, FileKind, Version, disk_id};
use crate::host::xml::XmlNode;
use std::collections::HashMap;

/// An item, whose parts are written in the order of their names.
struct Item {
    element: &'static str,
    parts: Vec<(&'static str, String)>,
}

impl Item {
    fn new(kind: u32, caption: impl Into<String>, description: &str) -> Self {
        let parts = vec![
            ("Caption", caption.into()),
            ("Description", description.to_owned()),
            ("ResourceType", kind.to_string()),
        ];
        Self { element: "Item", parts }
    }

    fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.parts.push((name, value.to_string()));
        self
    }

    fn of(mut self, element: &'static str) -> Self {
        self.element = element;
        self
    }

    fn node(mut self, version: Version, instance: usize) -> XmlNode {
        let caption = self.parts.iter().find(|(name, _)| *name == "Caption").map(|(_, value)| value.clone());
        match version {
            Version::V09 => {
                self.parts.push(("InstanceId", instance.to_string()));
                let address = self.parts.iter().find(|(name, _)| *name == "Address").map(|(_, value)| value.clone());
                self.parts.extend(address.map(|address| ("BusNumber", address)));
            }
            Version::V10 => {
                self.parts.push(("InstanceID", instance.to_string()));
                self.parts.push(("ElementName", caption.unwrap_or_default()));
            }
            Version::V20 => self.parts.push(("InstanceID", instance.to_string())),
        }
        let element = if version == Version::V20 { self.element } else { "Item" };
        let prefix = match element {
            "StorageItem" => "sasd",
            "EthernetPortItem" => "epasd",
            _ => "rasd",
        };
        self.parts.sort_by_key(|(name, _)| *name);
        let mut node = XmlNode::new(element);
        let child = |(name, text)| XmlNode { text, ..XmlNode::new(&format!("{prefix}:{name}")) };
        node.children = self.parts.into_iter().map(child).collect();
        node
    }
}

/// The section with the hardware of a machine. `first_file` is the number of its first file.
pub(super) fn section(version: Version, name: &str, entries: &[Entry], files: &[File], first_file: usize) -> XmlNode {
    let mut section = version.section("VirtualHardwareSection");
    let text = |name: &str, text: &str| XmlNode { text: text.to_owned(), ..XmlNode::new(name) };
    section.children.push(text("Info", "Virtual hardware requirements for a virtual machine"));
    let (instance, kind) =
        if version == Version::V09 { ("vssd:InstanceId", "vmx-6") } else { ("vssd:InstanceID", "virtualbox-2.2") };
    let mut system = XmlNode::new("System");
    system.children.extend([
        text("vssd:ElementName", "Virtual Hardware Family"),
        text(instance, "0"),
        text("vssd:VirtualSystemIdentifier", name),
        text("vssd:VirtualSystemType", kind),
    ]);
    section.children.push(system);
    // Which entry became which item.
    let mut instances: HashMap<usize, usize> = HashMap::new();
    let mut nodes = Vec::new();
    for (at, item) in items(entries, files, first_file) {
        let instance = nodes.len() + 1;
        instances.insert(at, instance);
        nodes.push(item.node(version, instance));
    }
    for item in drives(entries, files, &instances).into_iter().chain(adapters(entries)) {
        let instance = nodes.len() + 1;
        nodes.push(item.node(version, instance));
    }
    section.children.extend(nodes);
    section
}

/// Everything but drives and network adapters, each with the number of its entry.
fn items(entries: &[Entry], files: &[File], first_file: usize) -> Vec<(usize, Item)> {
    let mut items = Vec::new();
    let mut ide = 0;
    // The order of a description, but for sound and USB, which stand before floppies.
    let rank = |entry: &&(usize, &Entry)| match entry.1.kind {
        "USBController" => 1,
        "Floppy" => 2,
        "SoundCard" => 3,
        _ => 0,
    };
    let numbered: Vec<_> = entries.iter().enumerate().collect();
    let mut ordered: Vec<_> = numbered.iter().collect();
    ordered.sort_by_key(rank);
    for (at, entry) in ordered {
        let controller = |caption: &str, description: &str, kind: u32, address: u32, subtype: &str| {
            let subtype = subtype.to_owned();
            Item::new(kind, format!("{caption}{address}"), description)
                .with("Address", address)
                .with("ResourceSubType", subtype)
        };
        let chosen = entry.chosen.as_str();
        let item = match entry.kind {
            "CPU" => {
                let caption = if chosen == "1" { "1 virtual CPU".to_owned() } else { format!("{chosen} virtual CPUs") };
                Item::new(3, caption, "Number of virtual CPUs").with("VirtualQuantity", chosen)
            }
            "Memory" => {
                let megabytes = chosen.parse::<u64>().unwrap_or_default() >> 20;
                Item::new(4, format!("{megabytes} MB of memory"), "Memory Size")
                    .with("AllocationUnits", "MegaBytes")
                    .with("VirtualQuantity", megabytes)
            }
            "NVRAM" => {
                let is = |file: &File| matches!(file.kind, FileKind::Nvram(_));
                let Some(position) = files.iter().position(is) else { continue };
                let resource = format!("ovf:/file/file{}", first_file + position);
                Item::new(32_768, "NVRAM", "NVRAM pathname").with("HostResource", resource)
            }
            "HardDiskControllerIDE" => {
                ide += 1;
                controller("ideController", "IDE Controller", 5, ide - 1, chosen)
            }
            "HardDiskControllerSATA" => controller("sataController", "SATA Controller", 20, 0, "AHCI"),
            "HardDiskControllerSCSI" => {
                controller("scsiController", "SCSI Controller", 6, 0, &chosen.to_ascii_lowercase())
            }
            "HardDiskControllerSAS" => controller("scsiController", "SCSI Controller", 6, 0, "lsilogicsas"),
            "HardDiskControllerVirtioSCSI" => {
                controller("virtioSCSIController", "VirtioSCSI Controller", 20, 0, "VirtioSCSI")
            }
            "HardDiskControllerNVMe" => controller("nvmeController", "NVMe Controller", 20, 0, "NVMe"),
            "USBController" => Item::new(23, "usb", "USB Controller").with("Address", 0),
            "Floppy" => {
                Item::new(14, "floppy0", "Floppy Drive").with("AutomaticAllocation", false).with("AddressOnParent", 0)
            }
            "SoundCard" => Item::new(35, "sound", "Sound Card")
                .with("AutomaticAllocation", false)
                .with("AddressOnParent", 3)
                .with("ResourceSubType", "ensoniq1371"),
            _ => continue,
        };
        items.push((*at, item));
    }
    items
}

/// The images, each attached to the item of its controller.
fn drives(entries: &[Entry], files: &[File], instances: &HashMap<usize, usize>) -> Vec<Item> {
    let mut cdroms = 0;
    let mut drives = Vec::new();
    for entry in entries.iter().filter(|entry| matches!(entry.kind, "HardDiskImage" | "CDROM")) {
        let Some(file) = files.iter().find(|file| file.name == entry.original) else { continue };
        let FileKind::Disk { number, .. } = file.kind else { continue };
        let at = extra_value(&entry.extra, "controller").and_then(|at| at.parse().ok());
        let Some(parent) = at.and_then(|at: usize| instances.get(&at)) else { continue };
        let channel = extra_value(&entry.extra, "channel").unwrap_or_default();
        let item = if entry.kind == "CDROM" {
            cdroms += 1;
            Item::new(15, format!("cdrom{cdroms}"), "CD-ROM Drive").with("AutomaticAllocation", true)
        } else {
            Item::new(17, format!("disk{number}"), "Disk Image")
        };
        let item = item.with("AddressOnParent", channel).with("Parent", parent);
        drives.push(item.with("HostResource", format!("ovf:/disk/{}", disk_id(&file.kind))).of("StorageItem"));
    }
    drives
}

fn adapters(entries: &[Entry]) -> Vec<Item> {
    let adapters = entries.iter().filter(|entry| entry.kind == "NetworkAdapter");
    let item = |entry: &Entry| {
        let network = entry.extra_value("type").unwrap_or_default();
        let item = Item::new(10, format!("Ethernet adapter on '{network}'"), "").with("AutomaticAllocation", true);
        let mut item = item.with("Connection", network).of("EthernetPortItem");
        item.parts.retain(|(_, value)| !value.is_empty());
        // Others have no name that every product knows.
        match entry.chosen.as_str() {
            "1" | "2" => item.with("ResourceSubType", "PCNet32"),
            "3" | "4" | "5" => item.with("ResourceSubType", "E1000"),
            "6" => item.with("ResourceSubType", "virtio-net"),
            _ => item,
        }
    };
    adapters.map(item).collect()
}
