//! `IMediumIO`: reading and writing the bytes of a disk.

use super::super::arguments::Arguments;
use super::super::document::{ElementId, ROOT};
use super::super::fault::code;
use super::super::images::{Chain, Image, ImageError, Result};
use super::super::state::{Address, State, gone, nothing, one};
use super::super::{Fault, Outcome};
use super::image_fault;
use crate::model::RawValue;

/// No more is read at once.
const MOST: i64 = 256 << 10;

/// A disk that a caller has open.
pub(in crate::host) struct OpenDisk {
    chain: Chain,
    medium: ElementId,
    writable: bool,
    below: Vec<ElementId>,
}

/// Floppy disks: bytes, sectors of a FAT, entries of the root folder, the byte for the medium, sectors of a cluster,
/// sectors of a track.
const FLOPPIES: &[(u64, u16, u16, u8, u8, u16)] = &[
    (2_949_120, 9, 240, 0xf0, 2, 36),
    (1_474_560, 9, 224, 0xf0, 1, 18),
    (1_228_800, 7, 224, 0xf9, 1, 15),
    (737_280, 3, 112, 0xf9, 2, 9),
    (368_640, 2, 112, 0xfd, 2, 9),
];

/// Puts an empty FAT12 file system on a floppy disk.
pub(super) fn format_fat(image: &mut dyn Image) -> Result {
    let size = image.facts().size;
    let known = FLOPPIES.iter().find(|(bytes, ..)| *bytes == size);
    let Some((_, fat, entries, medium, cluster, track)) = known else {
        return Err(ImageError::Unsupported(format!("a floppy disk of {size} bytes has no usual format")));
    };
    let mut sector = vec![0; 512];
    sector[..3].copy_from_slice(&[0xeb, 0x3c, 0x90]);
    sector[3..11].copy_from_slice(b"VBOXSH  ");
    let mut put = |at: usize, bytes: &[u8]| sector[at..at + bytes.len()].copy_from_slice(bytes);
    put(11, &512u16.to_le_bytes());
    put(13, &[*cluster]);
    put(14, &1u16.to_le_bytes());
    put(16, &[2]);
    put(17, &entries.to_le_bytes());
    put(19, &((size / 512) as u16).to_le_bytes());
    put(21, &[*medium]);
    put(22, &fat.to_le_bytes());
    put(24, &track.to_le_bytes());
    put(26, &2u16.to_le_bytes());
    put(38, &[0x29]);
    put(39, &uuid::Uuid::new_v4().as_bytes()[..4]);
    put(43, b"NO NAME    FAT12   ");
    // A loop of one instruction, for a computer that starts from it.
    put(62, &[0xeb, 0xfe]);
    put(510, &[0x55, 0xaa]);
    image.write(0, &sector)?;
    let (fat, root) = (u64::from(*fat) * 512, u64::from(*entries) * 32);
    image.write_zeros(512, fat * 2 + root)?;
    for copy in [0, 1] {
        image.write(512 + copy * fat, &[*medium, 0xff, 0xff])?;
    }
    Ok(())
}

impl State {
    pub(super) fn open_for_io(&mut self, id: ElementId, writable: bool, _password: &str) -> Outcome<RawValue> {
        let files = self.chain_files(id)?;
        let medium = self.medium(id)?;
        if medium.state == "NotCreated" {
            return Err(Fault::new(code::FILE_ERROR, format!("`{}` has no storage yet", medium.place())));
        }
        self.check_medium_accessible(id)?;
        let mut below = self.ancestry(id);
        if writable {
            below.remove(0);
            self.lock_write(id)?;
        }
        if let Err(fault) = self.lock_read(&below) {
            if writable {
                self.unlock_write(id);
            }
            return Err(fault);
        }
        match files.open(writable) {
            Ok(chain) => {
                let io = self.global.add("IMediumIO", ROOT, "mediumIO", 0);
                self.open_disks.insert(io, OpenDisk { chain, medium: id, writable, below });
                Ok(Address::global(io).value("IMediumIO"))
            }
            Err(fault) => {
                self.unlock_disk(id, writable, &below);
                Err(fault)
            }
        }
    }

    fn unlock_disk(&mut self, id: ElementId, writable: bool, below: &[ElementId]) {
        if writable {
            self.unlock_write(id);
        }
        self.unlock_read(below);
    }

