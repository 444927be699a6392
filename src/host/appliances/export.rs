//! `IMachine.exportTo`: a machine as entries of a description, which `write` makes a descriptor of.

use super::description::Entry;
use super::{DESCRIPTIONS, Outcome, cim};
use crate::host::attachments::{attached, medium_of};
use crate::host::document::{Document, ElementId, ROOT};
use crate::host::fault::code;
use crate::host::state::{Address, State, View};
use crate::host::{Fault, machines};
use crate::model::RawValue;

/// Which machine a description was made of.
pub(super) const MACHINE: &str = "machine";

/// Controllers in the order of a description: bus, kind of entry, how many entries one controller makes.
const CONTROLLERS: [(&str, &str, usize); 6] = [
    ("IDE", "HardDiskControllerIDE", 2),
    ("SATA", "HardDiskControllerSATA", 1),
    ("SCSI", "HardDiskControllerSCSI", 1),
    ("SAS", "HardDiskControllerSAS", 1),
    ("VirtioSCSI", "HardDiskControllerVirtioSCSI", 1),
    ("PCIe", "HardDiskControllerNVMe", 1),
];

impl State {
    /// `exportTo`: adds a description of the machine to an appliance.
    pub(in crate::host) fn export_machine(&mut self, view: View, appliance: Option<Address>) -> Outcome<RawValue> {
        let appliance = appliance.filter(|at| self.appliances.contains_key(&at.element));
        let appliance = appliance.ok_or_else(|| Fault::argument("no appliance was given"))?;
        let names = self.image_count(appliance);
        let entries = self.describe_machine(view, names)?;
        let there = self.global.children(appliance.element, DESCRIPTIONS);
        let index = there.last().and_then(|id| self.global.get(*id)).map_or(0, |last| last.index + 1);
        let id = self.global.add("IVirtualSystemDescription", appliance.element, DESCRIPTIONS, index);
        if let Some(element) = self.global.get_mut(id) {
            element.set(MACHINE, Address::machine(view).value("IMachine"));
        }
        self.add_entries(id, entries);
        Ok(Address::global(id).value("IVirtualSystemDescription"))
    }

    /// How many images the descriptions of an appliance have: they are numbered through.
    fn image_count(&self, appliance: Address) -> usize {
        let entries = self.global.children(appliance.element, DESCRIPTIONS).into_iter();
        let entries = entries.flat_map(|id| self.entries(id));
        entries.filter(|entry| matches!(entry.kind, "HardDiskImage" | "CDROM") && !entry.original.is_empty()).count()
    }

    fn describe_machine(&self, view: View, images: usize) -> Outcome<Vec<Entry>> {
        let document = self.document(view)?;
        let root = self.element(Address::machine(view))?;
        let text = |name: &str| root.text(name).to_owned();
        let both = |kind: &'static str, value: String| Entry::new(kind, value.clone(), value);
        let memory = u64::try_from(root.int("memorySize")).unwrap_or_default() << 20;
        let mut entries = vec![
            Entry::new("OS", cim::number(&text("OSTypeId")).to_string(), text("OSTypeId")),
            both("Name", self.machine_name(view)),
            both("Description", text("description")),
            both("CPU", root.int("CPUCount").to_string()),
            both("Memory", memory.to_string()),
        ];
        let nvram = self.machine(view)?.settings_file.with_extension("nvram");
        if nvram.exists() {
            let name = nvram.file_name().unwrap_or_default().to_string_lossy().into_owned();
            entries.push(Entry::new("NVRAM", name, nvram.to_string_lossy()));
        }
        self.describe_storage(view, document, images, &mut entries)?;
        let slots = document.children(ROOT, "networkAdapter").into_iter().filter_map(|id| document.get(id));
        for adapter in slots.filter(|adapter| adapter.flag("enabled")) {
            let kind = adapter.name("attachmentType");
            let number = adapter.value("adapterType").and_then(RawValue::as_int).unwrap_or_default();
            entries.push(Entry::new("NetworkAdapter", kind, number.to_string()).with_extra(format!("type={kind}")));
        }
        let usb = document.children(ROOT, "USBControllers").into_iter().filter_map(|id| document.get(id));
        // Guests elsewhere have drivers for this one.
        if usb.into_iter().any(|controller| controller.name("type") == "OHCI") {
            entries.push(Entry::new("USBController", "", ""));
        }
        let audio = document.child(ROOT, "audioSettings", 0).and_then(|id| document.child(id, "adapter", 0));
        if let Some(audio) = audio.and_then(|id| document.get(id)).filter(|audio| audio.flag("enabled")) {
            let number = audio.value("audioController").and_then(RawValue::as_int).unwrap_or_default();
            entries.push(Entry::new("SoundCard", "ensoniq1371", number.to_string()));
        }
        Ok(entries)
    }

    fn describe_storage(&self, view: View, document: &Document, images: usize, entries: &mut Vec<Entry>) -> Outcome {
        // Where the entries of each controller begin.
        let mut places: Vec<(ElementId, usize)> = Vec::new();
        for (bus, kind, count) in CONTROLLERS {
            for id in document.children(ROOT, "storageControllers") {
                let Some(known) = document.get(id).filter(|known| known.name("bus") == bus) else { continue };
                places.push((id, entries.len()));
                let subtype = match known.name("controllerType") {
                    "IntelAhci" => "AHCI",
                    other => other,
                };
                for _ in 0..count {
                    let entry = Entry::new(kind, subtype, subtype).referring(entries.len().to_string());
                    entries.push(entry);
                }
            }
        }
        let name = machines::safe_name(&self.machine_name(view));
        let mut drives = Vec::new();
        let mut number = images;
        for id in attached(document) {
            let Some(known) = document.get(id) else { continue };
            let (kind, port, device) = (known.name("type"), known.int("port"), known.int("device"));
            let medium = medium_of(document, id).and_then(|medium| self.media.get(&medium));
            // An empty drive is not worth a word.
            let Some(medium) = medium else { continue };
            if kind == "Floppy" {
                entries.push(Entry::new("Floppy", "", "").with_extra("controller=0;channel=0"));
                continue;
            }
            let Some((_, first)) = places.iter().find(|(controller, _)| *controller == known.parent) else {
                let bus = document.get(known.parent).map_or("", |controller| controller.name("bus"));
                let message = format!(
                    "what is attached to a controller for {bus} cannot be exported: port {port}, device {device}"
                );
                return Err(Fault::new(code::NOT_SUPPORTED, message));
            };
            let bus = document.get(known.parent).map_or("", |controller| controller.name("bus"));
            // The two channels of an IDE controller are two controllers in OVF.
            let (controller, channel) = match bus {
                "IDE" => (i64::try_from(*first).unwrap_or_default() + port, device),
                _ => (i64::try_from(*first).unwrap_or_default(), port),
            };
            number += 1;
            let (kind, ending) = if kind == "DVD" { ("CDROM", "iso") } else { ("HardDiskImage", "vmdk") };
            let file = format!("{name}-disk{number:03}.{ending}");
            let entry = Entry::new(kind, &file, medium.location.to_string_lossy()).referring(file);
            drives.push(entry.with_extra(format!("controller={controller};channel={channel}")));
        }
        entries.extend(drives);
        Ok(())
    }
}
