//! `ISystemProperties` and `IPlatformProperties`: limits and what is supported. Facts read from VirtualBox 7.2.22.

use super::arguments::Arguments;
use super::state::{Address, State, one};
use super::value::{enumerated, parse, text};
use super::{Fault, Outcome};
use crate::model::RawValue;
use crate::schema::{Kind, Type};

/// What a storage bus is like.
pub(super) struct Bus {
    name: &'static str,
    pub(super) devices: i64,
    pub(super) least_ports: i64,
    pub(super) most_ports: i64,
    pub(super) default_ports: i64,
    pub(super) device_types: &'static [&'static str],
    controllers: &'static [&'static str],
    pub(super) default_controller: &'static str,
}

const BOTH: &[&str] = &["DVD", "HardDisk"];

const fn bus(
    name: &'static str,
    (devices, least_ports, most_ports, default_ports): (i64, i64, i64, i64),
    device_types: &'static [&'static str],
    controllers: &'static [&'static str],
    default_controller: &'static str,
) -> Bus {
    Bus { name, devices, least_ports, most_ports, default_ports, device_types, controllers, default_controller }
}

const BUSES: &[Bus] = &[
    bus("IDE", (2, 2, 2, 2), BOTH, &["PIIX4", "PIIX3", "ICH6"], "PIIX4"),
    bus("SATA", (1, 1, 30, 30), BOTH, &["IntelAhci"], "IntelAhci"),
    bus("SCSI", (1, 16, 16, 16), BOTH, &["LsiLogic", "BusLogic"], "LsiLogic"),
    bus("Floppy", (2, 1, 1, 1), &["Floppy"], &["I82078"], "I82078"),
    bus("SAS", (1, 1, 255, 8), BOTH, &["LsiLogicSas"], "LsiLogicSas"),
    bus("USB", (1, 8, 8, 8), BOTH, &["USB"], "USB"),
    bus("PCIe", (1, 1, 255, 1), &["HardDisk"], &["NVMe"], "NVMe"),
    bus("VirtioSCSI", (1, 1, 256, 1), BOTH, &["VirtioSCSI"], "VirtioSCSI"),
];

const NO_BUS: Bus = bus("Null", (0, 0, 0, 0), &[], &[], "");

impl Bus {
    pub(super) fn of(name: &str) -> &'static Self {
        BUSES.iter().find(|bus| bus.name == name).unwrap_or(&NO_BUS)
    }
}

/// The bus that a type of controller is for.
pub(super) fn bus_of(controller: &str) -> &'static str {
    BUSES.iter().find(|bus| bus.controllers.contains(&controller)).map_or("Null", |bus| bus.name)
}

/// How many controllers for a bus a chipset takes.
pub(super) fn instances(chipset: &str, bus: &str) -> i64 {
    match bus {
        "Null" => 0,
        "SATA" | "SCSI" | "SAS" | "PCIe" | "VirtioSCSI" if matches!(chipset, "ICH9" | "ARMv8Virtual") => 8,
        _ => 1,
    }
}

/// What differs on ARM.
const ARM: &[(&str, &str)] = &[
    ("parallelPortCount", "0"),
    ("supportedFirmwareTypes", "EFI,EFI32,EFI64,EFIDUAL"),
    ("supportedGfxControllerTypes", "QemuRamFB,VBoxSVGA,VMSVGA"),
    ("supportedNetworkAdapterTypes", "I82540EM,I82543GC,I82545EM,I82583V,Virtio,UsbNet"),
    ("supportedAudioControllerTypes", "AC97,HDA"),
    ("supportedBootDevices", "DVD,HardDisk"),
    ("supportedStorageBuses", "SATA,SCSI,SAS,USB,PCIe,VirtioSCSI"),
    ("supportedStorageControllerTypes", "IntelAhci,LsiLogic,LsiLogicSas,USB,NVMe,VirtioSCSI"),
    ("supportedChipsetTypes", "ARMv8Virtual"),
    ("supportedIommuTypes", "None"),
    ("supportedTpmTypes", "None,v2_0"),
];

fn enumeration(name: &'static str, values: &[&str]) -> RawValue {
    RawValue::List(values.iter().map(|value| enumerated(name, value)).collect())
}

