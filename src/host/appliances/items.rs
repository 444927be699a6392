//! The hardware items of a virtual system in OVF. Which of them VirtualBox 7.2.22 knows, and how it reads them.

use super::envelope::{Disk, wrong};
use crate::host::Outcome;
use crate::host::xml::XmlNode;
use std::collections::BTreeMap;

/// What the items of a system say.
#[derive(Clone, Debug, Default)]
pub(super) struct Hardware {
    pub(super) processors: u64,
    /// In bytes; 0: not said.
    pub(super) memory: u64,
    /// By their instance ids.
    pub(super) controllers: BTreeMap<String, Controller>,
    pub(super) adapters: Vec<Adapter>,
    /// By the ids of the disks: a disk is in one place.
    pub(super) disks: BTreeMap<String, Place>,
    pub(super) floppy: bool,
    pub(super) cdrom: bool,
    pub(super) usb: bool,
    /// Type of the sound card.
    pub(super) sound: Option<String>,
    /// Path of the file that the firmware keeps.
    pub(super) nvram: Option<String>,
}

/// Kinds of storage controllers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bus {
    Ide,
    Sata,
    Scsi,
    Sas,
    VirtioScsi,
    Nvme,
}

/// A storage controller.
#[derive(Clone, Debug)]
pub(super) struct Controller {
    pub(super) bus: Bus,
    /// Type, as it is written.
    pub(super) subtype: String,
}

/// A network adapter, as it is written.
#[derive(Clone, Debug)]
pub(super) struct Adapter {
    pub(super) subtype: String,
    pub(super) connection: String,
}

/// Where a disk is.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Instance id of its controller.
    pub(super) controller: String,
    pub(super) channel: u32,
}

/// Items stand in three elements since version 2.0.
const ELEMENTS: [&str; 3] = ["Item", "StorageItem", "EthernetPortItem"];

/// Reads a section. `file` gives the path of a file by its id.
///
/// # Errors
/// An item is of a type that VirtualBox does not know, or names a place or a disk that is not there.
pub(super) fn read(
    section: &XmlNode,
    disks: &BTreeMap<String, Disk>,
    file: &dyn Fn(&str) -> Option<String>,
) -> Outcome<Hardware> {
    let mut hardware = Hardware { processors: 1, ..Hardware::default() };
    let mut drives = Vec::new();
    for item in section.children.iter().filter(|child| ELEMENTS.contains(&child.name.as_str())) {
        let text = |name: &str| item.child(name).map(|node| node.text.trim()).unwrap_or_default();
        let id = text("InstanceID").to_owned() + text("InstanceId");
        let kind = text("ResourceType").parse().ok().filter(|kind| *kind != 0);
        match kind.ok_or_else(|| wrong(format!("the hardware item `{id}` has no `ResourceType`")))? {
            // Other hardware.
            1 => {}
            3 => hardware.processors = text("VirtualQuantity").parse().unwrap_or(1),
            4 => hardware.memory = memory(text("VirtualQuantity"), text("AllocationUnits"))?,
            kind @ (5 | 6 | 20) => {
                let controller = controller(kind, text("ResourceSubType"))?;
                hardware.controllers.insert(id, controller);
            }
            10 => hardware.adapters.push(Adapter {
                subtype: text("ResourceSubType").to_owned(),
                connection: text("Connection").to_owned(),
            }),
            14 => hardware.floppy = true,
            kind @ (15 | 17) => drives.push((kind, id, item)),
            23 => hardware.usb = true,
            35 => hardware.sound = Some(text("ResourceSubType").to_owned()),
            32_768 => {
                let id = text("HostResource").rsplit('/').next().unwrap_or_default();
                let path = file(id).ok_or_else(|| wrong(format!("the file `{id}` of the firmware is not listed")))?;
                hardware.nvram = Some(path);
            }
            _ if item.attribute("required") == Some("false") => {}
            other => return Err(wrong(format!("the hardware item `{id}` has the unknown type {other}"))),
        }
    }
    // Controllers may stand behind what is attached to them.
    for (kind, id, item) in drives {
        let text = |name: &str| item.child(name).map(|node| node.text.trim()).unwrap_or_default();
        if kind == 15 {
            hardware.cdrom = true;
        }
        let (parent, resource) = (text("Parent"), text("HostResource"));
        if !hardware.controllers.contains_key(parent) {
            return Err(wrong(format!(
                "the drive `{id}` is attached to the controller `{parent}`, which is not there"
            )));
        }
        if kind == 15 && resource.is_empty() {
            continue;
        }
        let path = resource.strip_prefix("ovf:").unwrap_or(resource);
        let disk = path.strip_prefix("/disk/").filter(|disk| disks.contains_key(*disk));
        let disk =
            disk.ok_or_else(|| wrong(format!("the drive `{id}` has the disk `{resource}`, which is not there")))?;
        let channel = text("AddressOnParent").parse().unwrap_or_default();
        hardware.disks.insert(disk.to_owned(), Place { controller: parent.to_owned(), channel });
    }
    Ok(hardware)
}

