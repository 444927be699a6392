//! `IAppliance.interpret`: what the virtual systems of a descriptor would become here, as entries that a caller may
//! change. What is proposed, and in which order, was seen on VirtualBox 7.2.22.

use super::cim;
use super::description::Entry;
use super::envelope::{Envelope, System};
use super::items::{Adapter, Bus, Controller};
use super::{DESCRIPTIONS, Outcome};
use crate::host::Fault;
use crate::host::document::{Document, ElementId, ROOT};
use crate::host::fault::code;
use crate::host::os_types::Recommended;
use crate::host::state::State;
use crate::host::value::name_of;
use crate::host::xml::XmlNode;
use crate::model::RawValue;
use std::path::Path;

/// What machines can have.
const MOST_PROCESSORS: u64 = 64;
const MEMORY: std::ops::RangeInclusive<u64> = 4 << 20..=2_097_152 << 20;
const MOST_ADAPTERS: usize = 8;

/// Connections of network adapters that are taken at their word, whatever their case; others are bridged.
const CONNECTIONS: [&str; 6] = ["NAT", "Bridged", "HostOnly", "Internal", "Generic", "Null"];

impl State {
    /// Describes all systems of a descriptor anew, below the appliance. Gives what cannot be as the descriptor says.
    ///
    /// # Errors
    /// A disk is attached to a controller that machines cannot have.
    pub(super) fn describe_systems(&mut self, appliance: ElementId, envelope: &Envelope) -> Outcome<Vec<String>> {
        for old in self.global.children(appliance, DESCRIPTIONS) {
            self.global.remove(old);
        }
        let mut warnings = Vec::new();
        for (index, system) in (0..).zip(&envelope.systems) {
            let entries = self.propose(system, envelope, &mut warnings)?;
            let id = self.global.add("IVirtualSystemDescription", appliance, DESCRIPTIONS, index);
            self.add_entries(id, entries);
        }
        Ok(warnings)
    }

    fn propose(&mut self, system: &System, envelope: &Envelope, warnings: &mut Vec<String>) -> Outcome<Vec<Entry>> {
        let settings = system.machine.as_ref().and_then(|machine| newest(machine).ok());
        let node = settings.as_ref().and_then(|file| file.child("Machine"));
        let own_type = node.and_then(|machine| machine.attribute("OSType")).unwrap_or_default();
        let os_type = match (own_type, system.os_type.as_str()) {
            ("", "") => cim::os_type(system.os),
            ("", written) | (written, _) => written,
        };
        let group = node.and_then(|machine| machine.list("Groups", "Group").next()?.attribute("name")).unwrap_or("/");
        let wanted = if system.name.is_empty() { os_type } else { &system.name };
        let name = self.free_name(wanted);
        let file = self.compose_file_name(&name, group, "", "")?;
        let mut entries = vec![
            Entry::new("OS", system.os.to_string(), os_type),
            Entry::new("Name", &system.name, name),
            Entry::new("PrimaryGroup", "", group),
            Entry::new("SettingsFile", "", file.to_string_lossy()),
            Entry::new("BaseFolder", "", self.default_machine_folder().to_string_lossy()),
        ];
        for (kind, value) in [
            ("Product", &system.product),
            ("Vendor", &system.vendor),
            ("Version", &system.version),
            ("ProductUrl", &system.product_url),
            ("VendorUrl", &system.vendor_url),
            ("Description", &system.annotation),
            ("License", &system.license),
        ] {
            if !value.is_empty() {
                entries.push(Entry::new(kind, value, value));
            }
        }
        let hardware = &system.hardware;
        let processors = hardware.processors.clamp(1, MOST_PROCESSORS);
        if hardware.processors > MOST_PROCESSORS {
            let wanted = hardware.processors;
            warnings.push(format!(
                "`{}` asks for {wanted} processors; it gets {MOST_PROCESSORS}, the most there can be",
                system.name
            ));
        }
        entries.push(Entry::new("CPU", hardware.processors.to_string(), processors.to_string()));
        let memory = match hardware.memory {
            0 => {
                u64::try_from(Recommended::of(os_type).value("recommendedRAM").as_int().unwrap_or_default())
                    .unwrap_or_default()
                    << 20
            }
            given => given,
        };
        if !MEMORY.contains(&memory) {
            let (least, most) = (MEMORY.start() >> 20, MEMORY.end() >> 20);
            warnings.push(format!(
                "`{}` asks for {} MB of memory; a machine has {least} to {most} MB",
                system.name,
                memory >> 20
            ));
        }
        entries.push(Entry::new("Memory", hardware.memory.to_string(), memory.to_string()));
        if let Some(file) = &hardware.nvram {
            entries.push(Entry::new("NVRAM", file, file));
        }
        match node {
            Some(node) => {
                let document = self.read_hardware(node, os_type);
                entries.extend(devices_of(&document));
                let ports = document.children(ROOT, "serialPort").into_iter().filter_map(|id| document.get(id));
                if ports.into_iter().any(|port| port.flag("enabled") && port.name("hostMode") != "Disconnected") {
                    warnings.push(format!("`{}` has serial ports; they are imported unconnected", system.name));
                }
                if !document.children(ROOT, "sharedFolders").is_empty() {
                    warnings.push(format!("`{}` has shared folders; they are not imported", system.name));
                }
            }
            None => entries.extend(devices(system, os_type, warnings)),
        }
        let first = entries.len();
        entries.extend(controllers(system, warnings));
        for (id, place) in &hardware.disks {
            let Some(disk) = envelope.disks.get(id) else { continue };
            let at = entries.iter().skip(first).position(|entry| entry.reference == place.controller);
            let missing = || {
                let message = format!(
                    "the disk `{id}` is attached to the controller `{}`, which this machine cannot have",
                    place.controller
                );
                Fault::new(code::E_FAIL, message)
            };
            let extra = format!("controller={};channel={}", first + at.ok_or_else(missing)?, place.channel);
            let entry = Entry::new("HardDiskImage", &disk.file, target_name(&disk.file, id));
            entries.push(entry.referring(id).with_extra(extra));
        }
        Ok(entries)
    }