impl State {
    /// The properties of a platform (`x86`, `ARM`).
    pub(super) fn platform_properties(&mut self, architecture: &str) -> Outcome<RawValue> {
        match architecture {
            "x86" => Ok(self.properties_object("IPlatformProperties").value("IPlatformProperties")),
            "ARM" => Ok(self.arm_properties().value("IPlatformProperties")),
            other => Err(Fault::argument(format!("`{other}` is no platform: x86 or ARM"))),
        }
    }

    fn arm_properties(&mut self) -> Address {
        let at = self.global_part("IPlatformProperties", "platformProperties", 1);
        if let Some(element) = self.global.get_mut(at.element) {
            for (name, written) in ARM {
                let kind = element.interface.attribute(name).map(|attribute| attribute.kind);
                if let Some(value) = kind.and_then(|kind| parse(kind, written)) {
                    element.set(name, value);
                }
            }
        }
        at
    }

    pub(super) fn read_properties(&mut self, at: Address, name: &str) -> Outcome<Option<RawValue>> {
        Ok(Some(match name {
            "platform" => self.properties_object("IPlatformProperties").value("IPlatformProperties"),
            "defaultMachineFolder" => text(self.default_machine_folder().to_string_lossy()),
            "mediumFormats" => {
                RawValue::List((0..super::media_formats::FORMATS.len()).map(|at| self.format_object(at)).collect())
            }
            "supportedGuestOSTypes" => {
                let arm = self.element(at)?.index == 1;
                super::os_types::for_architecture(if arm { "ARM" } else { "x86" })
            }
            name if name.starts_with("freeDiskSpace") => {
                return Err(Fault::not_in_virtualbox(format!("ISystemProperties.{name}")));
            }
            _ => return Ok(None),
        }))
    }

