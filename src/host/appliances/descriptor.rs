//! An OVF descriptor as it is written, in version 0.9, 1.0 or 2.0, as VirtualBox 7.2.22 lays it out.

use super::cim;
use super::description::Entry;
use super::import_settings::chosen;
use crate::host::xml::XmlNode;
use std::collections::BTreeSet;

/// A version of OVF.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Version {
    V09,
    V10,
    V20,
}

impl Version {
    /// The version that `IAppliance.write` knows by that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "ovf-0.9" => Some(Self::V09),
            "ovf-1.0" => Some(Self::V10),
            "ovf-2.0" => Some(Self::V20),
            _ => None,
        }
    }

    fn namespace(self) -> &'static str {
        match self {
            Self::V09 => "http://www.vmware.com/schema/ovf/1/envelope",
            Self::V10 => "http://schemas.dmtf.org/ovf/envelope/1",
            Self::V20 => "http://schemas.dmtf.org/ovf/envelope/2",
        }
    }

    fn number(self) -> &'static str {
        match self {
            Self::V09 => "0.9",
            Self::V10 => "1.0",
            Self::V20 => "2.0",
        }
    }

    fn disk_format(self) -> &'static str {
        match self {
            Self::V09 => "http://www.vmware.com/specifications/vmdk.html#sparse",
            _ => "http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized",
        }
    }

    /// A section: an element of its own since 1.0.
    pub(super) fn section(self, name: &str) -> XmlNode {
        match self {
            Self::V09 => XmlNode::new("Section").with("xsi:type", format!("ovf:{name}_Type")),
            _ => XmlNode::new(name),
        }
    }
}

const ISO_FORMAT: &str = "http://www.ecma-international.org/publications/standards/Ecma-119.htm";
const CIM: &str = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_";

/// A machine to be described.
pub(super) struct Written<'a> {
    pub(super) entries: &'a [Entry],
    /// All its settings.
    pub(super) machine: XmlNode,
    /// The files that come with it.
    pub(super) files: &'a [File],
}

/// A file of the package.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) kind: FileKind,
}

/// What a file is.
#[derive(Clone, Debug)]
pub(super) enum FileKind {
    /// An image: number, bytes that a guest sees, id in the settings.
    Disk { number: usize, capacity: u64, id: String, iso: bool },
    /// What the firmware keeps: bytes of the file.
    Nvram(u64),
}

fn node(name: &str, text: impl Into<String>) -> XmlNode {
    XmlNode { text: text.into(), ..XmlNode::new(name) }
}

/// The descriptor of some machines.
pub(super) fn envelope(version: Version, machines: Vec<Written<'_>>) -> XmlNode {
    let mut root = XmlNode::new("Envelope");
    let namespaces = [
        ("ovf:version", version.number().to_owned()),
        ("xml:lang", "en-US".to_owned()),
        ("xmlns", version.namespace().to_owned()),
        ("xmlns:ovf", version.namespace().to_owned()),
        ("xmlns:rasd", format!("{CIM}ResourceAllocationSettingData")),
        ("xmlns:vssd", format!("{CIM}VirtualSystemSettingData")),
        ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance".to_owned()),
        ("xmlns:vbox", "http://www.virtualbox.org/ovf/machine".to_owned()),
        ("xmlns:epasd", format!("{CIM}EthernetPortAllocationSettingData.xsd")),
        ("xmlns:sasd", format!("{CIM}StorageAllocationSettingData.xsd")),
    ];
    let newer = |name: &str| name.ends_with("asd") && !name.ends_with(":rasd");
    for (name, value) in namespaces.into_iter().filter(|(name, _)| version == Version::V20 || !newer(name)) {
        root.set_attribute(name, value);
    }
    let mut references = XmlNode::new("References");
    let mut disks = version.section("DiskSection");
    disks.children.push(node("Info", "List of the virtual disks used in the package"));
    let files = machines.iter().flat_map(|machine| machine.files);
    for (number, file) in (1..).zip(files) {
        let mut reference = XmlNode::new("File").with("ovf:id", format!("file{number}")).with("ovf:href", &file.name);
        match &file.kind {
            FileKind::Nvram(size) => reference.set_attribute("ovf:size", size.to_string()),
            FileKind::Disk { capacity, id, iso, .. } => {
                let format = if *iso { ISO_FORMAT } else { version.disk_format() };
                let disk = XmlNode::new("Disk")
                    .with("ovf:capacity", capacity.to_string())
                    .with("ovf:diskId", disk_id(&file.kind))
                    .with("ovf:fileRef", format!("file{number}"))
                    .with("ovf:format", format)
                    .with("vbox:uuid", id);
                disks.children.push(disk);
            }
        }
        references.children.push(reference);
    }
    let mut networks = version.section("NetworkSection");
    networks.children.push(node("Info", "Logical networks used in the package"));
    let adapters = machines.iter().flat_map(|machine| machine.entries).filter(|entry| entry.kind == "NetworkAdapter");
    let names: BTreeSet<&str> = adapters.map(|entry| entry.extra_value("type").unwrap_or_default()).collect();
    for name in names {
        let mut network = XmlNode::new("Network").with("ovf:name", name);
        network.children.push(node("Description", "Logical network used by this appliance."));
        networks.children.push(network);
    }
    root.children.extend([references, disks, networks]);
    let mut first = 1;
    let several = machines.len() > 1;
    let mut systems = Vec::new();
    for machine in machines {
        let count = machine.files.len();
        systems.push(system(version, machine, first));
        first += count;
    }
    if several && version != Version::V09 {
        let mut collection = XmlNode::new("VirtualSystemCollection").with("ovf:id", "ExportedVirtualBoxMachines");
        collection.children.push(node("Info", "The machines of the package"));
        collection.children.extend(systems);
        systems = vec![collection];
    } else if several {
        let kind = "ovf:VirtualSystemCollection_Type";
        let mut collection =
            XmlNode::new("Content").with("xsi:type", kind).with("ovf:id", "ExportedVirtualBoxMachines");
        collection.children.push(node("Info", "The machines of the package"));
        collection.children.extend(systems);
        systems = vec![collection];
    }
    root.children.extend(systems);
    root
}

