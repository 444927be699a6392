//! The formats of media: what each can do, which files it takes, its properties. Facts read from VirtualBox 7.2.22.

use super::super::Outcome;
use super::super::document::ElementId;
use super::super::state::{State, gone};
use super::super::value::{enumerated, text, texts};
use crate::model::RawValue;

/// A format.
pub(in crate::host) struct Known {
    pub(in crate::host) id: &'static str,
    /// Names of `MediumFormatCapabilities`, apart by commas.
    capabilities: &'static str,
    /// Extensions without dots, the preferred one first, each with what it is for.
    extensions: &'static [(&'static str, &'static str)],
    pub(super) properties: &'static [Property],
}

/// A property that media of a format have.
pub(super) struct Property {
    pub(super) name: &'static str,
    /// Name of a `DataType`.
    kind: &'static str,
    /// Flags of `DataFlags`.
    flags: i64,
    default: &'static str,
}

const fn property(name: &'static str, kind: &'static str, flags: i64, default: &'static str) -> Property {
    Property { name, kind, flags, default }
}

const MANDATORY: i64 = 1;
const EXPERT: i64 = 2;

pub(in crate::host) const FORMATS: &[Known] = &[
    Known {
        id: "VMDK",
        capabilities: "Uuid,CreateFixed,CreateDynamic,CreateSplit2G,Differencing,Asynchronous,File,VFS,Preferred",
        extensions: &[("vmdk", "HardDisk")],
        properties: &[
            property("RawDrive", "String", 0, ""),
            property("Partitions", "String", 0, ""),
            property("BootSector", "Int8", 0, ""),
            property("Relative", "Int32", 0, ""),
        ],
    },
    Known {
        id: "VDI",
        capabilities: "Uuid,CreateFixed,CreateDynamic,Differencing,Asynchronous,File,VFS,Discard,Preferred",
        extensions: &[("vdi", "HardDisk")],
        properties: &[property("AllocationBlockSize", "Int32", 4, "1048576")],
    },
    Known {
        id: "VHD",
        capabilities: "Uuid,CreateFixed,CreateDynamic,Differencing,Asynchronous,File,VFS,Preferred",
        extensions: &[("vhd", "HardDisk")],
        properties: &[],
    },
    Known {
        id: "Parallels",
        capabilities: "CreateDynamic,Differencing,Asynchronous,File,VFS",
        extensions: &[("hdd", "HardDisk")],
        properties: &[],
    },
    Known { id: "DMG", capabilities: "File,VFS", extensions: &[("dmg", "DVD")], properties: &[] },
    Known {
        id: "QED",
        capabilities: "CreateDynamic,Differencing,Asynchronous,File,VFS",
        extensions: &[("qed", "HardDisk")],
        properties: &[],
    },
    Known {
        id: "QCOW",
        capabilities: "CreateDynamic,Differencing,Asynchronous,File,VFS",
        extensions: &[("qcow", "HardDisk"), ("qcow2", "HardDisk")],
        properties: &[],
    },
    Known { id: "VHDX", capabilities: "File,VFS", extensions: &[("vhdx", "HardDisk")], properties: &[] },
    Known { id: "CUE", capabilities: "File,VFS", extensions: &[("cue", "DVD")], properties: &[] },
    Known {
        id: "VBoxIsoMaker",
        capabilities: "File",
        extensions: &[("viso", "DVD")],
        properties: &[property("UnattendedInstall", "String", EXPERT, "")],
    },
    Known {
        id: "RAW",
        capabilities: "CreateFixed,Asynchronous,File,VFS",
        extensions: &[
            ("iso", "DVD"),
            ("cdr", "DVD"),
            ("img", "Floppy"),
            ("ima", "Floppy"),
            ("dsk", "Floppy"),
            ("flp", "Floppy"),
            ("vfd", "Floppy"),
        ],
        properties: &[],
    },
    Known {
        id: "iSCSI",
        capabilities: "Asynchronous,Properties,TcpNetworking",
        extensions: &[],
        properties: &[
            property("TargetName", "String", MANDATORY, ""),
            property("LUN", "String", MANDATORY, "0"),
            property("TargetAddress", "String", MANDATORY, ""),
            property("InitiatorName", "String", 0, ""),
            property("InitiatorUsername", "String", 0, ""),
            property("InitiatorSecret", "Int8", 0, ""),
            property("TargetUsername", "String", EXPERT, ""),
            property("TargetSecret", "Int8", EXPERT, ""),
            property("WriteSplit", "Int32", EXPERT, "262144"),
            property("Timeout", "Int32", EXPERT, "10000"),
            property("HostIPStack", "Int32", EXPERT, "1"),
            property("DumpMalformedPackets", "Int32", EXPERT, "0"),
        ],
    },
];

/// The format of that id, in whatever case.
pub(in crate::host) fn format(wanted: &str) -> Option<&'static Known> {
    FORMATS.iter().find(|known| known.id.eq_ignore_ascii_case(wanted))
}

impl Known {
    /// Whether it has that capability.
    pub(super) fn can(&self, capability: &str) -> bool {
        self.capabilities.split(',').any(|known| known == capability)
    }

    pub(super) fn extensions(&self) -> impl Iterator<Item = &'static str> {
        self.extensions.iter().map(|(extension, _)| *extension)
    }
}

impl State {
    pub(in crate::host) fn format_object(&mut self, at: usize) -> RawValue {
        self.global_part("IMediumFormat", "mediumFormat", u32::try_from(at).unwrap_or_default()).value("IMediumFormat")
    }

    pub(in crate::host) fn read_medium_format(&self, element: ElementId, name: &str) -> Option<RawValue> {
        let known = FORMATS.get(self.global.get(element)?.index as usize)?;
        match name {
            "id" | "name" => Some(text(known.id)),
            "capabilities" => {
                // One element for each bit of the number that the real thing keeps.
                let all = crate::schema::embedded().enumeration("MediumFormatCapabilities");
                let flag = |bit: u32| {
                    let name = all.and_then(|all| all.name_of(1 << bit)).filter(|name| known.can(name));
                    name.map(|name| enumerated("MediumFormatCapabilities", name))
                };
                Some(RawValue::List((0..12).filter_map(flag).collect()))
            }
            _ => None,
        }
    }

    pub(in crate::host) fn call_medium_format(&self, element: ElementId, name: &str) -> Outcome<Option<Vec<RawValue>>> {
        let known =
            self.global.get(element).and_then(|element| FORMATS.get(element.index as usize)).ok_or_else(gone)?;
        match name {
            "describeFileExtensions" => {
                let devices = known.extensions.iter().map(|(_, device)| enumerated("DeviceType", device)).collect();
                Ok(Some(vec![texts(known.extensions()), RawValue::List(devices)]))
            }
            "describeProperties" => {
                let all = || known.properties.iter();
                Ok(Some(vec![
                    texts(all().map(|property| property.name)),
                    texts(all().map(|_| "")),
                    RawValue::List(all().map(|property| enumerated("DataType", property.kind)).collect()),
                    RawValue::List(all().map(|property| RawValue::Int(property.flags)).collect()),
                    texts(all().map(|property| property.default)),
                ]))
            }
            _ => Ok(None),
        }
    }
}
