//! A new machine: its parts, and what the type of guest asks for. Facts as observed with VirtualBox 7.2.22.

use super::document::{Document, ElementId, ROOT};
use super::fault::code;
use super::os_types::Recommended;
use super::state::{Address, State, View};
use super::value::{enumerated, text};
use super::{Fault, Outcome};
use crate::model::RawValue;
use std::sync::OnceLock;

/// Parts that a machine has once: interface, role, role of the part that it belongs to (none: the machine).
const PARTS: &[(&str, &str, &str)] = &[
    ("IGraphicsAdapter", "graphicsAdapter", ""),
    ("IPlatform", "platform", ""),
    ("IPlatformX86", "x86", "platform"),
    ("IFirmwareSettings", "firmwareSettings", ""),
    ("ITrustedPlatformModule", "trustedPlatformModule", ""),
    ("IPlatformARM", "ARM", "platform"),
    ("INvramStore", "nonVolatileStore", ""),
    ("IUefiVariableStore", "uefiVariableStore", "nonVolatileStore"),
    ("IRecordingSettings", "recordingSettings", ""),
    ("IRecordingScreenSettings", "screens", "recordingSettings"),
    ("IVRDEServer", "VRDEServer", ""),
    ("IUSBDeviceFilters", "USBDeviceFilters", ""),
    ("IAudioSettings", "audioSettings", ""),
    ("IAudioAdapter", "adapter", "audioSettings"),
    ("IBandwidthControl", "bandwidthControl", ""),
    ("IGuestDebugControl", "guestDebugControl", ""),
];

/// I/O address and interrupt of each serial port.
const SERIAL: [(i64, i64); 4] = [(0x3f8, 4), (0x2f8, 3), (0x3e8, 4), (0x2e8, 3)];
/// The same of each parallel port.
const PARALLEL: [(i64, i64); 2] = [(0x378, 7), (0x278, 5)];

/// How many network adapters a chipset takes.
pub(super) fn adapter_count(chipset: &str) -> u32 {
    match chipset {
        "ICH9" => 36,
        "ARMv8Virtual" => 64,
        _ => 8,
    }
}

/// A machine with all its parts and nothing set.
pub(super) fn blank_machine() -> Document {
    static BLANK: OnceLock<Document> = OnceLock::new();
    BLANK.get_or_init(build_blank_machine).clone()
}

fn build_blank_machine() -> Document {
    let mut document = Document::new("IMachine");
    let mut roles: Vec<(&str, ElementId)> = Vec::new();
    for (interface, role, owner) in PARTS {
        let parent = roles.iter().find(|(known, _)| known == owner).map_or(ROOT, |(_, id)| *id);
        roles.push((role, document.add(interface, parent, role, 0)));
    }
    add_adapters(&mut document, 8);
    for (slot, (address, interrupt)) in (0..).zip(SERIAL) {
        let id = document.add("ISerialPort", ROOT, "serialPort", slot);
        set(&mut document, id, "slot", RawValue::Int(slot.into()));
        set(&mut document, id, "IOAddress", RawValue::Int(address));
        set(&mut document, id, "IRQ", RawValue::Int(interrupt));
    }
    for (slot, (address, interrupt)) in (0..).zip(PARALLEL) {
        let id = document.add("IParallelPort", ROOT, "parallelPort", slot);
        set(&mut document, id, "slot", RawValue::Int(slot.into()));
        set(&mut document, id, "IOBase", RawValue::Int(address));
        set(&mut document, id, "IRQ", RawValue::Int(interrupt));
    }
    document
}

/// Adds network adapters until there are `count`.
pub(super) fn add_adapters(document: &mut Document, count: u32) {
    let there = u32::try_from(document.children(ROOT, "networkAdapter").len()).unwrap_or(count);
    for slot in there..count {
        let id = document.add("INetworkAdapter", ROOT, "networkAdapter", slot);
        document.add("INATEngine", id, "NATEngine", 0);
        set(document, id, "slot", RawValue::Int(slot.into()));
    }
}

