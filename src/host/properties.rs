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
    /// Whether there are controllers for it.
    pub(super) fn check(name: &str) -> Outcome {
        match Self::of(name).default_controller {
            "" => Err(Fault::argument(format!("`{name}` is no storage bus"))),
            _ => Ok(()),
        }
    }

    pub(super) fn of(name: &str) -> &'static Self {
        BUSES.iter().find(|bus| bus.name == name).unwrap_or(&NO_BUS)
    }
}

/// The bus that a type of controller is for.
pub(super) fn bus_of(controller: &str) -> &'static str {
    BUSES.iter().find(|bus| bus.controllers.contains(&controller)).map_or("Null", |bus| bus.name)
}

/// How many network adapters a chipset takes.
fn adapters(chipset: &str) -> i64 {
    match chipset {
        "Null" => 0,
        "ARMv8Virtual" => 64,
        chipset => super::defaults::adapter_count(chipset).into(),
    }
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
                RawValue::List((0..super::media::formats::FORMATS.len()).map(|at| self.format_object(at)).collect())
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
        if name.starts_with("freeDiskSpace") {
            return Err(Fault::not_in_virtualbox(format!("ISystemProperties.{name} (writing)")));
        }
        let Some(row) = super::table::find(interface, name).filter(|row| row.when != super::table::When::Never) else {
            return Ok(false);
        };
        let mut value = arguments.value(0);
        if let Some(checked) = super::property_checks::check(name, arguments.text(0), &row.default)? {
            value = checked;
        }
        // An empty text restores the default.
        if value.as_text() == Some("") {
            value = row.default.clone();
        }
        self.element_mut(at)?.set(row.name, value.clone());
        self.save_registry()?;
        if name == "languageId" {
            self.fire("OnLanguageChanged", vec![("languageId", value)]);
        }
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
        let element = self.element(at)?;
        let arm = element.interface.name == "IPlatformProperties" && element.index == 1;
        match name {
            "getMaxNetworkAdapters" => number(adapters(first)),
            "getMaxNetworkAdaptersOfType" => number(match arguments.name(1) {
                "HostOnly" => adapters(first).min(8),
                _ => adapters(first),
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
            "getStorageControllerHotplugCapable" if first == "Null" => {
                Err(Fault::new(super::fault::code::E_FAIL, "`Null` is no storage controller"))
            }
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
            "getMinGuestRAM" if arm && first == "BIOS" => Err(Fault::argument("ARM machines have no BIOS")),
            "getMinGuestRAM" => number(match first {
                _ if arm => 1024,
                "BIOS" => 4,
                "EFI32" => 64,
                _ => 80,
            }),
            "getDefaultIoCacheSettingForStorageController" => {
                one(RawValue::Bool(matches!(first, "PIIX3" | "PIIX4" | "ICH6" | "I82078")))
            }
            "getExecutionEnginesForVmCpuArchitecture" => {
                let engines = match first {
                    "x86" | "AMD64" => "Default,HwVirt,Interpreter",
                    "ARMv8_64" => "Default",
                    _ => "",
                };
                let engines = parse(Type::many(Kind::Enum("VMExecutionEngine")), engines);
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
        for (at, (name, full_name, kind)) in (0..).zip(PROFILES) {
            // A 64-bit machine may pose as a 32-bit processor.
            let fits = *kind == architecture || architecture == "Any" || (architecture == "AMD64" && *kind == "x86");
            if !fits || !super::guest_properties::fits(pattern, name) {
                continue;
            }
            let profile = self.global_part("ICPUProfile", "CPUProfile", at);
            if let Some(element) = self.global.get_mut(profile.element) {
                element.set("name", text(*name));
                element.set("fullName", text(*full_name));
                element.set("architecture", enumerated("CPUArchitecture", kind));
            }
            profiles.push(profile.value("ICPUProfile"));
        }
        RawValue::List(profiles)
    }
}

/// Processor profiles: name, what the processor calls itself, architecture.
const PROFILES: &[(&str, &str, &str)] = &[
    ("Intel Core i7-6700K", "Intel(R) Core(TM) i7-6700K CPU @ 4.00GHz", "AMD64"),
    ("Intel Core i7-5600U", "Intel(R) Core(TM) i7-5600U CPU @ 2.60GHz", "AMD64"),
    ("Intel Core i5-3570", "Intel(R) Core(TM) i5-3570 CPU @ 3.40GHz", "AMD64"),
    ("Intel Core i7-3960X", "Intel(R) Core(TM) i7-3960X CPU @ 3.30GHz", "AMD64"),
    ("Intel Core i7-2635QM", "Intel(R) Core(TM) i7-2635QM CPU @ 2.00GHz", "AMD64"),
    ("Intel Pentium N3530 2.16GHz", "Intel(R) Pentium(R) CPU  N3530  @ 2.16GHz", "AMD64"),
    ("Intel Atom 330 1.60GHz", "Intel(R) Atom(TM) CPU  330   @ 1.60GHz", "AMD64"),
    ("Intel Pentium M processor 2.00GHz", "Intel(R) Pentium(R) M processor 2.00GHz", "x86"),
    ("Intel Xeon X5482 3.20GHz", "Intel(R) Xeon(R) CPU           X5482  @ 3.20GHz", "AMD64"),
    ("Intel Core2 X6800 2.93GHz", "Intel(R) Core(TM)2 CPU         X6800  @ 2.93GHz", "AMD64"),
    ("Intel Core2 T7600 2.33GHz", "Intel(R) Core(TM)2 CPU         T7600  @ 2.33GHz", "AMD64"),
    ("Intel Core Duo T2600 2.16GHz", "Genuine Intel(R) CPU           T2600  @ 2.16GHz", "x86"),
    ("Intel Pentium 4 3.00GHz", "Intel(R) Pentium(R) 4 CPU 3.00GHz", "AMD64"),
    ("Intel 80486", "Intel(R) 80486DX2", "x86"),
    ("Intel 80386", "Intel(R) 80386", "x86"),
    ("Intel 80286", "Intel(R) 80286", "x86"),
    ("Intel 80186", "Intel(R) 80186", "x86"),
    ("Intel 8086", "Intel(R) 8086", "x86"),
    ("AMD Ryzen 7 1800X Eight-Core", "AMD Ryzen 7 1800X Eight-Core Processor", "AMD64"),
    ("AMD FX-8150 Eight-Core", "AMD FX(tm)-8150 Eight-Core Processor", "AMD64"),
    ("AMD Phenom II X6 1100T", "AMD Phenom(tm) II X6 1100T Processor", "AMD64"),
    ("Quad-Core AMD Opteron 2384", "Quad-Core AMD Opteron(tm) Processor 2384", "AMD64"),
    ("AMD Athlon 64 X2 Dual Core 4200+", "AMD Athlon(tm) 64 X2 Dual Core Processor 4200+", "AMD64"),
    ("AMD Athlon 64 3200+", "AMD Athlon(tm) 64 Processor 3200+", "AMD64"),
    ("ZHAOXIN KaiXian KX-U5581 1.8GHz", "ZHAOXIN KaiXian KX-U5581@1.8GHz", "AMD64"),
    ("VIA QuadCore L4700 1.2+ GHz", "VIA QuadCore L4700 @ 1.2+ GHz", "AMD64"),
    ("Hygon C86 7185 32-core", "Hygon C86 7185 32-core Processor", "AMD64"),
    ("Apple M1", "Apple M1", "ARMv8_64"),
    ("Apple M2 Max", "Apple M2 Max", "ARMv8_64"),
    ("Apple M3 Max", "Apple M3 Max", "ARMv8_64"),
    ("Qualcomm_Snapdragon_8cx_Gen_3", "Qualcomm_Snapdragon_8cx_Gen_3", "ARMv8_64"),
    ("Qualcomm Snapdragon X", "Snapdragon(R) X Elite - X1E80100 - Qualcomm(R) Oryon(TM) CPU", "ARMv8_64"),
    ("ARM_Cortex_X925_A725", "ARM_Cortex_X925_A725", "ARMv8_64"),
];