    /// Ends the use of a disk; nothing when it has ended.
    pub(in crate::host) fn close_disk(&mut self, io: ElementId) {
        if let Some(mut disk) = self.open_disks.remove(&io) {
            if disk.writable {
                // Who cares for the result has closed it before.
                let _ = disk.chain.flush();
            }
            self.unlock_disk(disk.medium, disk.writable, &disk.below);
        }
    }

    pub(in crate::host) fn read_medium_io(&self, io: ElementId, name: &str) -> Outcome<Option<RawValue>> {
        let Some(disk) = self.open_disks.get(&io) else {
            // Closed, it still says how it was open.
            let closed = self.global.get(io).ok_or_else(gone)?;
            return Ok(Some(match name {
                "medium" => RawValue::Null,
                "writable" => RawValue::Bool(closed.flag("writable")),
                "explorer" => return Err(Fault::not_in_virtualbox("IMediumIO.explorer")),
                _ => return Ok(None),
            }));
        };
        Ok(Some(match name {
            "medium" => Address::global(disk.medium).value("IMedium"),
            "writable" => RawValue::Bool(disk.writable),
            "explorer" => return Err(Fault::not_in_virtualbox("IMediumIO.explorer")),
            _ => return Ok(None),
        }))
    }

    pub(in crate::host) fn call_medium_io(
        &mut self,
        io: ElementId,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<Option<Vec<RawValue>>> {
        if !self.open_disks.contains_key(&io) && self.global.get(io).is_some() {
            return match name {
                "close" => nothing(),
                _ => Err(Fault::new(code::FILE_ERROR, "the disk is closed")),
            };
        }
        if name == "convertToStream" {
            let medium = self.open_disks.get(&io).ok_or_else(gone)?.medium;
            return self.convert_to_stream(medium, arguments).map(Some);
        }
        let disk = self.open_disks.get_mut(&io).ok_or_else(gone)?;
        let place = self.media.get(&disk.medium).map(|medium| medium.location.clone()).unwrap_or_default();
        let failed = |error: ImageError| image_fault(&place, &error);
        let size = disk.chain.size();
        let at = u64::try_from(arguments.int(0)).unwrap_or(u64::MAX);
        if matches!(name, "write" | "formatFAT" | "initializePartitionTable") && !disk.writable {
            return Err(Fault::new(code::E_ACCESSDENIED, format!("`{}` is open for reading only", place.display())));
        }
        match name {
            "read" => {
                let wanted = arguments.int(1);
                if at > size && (1..=MOST).contains(&wanted) {
                    return one(RawValue::Blob(Vec::new()));
                }
                if !(1..=MOST).contains(&wanted) {
                    return Err(Fault::argument(format!("{wanted} bytes at {at} cannot be read of a disk of {size}")));
                }
                let length = u64::try_from(wanted).unwrap_or(0).min(size - at);
                let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
                disk.chain.read(at, &mut bytes).map_err(failed)?;
                one(RawValue::Blob(bytes))
            }
            "write" => {
                let bytes = match arguments.value(1) {
                    RawValue::Blob(bytes) => bytes,
                    _ => return Err(Fault::argument("no bytes were given")),
                };
                if bytes.is_empty() {
                    return Err(Fault::argument("no bytes were given"));
                }
                if at >= size {
                    let message = format!("{at} is beyond the end of a disk of {size} bytes");
                    return Err(Fault::new(code::FILE_ERROR, message));
                }
                let length = bytes.len().min(usize::try_from(size - at).unwrap_or(usize::MAX));
                disk.chain.write(at, &bytes[..length]).map_err(failed)?;
                one(RawValue::Int(i64::try_from(length).unwrap_or(i64::MAX)))
            }
            "formatFAT" => {
                let Some(top) = disk.chain.top() else { return Err(gone()) };
                format_fat(top).map_err(failed)?;
                nothing()
            }
            "close" => {
                let result = if disk.writable { disk.chain.flush().map_err(failed) } else { Ok(()) };
                let medium = disk.medium;
                let writable = disk.writable;
                self.close_disk(io);
                if let Some(closed) = self.global.get_mut(io) {
                    closed.set("writable", RawValue::Bool(writable));
                }
                result?;
                let logical = self.medium(medium)?.logical_size;
                self.note_facts(medium)?;
                self.medium_mut(medium)?.logical_size = logical;
                nothing()
            }
            _ => Ok(None),
        }
    }
}