/// Bytes of memory.
fn memory(quantity: &str, units: &str) -> Outcome<u64> {
    // A fraction is cut off.
    let whole = quantity.split('.').next().unwrap_or_default();
    let count: u64 = whole.parse().map_err(|_| wrong(format!("`{quantity}` is no amount of memory")))?;
    let unit = match units {
        "MegaBytes" | "MB" | "byte * 2^20" => 1 << 20,
        "GigaBytes" | "GB" | "byte * 2^30" => 1 << 30,
        other => return Err(wrong(format!("`{other}` is no unit of memory"))),
    };
    count.checked_mul(unit).ok_or_else(|| wrong(format!("{quantity} {units} of memory are too much")))
}

fn controller(kind: u32, subtype: &str) -> Outcome<Controller> {
    let lower = subtype.to_ascii_lowercase();
    let bus = match (kind, lower.as_str()) {
        (5, _) => Bus::Ide,
        (6, "lsilogicsas") => Bus::Sas,
        (6, _) => Bus::Scsi,
        (_, "ahci" | "vmware.sata.ahci") => Bus::Sata,
        (_, "virtioscsi") => Bus::VirtioScsi,
        (_, "nvme" | "vmware.nvme.controller") => Bus::Nvme,
        _ => return Err(wrong(format!("`{subtype}` is no known storage controller: AHCI, VirtioSCSI or NVMe"))),
    };
    Ok(Controller { bus, subtype: subtype.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(items: &str) -> Outcome<Hardware> {
        let section = XmlNode::parse(&format!("<VirtualHardwareSection>{items}</VirtualHardwareSection>")).unwrap();
        let disks = BTreeMap::from([("d".to_owned(), Disk::default())]);
        read(&section, &disks, &|id| (id == "f").then(|| "m.nvram".to_owned()))
    }

    fn item(kind: u32, rest: &str) -> String {
        format!("<Item><InstanceID>9</InstanceID><ResourceType>{kind}</ResourceType>{rest}</Item>")
    }

    #[test]
    fn items_are_read_in_any_order() {
        let disk =
            item(17, "<Parent>5</Parent><AddressOnParent>3</AddressOnParent><HostResource>ovf:/disk/d</HostResource>");
        let sata = "<StorageItem><InstanceID>5</InstanceID><ResourceType>20</ResourceType><ResourceSubType>ahci</ResourceSubType></StorageItem>";
        let memory = item(4, "<VirtualQuantity>1.5</VirtualQuantity><AllocationUnits>GigaBytes</AllocationUnits>");
        let nvram = item(32_768, "<HostResource>ovf:/file/f</HostResource>");
        let read = items(&format!("{disk}{sata}{memory}{nvram}{}", item(35, ""))).unwrap();
        assert_eq!((read.memory, read.disks["d"].channel, read.controllers["5"].bus), (1 << 30, 3, Bus::Sata));
        assert_eq!((read.nvram.as_deref(), read.sound.as_deref()), (Some("m.nvram"), Some("")));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let foreign = item(24, "");
        assert!(items(&foreign).unwrap_err().message.contains("24"));
        assert!(items(&foreign.replace("<Item>", "<Item required='false'>")).is_ok());
        assert!(items("<Item/>").is_err());
        assert!(items(&item(17, "<Parent>5</Parent>")).unwrap_err().message.contains('5'));
        assert!(items(&item(20, "<ResourceSubType>nonsense</ResourceSubType>")).is_err());
        let ide = "<Item><InstanceID>5</InstanceID><ResourceType>5</ResourceType></Item>";
        let lost = item(17, "<Parent>5</Parent><HostResource>ovf:/disk/x</HostResource>");
        assert!(items(&format!("{ide}{lost}")).unwrap_err().message.contains("ovf:/disk/x"));
        let huge = "<VirtualQuantity>99999999999999999</VirtualQuantity><AllocationUnits>GB</AllocationUnits>";
        for memory in [huge, "<VirtualQuantity>5</VirtualQuantity><AllocationUnits>furlongs</AllocationUnits>"] {
            assert!(items(&item(4, memory)).is_err());
        }
    }
}
