//! Old layouts, and what a missing element meant in them, brought into the newest layout.

use super::super::xml::XmlNode;
use super::{PLATFORM, Version, each_hardware, of};

/// Names of guest systems before version 1.5.
const OLD_GUESTS: &[(&str, &str)] = &[
    ("unknown", "Other"),
    ("dos", "DOS"),
    ("win31", "Windows31"),
    ("win95", "Windows95"),
    ("win98", "Windows98"),
    ("winme", "WindowsMe"),
    ("winnt4", "WindowsNT4"),
    ("win2k", "Windows2000"),
    ("winxp", "WindowsXP"),
    ("win2k3", "Windows2003"),
    ("winvista", "WindowsVista"),
    ("win2k8", "Windows2008"),
    ("os2warp3", "OS2Warp3"),
    ("os2warp4", "OS2Warp4"),
    ("os2warp45", "OS2Warp45"),
    ("ecs", "OS2eCS"),
    ("linux22", "Linux22"),
    ("linux24", "Linux24"),
    ("linux26", "Linux26"),
    ("archlinux", "ArchLinux"),
    ("debian", "Debian"),
    ("opensuse", "OpenSUSE"),
    ("fedoracore", "Fedora"),
    ("gentoo", "Gentoo"),
    ("mandriva", "Mandriva"),
    ("redhat", "RedHat"),
    ("ubuntu", "Ubuntu"),
    ("xandros", "Xandros"),
    ("freebsd", "FreeBSD"),
    ("openbsd", "OpenBSD"),
    ("netbsd", "NetBSD"),
    ("netware", "Netware"),
    ("solaris", "Solaris"),
    ("opensolaris", "OpenSolaris"),
    ("l4", "L4"),
];

/// Types of storage controllers as they are written.
const CONTROLLERS: &[&str] =
    &["AHCI", "LsiLogic", "BusLogic", "PIIX3", "PIIX4", "ICH6", "I82078", "LsiLogicSas", "USB", "NVMe", "VirtioSCSI"];

/// Brings a machine's file into the newest layout.
///
/// # Errors
/// Its version is not read, or it lacks what every file of its version has.
pub(in crate::host) fn raise(file: &mut XmlNode) -> Result<(), String> {
    let version = of(file)?;
    if let Some(global) = file.child_mut("Global") {
        super::global::raise(global, version)?;
    }
    let Some(machine) = file.child_mut("Machine") else { return Ok(()) };
    for needed in ["@uuid", "@name", "Hardware/Memory@RAMSize"] {
        if machine.value(needed).is_none() {
            return Err(format!("`Machine/{needed}` is missing"));
        }
    }
    if machine.attribute("OSType").is_none() {
        machine.set_attribute("OSType", "");
    }
    if version >= PLATFORM {
        let architecture = machine.value("Platform@architecture").unwrap_or_default();
        let own = if architecture == "ARM" { "Platform/arm" } else { "Platform/x86" };
        if machine.at(own).is_none() {
            return Err(format!("the element `{own}` is missing"));
        }
    }
    if version < (1, 5)
        && let Some(old) = machine.attribute("OSType")
        && let Some((_, new)) = OLD_GUESTS.iter().find(|(known, _)| *known == old)
    {
        machine.set_attribute("OSType", *new);
    }
    let own_address = hardware_address(machine.attribute("uuid").unwrap_or_default());
    let mut result = Ok(());
    each_hardware(machine, &mut |owner| {
        let raised = hardware(owner, version, &own_address);
        if let (Ok(()), Err(why)) = (&result, raised) {
            result = Err(why);
        }
    });
    result
}

/// The address of the card that a machine has whose file names no cards. VirtualBox takes any, each time another; here
/// it goes by the id, so that it stays the same.
fn hardware_address(id: &str) -> String {
    let digits: String = id.chars().filter(char::is_ascii_hexdigit).take(6).collect();
    format!("080027{:0>6}", digits.to_ascii_uppercase())
}