/// The id of a disk in the descriptor.
pub(super) fn disk_id(kind: &FileKind) -> String {
    match kind {
        FileKind::Disk { number, iso, .. } => format!("{}{number}", if *iso { "iso" } else { "vmdisk" }),
        FileKind::Nvram(_) => String::new(),
    }
}

fn system(version: Version, written: Written<'_>, first_file: usize) -> XmlNode {
    let entries = written.entries;
    let name = chosen(entries, "Name").unwrap_or_default();
    let mut system = match version {
        Version::V09 => XmlNode::new("Content").with("xsi:type", "ovf:VirtualSystem_Type").with("ovf:id", name),
        _ => XmlNode::new("VirtualSystem").with("ovf:id", name),
    };
    system.children.push(node("Info", "A virtual machine"));
    let said = |kind: &str| chosen(entries, kind).filter(|value| !value.is_empty());
    let product = ["Product", "Vendor", "Version", "ProductUrl", "VendorUrl"];
    if product.iter().any(|kind| said(kind).is_some()) {
        let mut section = version.section("ProductSection");
        section.children.push(node("Info", "Meta-information about the installed software"));
        section.children.extend(product.iter().filter_map(|kind| said(kind).map(|value| node(kind, value))));
        system.children.push(section);
    }
    let texts = [
        ("Description", "AnnotationSection", "A human-readable annotation", "Annotation"),
        ("License", "EulaSection", "License agreement for the virtual system", "License"),
    ];
    for (kind, section, info, element) in texts {
        let Some(value) = said(kind) else { continue };
        let mut section = version.section(section);
        section.children.extend([node("Info", info), node(element, value)]);
        system.children.push(section);
    }
    let os = entries.iter().find(|entry| entry.kind == "OS");
    if let Some(os) = os {
        let number = os.original.parse().unwrap_or_else(|_| cim::number(&os.chosen));
        let mut section = version.section("OperatingSystemSection").with("ovf:id", number.to_string());
        section.children.push(node("Info", "The kind of installed guest operating system"));
        section.children.push(node("Description", cim::os_type(number)));
        section.children.push(node("vbox:OSType", os.chosen.clone()).with("ovf:required", "false"));
        system.children.push(section);
    }
    system.children.push(super::descriptor_items::section(version, name, entries, written.files, first_file));
    system.children.push(settings(written.machine, name));
    system
}

/// The settings as an element of the descriptor.
fn settings(mut machine: XmlNode, name: &str) -> XmlNode {
    machine.name = "vbox:Machine".to_owned();
    machine.set_attribute("name", name);
    machine.attributes.insert(0, ("ovf:required".to_owned(), "false".to_owned()));
    machine.children.insert(0, node("ovf:Info", "Complete VirtualBox machine configuration in VirtualBox format"));
    machine
}
