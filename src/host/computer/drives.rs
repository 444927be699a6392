//! `IHostDrive`: the fixed disks of this computer and their partitions, from `/sys/block` and the disks themselves.

use super::line;
use super::partitions::{Partition, Table, read};
use crate::host::Outcome;
use crate::host::document::ROOT;
use crate::host::state::{Address, State};
use crate::host::value::{enumerated, text};
use crate::model::{EnumValue, RawValue, StructValue};
use crate::schema::embedded;
use std::path::Path;
use std::sync::Arc;

/// Sizes in `/sys` are in these.
const UNIT: i64 = 512;

impl State {
    pub(super) fn host_drives(&mut self) -> Outcome<RawValue> {
        let folder = self.computer.join("sys/block");
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let mut names: Vec<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.retain(|name| is_fixed_disk(&folder.join(name), name));
        names.sort();
        let drives = (0..).zip(&names).map(|(position, name)| self.drive(position, name).value("IHostDrive"));
        Ok(RawValue::List(drives.collect()))
    }

    fn drive(&mut self, position: u32, name: &str) -> Address {
        const ROLE: &str = "hostDrive";
        let known = self.global.children(ROOT, ROLE).into_iter();
        let path = format!("/dev/{name}");
        let same =
            known.into_iter().find(|id| self.global.get(*id).is_some_and(|drive| drive.text("drivePath") == path));
        let at = Address::global(same.unwrap_or_else(|| self.global.add("IHostDrive", ROOT, ROLE, position)));
        let folder = self.computer.join("sys/block").join(name);
        let fact = |file: &str| line(folder.join(file));
        if let Some(drive) = self.global.get_mut(at.element) {
            let sector = fact("queue/logical_block_size").parse().unwrap_or(UNIT);
            drive.set("drivePath", text(path));
            drive.set("sectorSize", RawValue::Int(sector));
            drive.set("size", RawValue::Int(fact("size").parse::<i64>().unwrap_or_default() * UNIT));
            drive.set("model", text(fact("device/model")));
        }
        at
    }

    /// What the disk itself says; it takes the right to read it.
    pub(in crate::host) fn read_host_drive(&mut self, at: Address, name: &str) -> Outcome<Option<RawValue>> {
        if !matches!(name, "partitioningType" | "uuid" | "partitions") {
            return Ok(None);
        }
        let drive = self.element(at)?;
        let path = self.computer.join(drive.text("drivePath").trim_start_matches('/'));
        let sector = u64::try_from(drive.int("sectorSize")).unwrap_or(512);
        let mut disk = std::fs::File::open(&path).map_err(|error| crate::host::Fault::file(&path, error))?;
        let table = read(&mut disk, sector);
        Ok(Some(match (name, table) {
            ("partitioningType", Some(Table::Gpt(..))) => enumerated("PartitioningType", "GPT"),
            ("partitioningType", _) => enumerated("PartitioningType", "MBR"),
            ("uuid", Some(Table::Gpt(id, _))) => text(id.to_string()),
            ("uuid", _) => text(uuid::Uuid::nil().to_string()),
            (_, Some(Table::Gpt(_, partitions) | Table::Mbr(partitions))) => {
                RawValue::List(partitions.iter().filter_map(structure).collect())
            }
            _ => RawValue::List(Vec::new()),
        }))
    }
}

/// A disk that stays in the computer: no loop device, memory, or mapping.
fn is_fixed_disk(folder: &Path, name: &str) -> bool {
    let fact = |file: &str| line(folder.join(file));
    let kind = fact("device/type");
    let known = kind == "0" || (kind.is_empty() && name.starts_with("nvme"));
    known && fact("removable") == "0" && fact("size").parse::<u64>().is_ok_and(|size| size > 0)
}