    /// The name, or with a number behind it where a machine has it already.
    fn free_name(&mut self, wanted: &str) -> String {
        let numbered = (1u32..).map(|number| format!("{wanted} {number}"));
        let mut names = std::iter::once(wanted.to_owned()).chain(numbered);
        names.find(|name| self.find_machine(name).is_none()).unwrap_or_else(|| wanted.to_owned())
    }
}

/// The settings of a machine as a file of the newest layout.
pub(super) fn newest(machine: &XmlNode) -> Outcome<XmlNode> {
    let mut machine = machine.clone();
    let version = machine.remove_attribute("version").unwrap_or_default();
    let mut file = XmlNode::new("VirtualBox").with("version", version);
    file.children.push(machine);
    let wrong = |why: String| super::envelope::wrong(format!("the settings of the machine in it: {why}"));
    crate::host::versions::raise(&mut file).map_err(wrong)?;
    Ok(file)
}

/// What an image is called here.
fn target_name(file: &str, disk: &str) -> String {
    let name = Path::new(file).file_name().unwrap_or_default().to_string_lossy().into_owned();
    match name.strip_suffix(".gz") {
        _ if name.is_empty() => format!("{disk}.vmdk"),
        Some(name) => name.to_owned(),
        None => name,
    }
}

fn number_of(value: Option<&RawValue>) -> String {
    value.and_then(RawValue::as_int).unwrap_or_default().to_string()
}