/// The hardware of a machine or a snapshot.
fn hardware(owner: &mut XmlNode, version: Version, address: &str) -> Result<(), String> {
    if owner.at("Hardware").is_none() {
        return Ok(());
    }
    storage(owner, version)?;
    let Some(hardware) = owner.child_mut("Hardware") else { return Ok(()) };
    if hardware.value("Memory@RAMSize").is_some_and(|size| size.parse::<i64>().is_err()) {
        hardware.set_value("Memory@RAMSize", Some("0".to_owned()));
    }
    if version < (1, 7) {
        missing(hardware, "", "version", "1");
    }
    if version < (1, 16) {
        missing(hardware, "RemoteDisplay", "enabled", "true");
        missing(hardware, "AudioAdapter", "enabled", "true");
        missing(hardware, "Paravirt", "provider", "Legacy");
    }
    if version < (1, 17) {
        missing(hardware, "AudioAdapter", "enabledIn", "true");
        missing(hardware, "AudioAdapter", "enabledOut", "true");
    }
    remote_display(hardware, version);
    usb(hardware, version);
    network(hardware, version, address);
    // Very old files spell these so.
    for (old, new) in [("Uart", "UART"), ("Lpt", "LPT")] {
        if let Some(ports) = hardware.take_child(old) {
            hardware.make(new).children.extend(ports.children);
        }
    }
    if let Some(ports) = hardware.child_mut("UART") {
        ports.children.iter_mut().for_each(|port| port.rename_attribute("IOBase", "IOAddress"));
    }
    firmware(hardware);
    if version < PLATFORM {
        platform(owner, version);
    }
    for name in ["PAE", "LongMode"] {
        if owner.value("Platform@architecture") == Some("x86") {
            missing(owner, &format!("Platform/x86/CPU/{name}"), "enabled", "true");
        }
    }
    Ok(())
}

/// Writes what the absence of an attribute meant.
fn missing(node: &mut XmlNode, path: &str, attribute: &str, meaning: &str) {
    let node = node.make(path);
    if node.attribute(attribute).is_none() {
        node.set_attribute(attribute, meaning);
    }
}

fn remote_display(hardware: &mut XmlNode, version: Version) {
    let Some(display) = hardware.child_mut("RemoteDisplay") else { return };
    for (attribute, property, usual) in [("port", "TCP/Ports", "3389"), ("netAddress", "TCP/Address", "")] {
        let given = display.remove_attribute(attribute);
        let value = given.or_else(|| (version < (1, 16)).then(|| usual.to_owned()));
        let known = display.list("VRDEProperties", "Property").any(|node| node.attribute("name") == Some(property));
        if let (Some(value), false) = (value, known) {
            let node = XmlNode::new("Property").with("name", property).with("value", value);
            display.make("VRDEProperties").children.push(node);
        }
    }
}

fn usb(hardware: &mut XmlNode, version: Version) {
    if version < (1, 15)
        && let Some(old) = hardware.take_child("USBController")
    {
        usb_controller(hardware, old);
    }
    let filters = hardware.child_mut("USB").and_then(|usb| usb.child_mut("DeviceFilters"));
    filters.into_iter().flat_map(|filters| &mut filters.children).for_each(filter);
}

/// Old names in a filter of USB devices.
pub(super) fn filter(filter: &mut XmlNode) {
    for (old, new) in [("vendorid", "vendorId"), ("productid", "productId"), ("serialnumber", "serialNumber")] {
        filter.rename_attribute(old, new);
    }
}

/// The one USB controller that there was, with the filters in it.
fn usb_controller(hardware: &mut XmlNode, old: XmlNode) {
    let on = |attribute: &str| matches!(old.attribute(attribute), Some("true" | "1" | "yes"));
    let controllers = [("enabled", "OHCI"), ("enabledEhci", "EHCI")];
    for (attribute, kind) in controllers {
        if on(attribute) && (attribute == "enabled" || on("enabled")) {
            let node = XmlNode::new("Controller").with("name", kind).with("type", kind);
            hardware.make("USB/Controllers").children.push(node);
        }
    }
    let filters = hardware.make("USB/DeviceFilters");
    let later = std::mem::take(&mut filters.children);
    filters.children = old.children.into_iter().filter(|child| child.name == "DeviceFilter").chain(later).collect();
}

