//! Formats that are recognised and whose size is told, but whose content is not read: QED, QCOW, Parallels, DMG, VHDX.

use super::file::{Bytes, DiskFile};
use super::{Extent, Facts, Format, Image, Result, SECTOR, Variant, damaged, unsupported};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// Larger disks than this are a damaged header.
const LARGEST: u64 = 1 << 60;

struct Foreign {
    facts: Facts,
    path: PathBuf,
}

/// The format of a file by its first bytes, or its last ones.
pub(super) fn identify(head: &[u8], file: &mut DiskFile) -> Result<Option<Format>> {
    Ok(if head.starts_with(b"QED\0") {
        Some(Format::Qed)
    } else if head.starts_with(b"QFI\xfb") {
        Some(Format::Qcow)
    } else if head.starts_with(b"WithoutFreeSpace") || head.starts_with(b"WithouFreSpacExt") {
        Some(Format::Parallels)
    } else if head.starts_with(b"vhdxfile") {
        Some(Format::Vhdx)
    } else if trailer(file)?.starts_with(b"koly") {
        Some(Format::Dmg)
    } else {
        None
    })
}

fn trailer(file: &mut DiskFile) -> Result<Vec<u8>> {
    let mut bytes = vec![0; 512];
    match file.length().checked_sub(512) {
        Some(at) => file.read(at, &mut bytes)?,
        None => bytes.clear(),
    }
    Ok(bytes)
}

pub(super) fn open(path: &Path, format: Format, writable: bool) -> Result<Box<dyn Image>> {
    let mut file = DiskFile::open(path, writable)?;
    let mut head = vec![0; usize::try_from(file.length().min(512)).unwrap_or(0)];
    file.read(0, &mut head)?;
    if identify(&head, &mut file)? != Some(format) {
        return damaged(format!("it is no {} image", format.name()));
    }
    let (size, difference) = match format {
        Format::Qed => (head.le64(48), head.le64(16) & 1 != 0),
        Format::Qcow => {
            if !(1..=3).contains(&head.be32(4)) {
                return unsupported(format!("QCOW images of the version {} are not supported", head.be32(4)));
            }
            (head.be64(24), head.be64(8) != 0)
        }
        Format::Parallels => {
            // Only the newer kind counts sectors with 64 bits.
            let sectors = if head.starts_with(b"WithoutFreeSpace") { head.le32(36).into() } else { head.le64(36) };
            (sectors.saturating_mul(SECTOR), false)
        }
        Format::Dmg => (trailer(&mut file)?.be64(492).saturating_mul(SECTOR), false),
        _ => (vhdx_size(&mut file)?, false),
    };
    if size == 0 || size > LARGEST {
        return damaged(format!("it claims {size} bytes"));
    }
    let variant = Variant(if difference { Variant::DIFF } else { 0 });
    let facts = Facts { format, id: Uuid::nil(), parent: None, size, variant };
    Ok(Box::new(Foreign { facts, path: path.to_owned() }))
}

/// The size stands in the metadata, whose place stands in the table of regions.
fn vhdx_size(file: &mut DiskFile) -> Result<u64> {
    let find = |table: &[u8], first: usize, count: usize, entry: usize, id: &str| {
        (0..count).map(|at| first + at * entry).find(|at| table.id(*at).to_string() == id && at + entry <= table.len())
    };
    let mut regions = vec![0; 64 << 10];
    file.read(192 << 10, &mut regions)?;
    let count = (regions.le32(8) as usize).min(2047);
    let region = find(&regions, 16, count, 32, "8b7ca206-4790-4b9a-b8fe-575f050f886e");
    let Some(region) = region.filter(|_| regions.starts_with(b"regi")) else {
        return damaged("its metadata are not found");
    };
    let place = regions.le64(region + 16);
    let mut table = vec![0; 64 << 10];
    file.read(place, &mut table)?;
    let count = (table.le16(10) as usize).min(2047);
    let item = find(&table, 32, count, 32, "2fa54224-cd1b-4876-b211-5dbed83bf4b8");
    let Some(item) = item.filter(|_| table.starts_with(b"metadata")) else {
        return damaged("its metadata do not tell the size");
    };
    let mut size = [0; 8];
    match place.checked_add(table.le32(item + 16).into()) {
        Some(at) => file.read(at, &mut size)?,
        None => return damaged("its metadata are beyond the end"),
    }
    Ok(u64::from_le_bytes(size))
}

impl Foreign {
    fn refuse<T>(&self) -> Result<T> {
        unsupported(format!("this host does not read the content of {} images", self.facts.format.name()))
    }
}

impl Image for Foreign {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn unit(&self) -> u64 {
        1
    }

    fn extent(&mut self, _at: u64, _length: u64) -> Result<(Extent, u64)> {
        self.refuse()
    }

    fn read(&mut self, _at: u64, _bytes: &mut [u8]) -> Result {
        self.refuse()
    }

    fn write(&mut self, _at: u64, _bytes: &[u8]) -> Result {
        self.refuse()
    }

    fn set_ids(&mut self, _id: Uuid, _parent: Option<Uuid>) -> Result {
        unsupported(format!("{} images keep no ids", self.facts.format.name()))
    }

    fn flush(&mut self) -> Result {
        Ok(())
    }

    fn files(&self) -> Vec<PathBuf> {
        vec![self.path.clone()]
    }
}