    pub(super) fn write_properties(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Outcome<bool> {
        let interface = self.element(at)?.interface;
        let Some(row) = super::table::find(interface, name).filter(|row| row.when != super::table::When::Never) else {
            return Ok(false);
        };
        let mut value = arguments.value(0);
        if name == "defaultMachineFolder" && !arguments.text(0).is_empty() {
            super::root::absolute(arguments.text(0)).map_err(|fault| Fault::argument(fault.message))?;
        }
        // An empty text restores the default.
        if value.as_text() == Some("") {
            value = row.default.clone();
        }
        self.element_mut(at)?.set(row.name, value);
        self.save_registry()?;
        Ok(true)
    }

    pub(super) fn call_properties(
        &mut self,
        at: Address,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<Option<Vec<RawValue>>> {
        let first = arguments.name(0);
        let number = |number: i64| one(RawValue::Int(number));
        match name {
            "getMaxNetworkAdapters" => number(super::defaults::adapter_count(first).into()),
            "getMaxNetworkAdaptersOfType" => number(match arguments.name(1) {
                "HostOnly" => 8,
                _ => super::defaults::adapter_count(first).into(),
            }),
            "getMaxDevicesPerPortForStorageBus" => number(Bus::of(first).devices),
            "getMinPortCountForStorageBus" => number(Bus::of(first).least_ports),
            "getMaxPortCountForStorageBus" => number(Bus::of(first).most_ports),
            "getMaxInstancesOfStorageBus" => number(instances(first, arguments.name(1))),
            "getDeviceTypesForStorageBus" => one(enumeration("DeviceType", Bus::of(first).device_types)),
            "getStorageControllerTypesForBus" => match Bus::of(first).controllers {
                [] => Err(Fault::new(super::fault::code::E_FAIL, format!("`{first}` is no storage bus"))),
                controllers => one(enumeration("StorageControllerType", controllers)),
            },
            "getStorageBusForControllerType" => match bus_of(first) {
                "Null" => Err(Fault::new(super::fault::code::E_FAIL, format!("`{first}` is no storage controller"))),
                bus => one(enumerated("StorageBus", bus)),
            },
            "getStorageControllerHotplugCapable" => one(RawValue::Bool(matches!(first, "IntelAhci" | "USB"))),
            "getMaxInstancesOfUSBControllerType" => {
                number(i64::from(matches!(arguments.name(1), "OHCI" | "EHCI" | "XHCI")))
            }
            "getSupportedVRAMRange" => {
                let (least, most) = match (first, arguments.flag(1)) {
                    ("Null", _) => return Err(Fault::argument("`Null` is no graphics controller")),
                    ("VMSVGA" | "VBoxSVGA", true) => (16, 256),
                    ("VMSVGA" | "VBoxSVGA", false) => (2, 256),
                    _ => (1, 256),
                };
                Ok(Some([1, least, most].map(RawValue::Int).to_vec()))
            }
            "getSupportedGfxFeaturesForType" if first == "Null" => {
                Err(Fault::argument("`Null` is no graphics controller"))
            }
            "getSupportedGfxFeaturesForType" => one(enumeration(
                "GraphicsFeature",
                if matches!(first, "VMSVGA" | "VBoxSVGA") { &["Acceleration3D"] } else { &[] },
            )),
            "getMinGuestRAM" => number(match first {
                "BIOS" => 4,
                "EFI32" => 64,
                _ => 80,
            }),
            "getDefaultIoCacheSettingForStorageController" => {
                one(RawValue::Bool(matches!(first, "PIIX3" | "PIIX4" | "ICH6" | "I82078")))
            }
            "getExecutionEnginesForVmCpuArchitecture" => {
                let engines = parse(Type::many(Kind::Enum("VMExecutionEngine")), "Default,HwVirt,Interpreter");
                one(engines.unwrap_or_default())
            }
            "getCPUProfiles" => one(self.cpu_profiles(first, arguments.text(1))),
            _ => {
                self.element(at)?;
                Ok(None)
            }
        }
    }

    fn cpu_profiles(&mut self, architecture: &str, pattern: &str) -> RawValue {
        let mut profiles = Vec::new();
        for (at, (name, kind)) in (0..).zip(PROFILES) {
            // A 64-bit machine may pose as a 32-bit processor.
            let fits = *kind == architecture || matches!(architecture, "Any" | "AMD64");
            if !fits || !super::guest_properties::fits(pattern, name) {
                continue;
            }
            let profile = self.global_part("ICPUProfile", "CPUProfile", at);
            if let Some(element) = self.global.get_mut(profile.element) {
                element.set("name", text(*name));
                element.set("fullName", text(*name));
                element.set("architecture", enumerated("CPUArchitecture", kind));
            }
            profiles.push(profile.value("ICPUProfile"));
        }
        RawValue::List(profiles)
    }
}

/// Processor profiles and their architectures.
const PROFILES: &[(&str, &str)] = &[
    ("Intel Core i7-6700K", "AMD64"),
    ("Intel Core i7-5600U", "AMD64"),
    ("Intel Core i5-3570", "AMD64"),
    ("Intel Core i7-3960X", "AMD64"),
    ("Intel Core i7-2635QM", "AMD64"),
    ("Intel Pentium N3530 2.16GHz", "AMD64"),
    ("Intel Atom 330 1.60GHz", "AMD64"),
    ("Intel Pentium M processor 2.00GHz", "x86"),
    ("Intel Xeon X5482 3.20GHz", "AMD64"),
    ("Intel Core2 X6800 2.93GHz", "AMD64"),
    ("Intel Core2 T7600 2.33GHz", "AMD64"),
    ("Intel Core Duo T2600 2.16GHz", "x86"),
    ("Intel Pentium 4 3.00GHz", "AMD64"),
    ("Intel 80486", "x86"),
    ("Intel 80386", "x86"),
    ("Intel 80286", "x86"),
    ("Intel 80186", "x86"),
    ("Intel 8086", "x86"),
    ("AMD Ryzen 7 1800X Eight-Core", "AMD64"),
    ("AMD FX-8150 Eight-Core", "AMD64"),
    ("AMD Phenom II X6 1100T", "AMD64"),
    ("Quad-Core AMD Opteron 2384", "AMD64"),
    ("AMD Athlon 64 X2 Dual Core 4200+", "AMD64"),
    ("AMD Athlon 64 3200+", "AMD64"),
    ("ZHAOXIN KaiXian KX-U5581 1.8GHz", "AMD64"),
    ("VIA QuadCore L4700 1.2+ GHz", "AMD64"),
    ("Hygon C86 7185 32-core", "AMD64"),
];