fn network(hardware: &mut XmlNode, version: Version, address: &str) {
    let Some(network) = hardware.child_mut("Network") else {
        let mut adapter = XmlNode::new("Adapter").with("slot", "0").with("enabled", "true").with("MACAddress", address);
        adapter.children.push(XmlNode::new("NAT").with("localhost-reachable", "false"));
        hardware.make("Network").children.push(adapter);
        return;
    };
    for adapter in network.children.iter_mut().filter(|child| child.name == "Adapter") {
        if version < (1, 16) {
            missing(adapter, "", "type", "Am79C970A");
            missing(adapter, "", "cable", "false");
        }
        missing(adapter, "", "type", "Am79C973");
        modes(adapter);
        if let Some(modes_off) = adapter.child_mut("DisabledModes") {
            modes(modes_off);
        }
    }
}

/// Old names of what an adapter is attached to.
fn modes(node: &mut XmlNode) {
    for child in &mut node.children {
        match child.name.as_str() {
            "HostInterface" => "BridgedInterface".clone_into(&mut child.name),
            "VDE" => {
                let network = child.remove_attribute("network").unwrap_or_default();
                "GenericInterface".clone_into(&mut child.name);
                child.set_attribute("driver", "VDE");
                child.children.push(XmlNode::new("Property").with("name", "network").with("value", network));
            }
            _ => {}
        }
    }
}

/// Settings of the firmware stood under another name; what they do not mention is on when none are there at all.
fn firmware(hardware: &mut XmlNode) {
    let old = hardware.take_child("BIOS");
    let none = old.is_none() && hardware.child("Firmware").is_none_or(|firmware| firmware.children.is_empty());
    let firmware = hardware.make("Firmware");
    if none {
        missing(firmware, "SmbiosUuidLittleEndian", "enabled", "true");
        missing(firmware, "AutoSerialNumGen", "enabled", "true");
    }
    if let Some(old) = old {
        firmware.attributes.extend(old.attributes);
        firmware.children.extend(old.children.into_iter().filter(|child| child.name != "IDEController"));
    }
}

/// Before version 1.20 the platform was a part of the hardware.
fn platform(owner: &mut XmlNode, version: Version) {
    let Some(hardware) = owner.child_mut("Hardware") else { return };
    let mut platform = XmlNode::new("Platform").with("architecture", "x86");
    for name in ["RTC", "Chipset", "Iommu"] {
        platform.children.extend(hardware.take_child(name));
    }
    let mut x86 = XmlNode::new("x86");
    if let Some(mut cpu) = hardware.take_child("CPU") {
        let mut own = XmlNode::new("CPU");
        if version < (1, 9) {
            missing(&mut cpu, "PAE", "enabled", "false");
        }
        let (general, special): (Vec<_>, Vec<_>) =
            std::mem::take(&mut cpu.children).into_iter().partition(|child| child.name == "CpuTree");
        cpu.children = general;
        own.children = special;
        platform.children.push(cpu);
        x86.children.push(own);
    }
    x86.children.extend(hardware.take_child("HPET"));
    platform.children.push(x86);
    owner.children.push(platform);
}