/// The devices of a machine whose settings are all there.
fn devices_of(document: &Document) -> Vec<Entry> {
    let mut entries = Vec::new();
    let audio = document.child(ROOT, "audioSettings", 0).and_then(|id| document.child(id, "adapter", 0));
    if let Some(audio) = audio.and_then(|id| document.get(id)).filter(|audio| audio.flag("enabled")) {
        entries.push(Entry::new("SoundCard", "", number_of(audio.value("audioController"))));
    }
    if !document.children(ROOT, "USBControllers").is_empty() {
        entries.push(Entry::new("USBController", "", ""));
    }
    let adapters = document.children(ROOT, "networkAdapter").into_iter().filter_map(|id| document.get(id));
    for adapter in adapters.filter(|adapter| adapter.flag("enabled")) {
        let kind = adapter.name("attachmentType");
        let entry = Entry::new("NetworkAdapter", kind, number_of(adapter.value("adapterType")));
        entries.push(entry.with_extra(format!("slot={};type={kind}", adapter.index)));
    }
    for (kind, name) in [("Floppy", "Floppy"), ("DVD", "CDROM")] {
        let is = |id: &ElementId| document.get(*id).and_then(|known| known.value("type")).map(name_of) == Some(kind);
        if crate::host::attachments::attached(document).iter().any(is) {
            entries.push(Entry::new(name, "", ""));
        }
    }
    entries
}

/// The devices of a system of foreign origin.
fn devices(system: &System, os_type: &str, warnings: &mut Vec<String>) -> Vec<Entry> {
    let hardware = &system.hardware;
    let mut entries = Vec::new();
    if let Some(sound) = &hardware.sound {
        // Whatever card is asked for, guests have a driver for this one.
        entries.push(Entry::new("SoundCard", sound, "0"));
    }
    if hardware.usb {
        entries.push(Entry::new("USBController", "", ""));
    }
    if hardware.adapters.len() > MOST_ADAPTERS {
        let count = hardware.adapters.len();
        warnings.push(format!(
            "`{}` asks for {count} network adapters; it gets {MOST_ADAPTERS}, the most there can be",
            system.name
        ));
    }
    entries.extend(hardware.adapters.iter().take(MOST_ADAPTERS).map(|given| adapter(given, os_type)));
    if hardware.floppy {
        entries.push(Entry::new("Floppy", "", ""));
    }
    if hardware.cdrom {
        entries.push(Entry::new("CDROM", "", ""));
    }
    entries
}

fn adapter(given: &Adapter, os_type: &str) -> Entry {
    let kind = match given.subtype.to_ascii_lowercase().as_str() {
        "pcnet32" => "Am79C970A",
        "e1000" => "I82545EM",
        "virtio-net" => "Virtio",
        _ => crate::host::os_types::adapter_type(os_type),
    };
    let number = crate::host::value::enumerated("NetworkAdapterType", kind);
    let known = CONNECTIONS.iter().any(|known| known.eq_ignore_ascii_case(&given.connection));
    let connection = if known { &given.connection } else { "Bridged" };
    Entry::new("NetworkAdapter", &given.connection, number_of(Some(&number))).with_extra(format!("type={connection}"))
}

/// The controllers that a machine can have.
fn controllers(system: &System, warnings: &mut Vec<String>) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut seen = Vec::new();
    for (id, Controller { bus, subtype }) in &system.hardware.controllers {
        // SAS is counted as SCSI.
        let family = if *bus == Bus::Sas { Bus::Scsi } else { *bus };
        if *bus != Bus::Ide && seen.contains(&family) {
            warnings.push(format!(
                "`{}` has more than one storage controller of the kind {bus:?}; there can be one",
                system.name
            ));
            continue;
        }
        seen.push(family);
        let is = |name: &&str| name.eq_ignore_ascii_case(subtype);
        let (kind, chosen) = match bus {
            Bus::Ide => ("HardDiskControllerIDE", ["PIIX3", "ICH6"].into_iter().find(is).unwrap_or("PIIX4")),
            Bus::Sata => ("HardDiskControllerSATA", "AHCI"),
            Bus::Scsi => ("HardDiskControllerSCSI", ["BusLogic"].into_iter().find(is).unwrap_or("LsiLogic")),
            Bus::Sas => ("HardDiskControllerSAS", "LsiLogicSas"),
            Bus::VirtioScsi => ("HardDiskControllerVirtioSCSI", "VirtioSCSI"),
            Bus::Nvme => ("HardDiskControllerNVMe", "NVMe"),
        };
        entries.push(Entry::new(kind, subtype, chosen).referring(id));
    }
    entries
}