fn set(document: &mut Document, id: ElementId, name: &'static str, value: RawValue) {
    if let Some(element) = document.get_mut(id) {
        element.set(name, value);
    }
}

/// A path of roles from the machine to a part.
fn part(document: &Document, roles: &[&str]) -> Option<ElementId> {
    roles.iter().try_fold(ROOT, |parent, role| document.child(parent, role, 0))
}

/// Sets a value of the part that the roles lead to.
fn set_part(document: &mut Document, roles: &[&str], name: &'static str, value: RawValue) {
    if let Some(id) = part(document, roles) {
        set(document, id, name, value);
    }
}

/// What `createMachine` gives for a type of guest.
pub(super) fn new_machine(recommended: &Recommended, architecture: &str) -> Document {
    let mut document = blank_machine();
    set_part(&mut document, &["platform"], "architecture", enumerated("PlatformArchitecture", architecture));
    if recommended.is_known() {
        set_platform(&mut document, recommended);
        set_part(&mut document, &["trustedPlatformModule"], "type", recommended.value("recommendedTpmType"));
        for slot in document.children(ROOT, "networkAdapter") {
            set(&mut document, slot, "adapterType", recommended.value("adapterType"));
        }
    }
    // Their debuggers talk over it.
    let id = recommended.id();
    let id = id.as_text().unwrap_or_default();
    if let Some(port) = document.child(ROOT, "serialPort", 0).filter(|_| id == "DOS" || id.starts_with("OS2")) {
        set(&mut document, port, "enabled", RawValue::Bool(true));
    }
    if let Some(first) = document.child(ROOT, "networkAdapter", 0) {
        set(&mut document, first, "enabled", RawValue::Bool(true));
        set(&mut document, first, "attachmentType", enumerated("NetworkAttachmentType", "NAT"));
        set(&mut document, first, "MACAddress", text(new_mac_address()));
    }
    document
}

/// Chipset, processor and firmware as a type of guest likes them.
fn set_platform(document: &mut Document, recommended: &Recommended) {
    let platform = &["platform"];
    set_part(document, platform, "chipsetType", recommended.value("recommendedChipset"));
    set_part(document, platform, "iommuType", recommended.value("recommendedIommuType"));
    set_part(document, platform, "RTCUseUTC", recommended.value("recommendedRTCUseUTC"));
    let x86 = &["platform", "x86"];
    set_part(document, x86, "HPETEnabled", recommended.value("recommendedHPET"));
    for (name, recommendation) in [
        ("CPUProperty.LongMode", "is64Bit"),
        ("CPUProperty.X2APIC", "recommendedX2APIC"),
        ("CPUProperty.PAE", "recommendedPAE"),
        ("CPUProperty.TripleFaultReset", "recommendedTFReset"),
    ] {
        set_part(document, x86, name, recommended.value(recommendation));
    }
    let firmware = &["firmwareSettings"];
    set_part(document, firmware, "firmwareType", recommended.value("recommendedFirmware"));
    set_part(document, firmware, "IOAPICEnabled", recommended.value("recommendedIOAPIC"));
    add_adapters(document, adapter_count(recommended.name("recommendedChipset")));
}

/// Adds a recording screen for every monitor; those beyond the first do not record.
pub(super) fn add_screens(document: &mut Document) {
    let monitors = part(document, &["graphicsAdapter"])
        .and_then(|id| document.get(id))
        .map_or(1, |adapter| adapter.int("monitorCount"));
    let Some(parent) = part(document, &["recordingSettings"]) else { return };
    for screen in 1..u32::try_from(monitors.clamp(1, 64)).unwrap_or(1) {
        if document.child(parent, "screens", screen).is_none() {
            let id = document.add("IRecordingScreenSettings", parent, "screens", screen);
            set(document, id, "enabled", RawValue::Bool(false));
        }
    }
}