/// Controllers stood beside the hardware, disks and drives elsewhere again.
fn storage(owner: &mut XmlNode, version: Version) -> Result<(), String> {
    let beside = owner.take_child("StorageControllers");
    let disks = if version < (1, 7) { owner.take_child("HardDiskAttachments") } else { None };
    let Some(hardware) = owner.child_mut("Hardware") else { return Ok(()) };
    if version < (1, 7) {
        let mut first = Vec::new();
        if let Some(kind) = hardware.value("BIOS/IDEController@type") {
            first.push(controller("IDE Controller", kind, "2"));
        }
        if let Some(sata) = hardware.take_child("SATAController")
            && matches!(sata.attribute("enabled"), Some("true" | "1" | "yes"))
        {
            let mut node = controller("SATA Controller", "AHCI", sata.attribute("PortCount").unwrap_or("1"));
            node.attributes.extend(sata.attributes.into_iter().filter(|(name, _)| name.starts_with("IDE")));
            first.push(node);
        }
        let controllers = hardware.make("StorageControllers");
        let later = std::mem::take(&mut controllers.children);
        controllers.children = first.into_iter().chain(later).collect();
        for disk in disks.iter().flat_map(|disks| &disks.children) {
            attach_disk(controllers, disk)?;
        }
    } else if let Some(beside) = beside {
        hardware.make("StorageControllers").children.extend(beside.children);
    }
    if version < (1, 9) {
        drives(hardware)?;
    }
    if let Some(controllers) = hardware.child_mut("StorageControllers") {
        for controller in controllers.children.iter_mut().filter(|node| node.name == "StorageController") {
            let kind = controller.attribute("type").unwrap_or_default();
            if !CONTROLLERS.contains(&kind) {
                return Err(format!("`{kind}` is no type of storage controller"));
            }
            missing(controller, "", "useHostIOCache", "true");
            if version < (1, 15) && controller.attribute("type") == Some("AHCI") {
                let devices = controller.children.iter_mut().filter(|node| node.name == "AttachedDevice");
                devices.for_each(|device| missing(device, "", "hotpluggable", "true"));
            }
        }
    }
    Ok(())
}

fn controller(name: &str, kind: &str, ports: &str) -> XmlNode {
    XmlNode::new("StorageController").with("name", name).with("type", kind).with("PortCount", ports)
}

fn attach_disk(controllers: &mut XmlNode, disk: &XmlNode) -> Result<(), String> {
    let of = |name: &str| disk.attribute(name).unwrap_or_default();
    let name = match of("bus") {
        "IDE" => "IDE Controller",
        "SATA" => "SATA Controller",
        bus => return Err(format!("a disk is attached to the unknown bus `{bus}`")),
    };
    let device = XmlNode::new("AttachedDevice").with("type", "HardDisk").with("hotpluggable", "false");
    let device = device.with("port", of("channel"));
    attach(controllers, name, device.with("device", of("device")), XmlNode::new("Image").with("uuid", of("hardDisk")))
}

fn attach(controllers: &mut XmlNode, name: &str, mut device: XmlNode, medium: XmlNode) -> Result<(), String> {
    let found = controllers.children.iter_mut().find(|node| node.attribute("name") == Some(name));
    let controller = found.ok_or_else(|| format!("a device is attached to `{name}`, which is missing"))?;
    if !medium.name.is_empty() {
        device.children.push(medium);
    }
    controller.children.push(device);
    Ok(())
}

/// The one DVD drive and the one floppy drive that there were.
fn drives(hardware: &mut XmlNode) -> Result<(), String> {
    let (dvd, floppy) = (hardware.take_child("DVDDrive"), hardware.take_child("FloppyDrive"));
    let controllers = hardware.make("StorageControllers");
    if let Some(mut dvd) = dvd {
        let mut device = XmlNode::new("AttachedDevice").with("type", "DVD").with("port", "1").with("device", "0");
        if let Some(passthrough) = dvd.remove_attribute("passthrough") {
            device.set_attribute("passthrough", passthrough);
        }
        attach(controllers, "IDE Controller", device, dvd.children.pop().unwrap_or_default())?;
    }
    if let Some(mut floppy) = floppy
        && !matches!(floppy.attribute("enabled"), Some("false" | "0" | "no"))
    {
        controllers.children.push(controller("Floppy Controller", "I82078", "1"));
        let device = XmlNode::new("AttachedDevice").with("type", "Floppy").with("port", "0").with("device", "0");
        attach(controllers, "Floppy Controller", device, floppy.children.pop().unwrap_or_default())?;
    }
    Ok(())
}