fn structure(partition: &Partition) -> Option<RawValue> {
    let interface = embedded().interface("IHostDrivePartition")?;
    let id = |id: Option<uuid::Uuid>| text(id.unwrap_or_default().to_string());
    let number = |number: u64| RawValue::Int(i64::try_from(number).unwrap_or(i64::MAX));
    let fields = interface.attributes().into_iter().map(|attribute| match attribute.name {
        "number" => number(partition.number.into()),
        "size" => number(partition.size),
        "start" => number(partition.start),
        "type" => kind(partition),
        "active" => RawValue::Bool(partition.active),
        "typeMBR" => number(partition.mbr_type.into()),
        "startCylinder" => number(partition.first[0].into()),
        "startHead" => number(partition.first[1].into()),
        "startSector" => number(partition.first[2].into()),
        "endCylinder" => number(partition.last[0].into()),
        "endHead" => number(partition.last[1].into()),
        "endSector" => number(partition.last[2].into()),
        "typeUuid" => id(partition.type_id),
        "uuid" => id(partition.id),
        _ => text(&partition.name),
    });
    Some(RawValue::Struct(Arc::new(StructValue { interface, fields: fields.collect() })))
}

/// Ids of types on GPT, with the names that the API has for them.
const GPT_TYPES: &[(&str, &str)] = &[
    ("c12a7328-f81f-11d2-ba4b-00a0c93ec93b", "EFI"),
    ("024dee41-33e7-11d3-9d69-0008c781f39f", "MBR"),
    ("e3c9e316-0b5c-4db8-817d-f92df00215ae", "WindowsMSR"),
    ("ebd0a0a2-b9e5-4433-87c0-68b6b72699c7", "WindowsBasicData"),
    ("5808c8aa-7e8f-42e0-85d2-e1e90434cfb3", "WindowsLDMMeta"),
    ("af9b60a0-1431-4f62-bc68-3311714a69ad", "WindowsLDMData"),
    ("de94bba4-06d1-4d40-a16a-bfd50179d6ac", "WindowsRecovery"),
    ("e75caf8f-f680-4cee-afa3-b001e56efc2d", "WindowsStorageSpaces"),
    ("0fc63daf-8483-4772-8e79-3d69d8477de4", "LinuxData"),
    ("a19d880f-05fc-4d3b-a006-743f0f84911e", "LinuxRAID"),
    ("44479540-f297-41b2-9af7-d131d5f0458a", "LinuxRootX86"),
    ("4f68bce3-e8cd-4db1-96e7-fbcaf984b709", "LinuxRootAMD64"),
    ("69dad710-2ce4-4e3c-b16c-21a1d49abed3", "LinuxRootARM32"),
    ("b921b045-1df0-41c3-af44-4c6f280d3fae", "LinuxRootARM64"),
    ("933ac7e1-2eb4-4f13-b844-0e14e2aef915", "LinuxHome"),
    ("3b8f8425-20e0-4f3b-907f-1a25a76f98e8", "LinuxSrv"),
    ("0657fd6d-a4ab-43c4-84e5-0933c84b4f4f", "LinuxSwap"),
    ("e6d6d379-f507-44c2-a23c-238f2a3df928", "LinuxLVM"),
    ("ca7d7ccb-63ed-4c53-861c-1742536059cc", "LinuxLUKS"),
];

fn kind(partition: &Partition) -> RawValue {
    let unknown = enumerated("PartitionType", "Unknown");
    match partition.type_id {
        Some(id) => {
            let id = id.to_string();
            GPT_TYPES
                .iter()
                .find(|(known, _)| *known == id)
                .map_or(unknown, |(_, name)| enumerated("PartitionType", name))
        }
        None => {
            let number = i64::from(partition.mbr_type);
            let enumeration = embedded().enumeration("PartitionType");
            let known = enumeration.filter(|kinds| kinds.values.iter().any(|value| value.number == number));
            known.map_or(unknown, |enumeration| RawValue::Enum(EnumValue { enumeration, number }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_have_the_names_of_the_api() {
        for (id, name) in GPT_TYPES {
            let partition = Partition { type_id: id.parse().ok(), ..Partition::default() };
            assert_eq!(crate::host::value::name_of(&kind(&partition)), *name);
        }
        let linux = Partition { mbr_type: 0x83, ..Partition::default() };
        assert_eq!(crate::host::value::name_of(&kind(&linux)), "Linux");
        let odd = Partition { mbr_type: 0x77, ..Partition::default() };
        assert_eq!(crate::host::value::name_of(&kind(&odd)), "Unknown");
        assert!(structure(&linux).is_some());
    }
}
