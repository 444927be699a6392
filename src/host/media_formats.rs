//! The formats of media: what each can do, and which files it takes. Facts read from VirtualBox 7.2.22.

use super::Outcome;
use super::document::ElementId;
use super::state::{State, gone};
use super::value::{enumerated, text, texts};
use crate::model::RawValue;

/// Formats: id, capabilities, extensions, what an extension is for.
pub(super) const FORMATS: &[(&str, &str, &str, &str)] = &[
    (
        "VMDK",
        "Uuid,CreateFixed,CreateDynamic,CreateSplit2G,Differencing,Asynchronous,File,VFS,Preferred",
        "vmdk",
        "HardDisk",
    ),
    ("VDI", "Uuid,CreateFixed,CreateDynamic,Differencing,Asynchronous,File,VFS,Discard,Preferred", "vdi", "HardDisk"),
    ("VHD", "Uuid,CreateFixed,CreateDynamic,Differencing,Asynchronous,File,VFS,Preferred", "vhd", "HardDisk"),
    ("Parallels", "CreateDynamic,Differencing,Asynchronous,File,VFS", "hdd", "HardDisk"),
    ("DMG", "File,VFS", "dmg", "DVD"),
    ("QED", "CreateDynamic,Differencing,Asynchronous,File,VFS", "qed", "HardDisk"),
    ("QCOW", "CreateDynamic,Differencing,Asynchronous,File,VFS", "qcow,qcow2", "HardDisk,HardDisk"),
    ("VHDX", "File,VFS", "vhdx", "HardDisk"),
    ("CUE", "File,VFS", "cue", "DVD"),
    ("VBoxIsoMaker", "File", "viso", "DVD"),
    (
        "RAW",
        "CreateFixed,Asynchronous,File,VFS",
        "iso,cdr,img,ima,dsk,flp,vfd",
        "DVD,DVD,Floppy,Floppy,Floppy,Floppy,Floppy",
    ),
    ("iSCSI", "Asynchronous,Properties,TcpNetworking", "", ""),
];

pub(super) fn format(wanted: &str) -> Option<&'static (&'static str, &'static str, &'static str, &'static str)> {
    FORMATS.iter().find(|known| known.0.eq_ignore_ascii_case(wanted))
}

impl State {
    pub(super) fn format_object(&mut self, at: usize) -> RawValue {
        self.global_part("IMediumFormat", "mediumFormat", u32::try_from(at).unwrap_or_default()).value("IMediumFormat")
    }

    pub(super) fn read_medium_format(&self, element: ElementId, name: &str) -> Option<RawValue> {
        let known = FORMATS.get(self.global.get(element)?.index as usize)?;
        match name {
            "id" | "name" => Some(text(known.0)),
            "capabilities" => Some(RawValue::List(
                known.1.split(',').map(|name| enumerated("MediumFormatCapabilities", name)).collect(),
            )),
            _ => None,
        }
    }

    pub(super) fn call_medium_format(&self, element: ElementId, name: &str) -> Outcome<Option<Vec<RawValue>>> {
        let known =
            self.global.get(element).and_then(|element| FORMATS.get(element.index as usize)).ok_or_else(gone)?;
        let words = |list: &'static str| list.split(',').filter(|word| !word.is_empty());
        match name {
            "describeFileExtensions" => {
                let devices = words(known.3).map(|device| enumerated("DeviceType", device)).collect();
                Ok(Some(vec![texts(words(known.2)), RawValue::List(devices)]))
            }
            _ => Ok(None),
        }
    }
}
