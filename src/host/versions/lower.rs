//! The version in which a machine is written, and its layout.

use super::super::xml::XmlNode;
use super::{PLATFORM, Version, each_hardware, parse};

/// No machine is written in an older one.
const USUAL: Version = (1, 19);

/// The version that is written, with the system it is written on.
pub(in crate::host) fn written(version: Version) -> String {
    let system = match std::env::consts::OS {
        "macos" => "macosx",
        other => other,
    };
    format!("{}.{}-{system}", version.0, version.1)
}

/// Brings a machine's tree from the newest layout into that of the version that VirtualBox writes: the one it had, or
/// the oldest that can say everything, whichever is newer.
pub(in crate::host) fn lower(file: &mut XmlNode) {
    let read = file.attribute("version").and_then(parse).unwrap_or(USUAL);
    let mut version = read.max(USUAL);
    if let Some(machine) = file.child_mut("Machine") {
        version = version.max(if machine.attribute("executionEngine").is_some() { PLATFORM } else { USUAL });
        each_hardware(machine, &mut |owner| {
            version = version.max(needed(owner));
            usual_boot_order(owner);
        });
        if version < PLATFORM {
            each_hardware(machine, &mut platform);
        } else {
            each_hardware(machine, &mut |owner| {
                // VirtualBox takes no file without it.
                if owner.value("Platform@architecture") == Some("ARM") {
                    owner.make("Platform/arm/CPU");
                }
            });
        }
    }
    file.set_attribute("version", written(version));
}

/// The oldest version that can say what this hardware has.
fn needed(owner: &XmlNode) -> Version {
    let on = |node: &XmlNode, name: &str| node.attribute(name) == Some("true");
    let adapters = owner.list("Hardware/Network", "Adapter");
    let engines: Vec<_> =
        adapters.filter_map(|adapter| adapter.child("NAT").or_else(|| adapter.at("DisabledModes/NAT"))).collect();
    if engines.iter().any(|nat| on(nat, "enable-tftp")) {
        return (1, 21);
    }
    let foreign = owner.value("Platform@architecture").is_some_and(|architecture| architecture != "x86");
    let graphics = owner.value("Hardware/Display@controller").is_some_and(|kind| kind == "QemuRamFB");
    if foreign || graphics || engines.iter().any(|nat| on(nat, "forward-broadcast")) { PLATFORM } else { USUAL }
}

/// The boot order that machines have is not written.
fn usual_boot_order(owner: &mut XmlNode) {
    let Some(hardware) = owner.child_mut("Hardware") else { return };
    let order = hardware.list("Boot", "Order").map(|order| (order.attribute("position"), order.attribute("device")));
    let usual = [("1", "Floppy"), ("2", "DVD"), ("3", "HardDisk"), ("4", "None")];
    if order.eq(usual.map(|(position, device)| (Some(position), Some(device)))) {
        hardware.take_child("Boot");
    }
}

/// Puts the platform into the hardware.
fn platform(owner: &mut XmlNode) {
    let platform = owner.take_child("Platform");
    let Some(hardware) = owner.child_mut("Hardware") else { return };
    if let Some(mut platform) = platform {
        for name in ["RTC", "Chipset", "Iommu"] {
            hardware.children.extend(platform.take_child(name));
        }
        let mut x86 = platform.take_child("x86").unwrap_or_default();
        let cpu = platform.take_child("CPU");
        let own = x86.take_child("CPU");
        if cpu.is_some() || own.is_some() {
            let mut cpu = cpu.unwrap_or_else(|| XmlNode::new("CPU"));
            cpu.children.extend(own.into_iter().flat_map(|own| own.children));
            hardware.children.push(cpu);
        }
        hardware.children.extend(x86.take_child("HPET"));
        // What is unknown stays at the end; it is not for this version, but neither is it ours to drop.
        hardware.children.extend(platform.children);
    }
    if let Some(firmware) = hardware.child_mut("Firmware") {
        let settings = std::mem::take(&mut firmware.children);
        hardware.make("BIOS").children.extend(settings);
    }
    if let Some(ports) = hardware.child_mut("UART") {
        ports.children.iter_mut().for_each(|port| port.rename_attribute("IOAddress", "IOBase"));
    }
}