/// A MAC address in VirtualBox's range.
pub(super) fn new_mac_address() -> String {
    let random = uuid::Uuid::new_v4();
    let [first, second, third, ..] = *random.as_bytes();
    format!("080027{first:02X}{second:02X}{third:02X}")
}

impl State {
    /// `IMachine.applyDefaults`: memory, graphics, controllers and the rest as the type of guest likes them.
    pub(super) fn apply_defaults(&mut self, view: View) -> Outcome {
        let document = self.document(view)?;
        if !document.children(ROOT, "storageControllers").is_empty() {
            let message = "the machine has storage controllers already; defaults are for a new machine";
            return Err(Fault::new(code::OBJECT_IN_USE, message));
        }
        let root = Address::machine(view);
        let recommended = Recommended::of(self.element(root)?.text("OSTypeId"));
        let document = self.document_mut(view)?;
        if !recommended.is_known() {
            return Err(Fault::new(
                code::E_FAIL,
                "the machine has an unknown type of guest, so nothing is known to suit it",
            ));
        }
        set(document, ROOT, "memorySize", recommended.value("recommendedRAM"));
        set(document, ROOT, "CPUCount", recommended.value("recommendedCPUCount"));
        let chipset = recommended.name("recommendedChipset");
        let by_usb = recommended.flag("recommendedUSBHID") && matches!(chipset, "ICH9" | "ARMv8Virtual");
        if recommended.flag("recommendedUSBTablet") || by_usb {
            let pointing = if recommended.flag("recommendedUSBTablet") { "USBTablet" } else { "USBMouse" };
            set(document, ROOT, "pointingHIDType", enumerated("PointingHIDType", pointing));
        }
        if by_usb {
            set(document, ROOT, "keyboardHIDType", enumerated("KeyboardHIDType", "USBKeyboard"));
        }
        let graphics = &["graphicsAdapter"];
        set_part(document, graphics, "graphicsControllerType", recommended.value("recommendedGraphicsController"));
        set_part(document, graphics, "VRAMSize", recommended.value("recommendedVRAM"));
        set_platform(document, &recommended);
        set_part(document, &["trustedPlatformModule"], "type", recommended.value("recommendedTpmType"));
        let audio = &["audioSettings", "adapter"];
        set_part(document, audio, "audioController", recommended.value("recommendedAudioController"));
        set_part(document, audio, "audioCodec", recommended.value("recommendedAudioCodec"));
        set_part(document, audio, "enabled", RawValue::Bool(true));
        set_part(document, audio, "enabledOut", RawValue::Bool(true));
        self.add_default_controllers(view, &recommended)?;
        self.touch(view);
        Ok(())
    }

    fn add_default_controllers(&mut self, view: View, recommended: &Recommended) -> Outcome {
        let root = Address::machine(view);
        if recommended.flag("recommendedUSB3") {
            self.add_usb_controller(root, "XHCI", "XHCI")?;
        } else if recommended.flag("recommendedUSB") {
            self.add_usb_controller(root, "OHCI", "OHCI")?;
            self.add_usb_controller(root, "EHCI", "EHCI")?;
        }
        if recommended.flag("recommendedFloppy") {
            self.add_storage_controller(root, "Floppy", "Floppy")?;
        }
        let dvd = (recommended.name("recommendedDVDStorageBus"), recommended.value("recommendedDVDStorageController"));
        let disk = (recommended.name("recommendedHDStorageBus"), recommended.value("recommendedHDStorageController"));
        let mut buses = vec![dvd];
        if disk.0 != buses[0].0 {
            buses.push(disk);
        }
        let shared = buses.len() == 1;
        for (bus, controller) in buses.into_iter().filter(|(bus, _)| !bus.is_empty()) {
            let id = self.add_storage_controller(root, bus, bus)?;
            if let Some(element) = self.document_mut(view)?.get_mut(id) {
                element.set("controllerType", controller);
                if matches!(bus, "SATA" | "VirtioSCSI") {
                    element.set("portCount", RawValue::Int(if shared { 2 } else { 1 }));
                }
            }
        }
        Ok(())
    }
}
