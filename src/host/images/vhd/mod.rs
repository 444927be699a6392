//! VHD images: fixed, dynamic and differencing.
//!
//! A footer ends the file; dynamic ones also begin with it, then have a header, a map of blocks, and blocks that
//! begin with a bitmap of their sectors. All numbers are big-endian. Layout as in Microsoft's published
//! specification; what VirtualBox 7.2.22 leaves to choice was read off its images.

mod blocks;
mod create;
mod footer;

use super::file::{Bytes, DiskFile, Table};
use super::{Extent, Facts, Format, Image, ImageError, Result, SECTOR, Variant, damaged, unsupported};
use blocks::{Blocks, FREE, LARGEST, bit};
pub(super) use create::create;
use footer::{DIFFERENCING, DYNAMIC, FIXED, FOOTER, checksum, put_size, put32, put64, seal, stamp};
use std::path::{Path, PathBuf};
use uuid::Uuid;

struct Vhd {
    file: DiskFile,
    facts: Facts,
    footer: Vec<u8>,
    /// None: fixed.
    blocks: Option<Blocks>,
    /// Where the data of a fixed image or the blocks of a dynamic one end, and the footer begins.
    end: u64,
}

pub(super) fn open(path: &Path, writable: bool) -> Result<Box<dyn Image>> {
    Ok(Box::new(Vhd::new(DiskFile::open(path, writable)?)?))
}

/// Whether a file begins or ends with a footer.
pub(super) fn is_one(file: &mut DiskFile) -> Result<bool> {
    for at in [Some(0), file.length().checked_sub(FOOTER as u64)].into_iter().flatten() {
        let mut magic = [0; 8];
        if file.length() >= at + 8 {
            file.read(at, &mut magic)?;
            if &magic == b"conectix" {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

impl Vhd {
    fn new(mut file: DiskFile) -> Result<Self> {
        let mut footer = vec![0; FOOTER];
        let Some(mut end) = file.length().checked_sub(FOOTER as u64) else {
            return damaged("it is too short for a VHD");
        };
        file.read(end, &mut footer)?;
        if &footer[..8] != b"conectix" {
            // The end was lost; a dynamic image has it at the start, too.
            file.read(0, &mut footer)?;
            end = file.length();
        }
        if &footer[..8] != b"conectix" || footer.be32(12) >> 16 != 1 {
            return damaged("it is no VHD image");
        }
        if footer.be32(64) != checksum(&footer, 64) {
            return damaged("the check sum of its footer is wrong");
        }
        let (size, kind) = (footer.be64(48), footer.be32(60));
        let id = footer.id(68);
        let variant = match kind {
            FIXED => Variant::FIXED,
            DYNAMIC => 0,
            DIFFERENCING => Variant::DIFF,
            other => return damaged(format!("{other} is no kind of VHD image")),
        };
        let mut facts = Facts { format: Format::Vhd, id, parent: None, size, variant: Variant(variant) };
        let blocks = if kind == FIXED {
            if size > end {
                return damaged(format!("it claims {size} bytes and has {end}"));
            }
            None
        } else {
            let blocks = Blocks::new(&mut file, footer.be64(16), size)?;
            let parent = blocks.header.id(40);
            facts.parent = (kind == DIFFERENCING && !parent.is_nil()).then_some(parent);
            Some(blocks)
        };
        Ok(Self { file, facts, footer, blocks, end })
    }

    fn check(&self, at: u64, length: u64) -> Result {
        if at.checked_add(length).is_none_or(|end| end > self.facts.size) {
            return damaged(format!("{at} + {length} is beyond the end of the disk"));
        }
        Ok(())
    }

    fn write_footer(&mut self) -> Result {
        seal(&mut self.footer, 64);
        self.file.write(self.end, &self.footer)?;
        if self.blocks.is_some() {
            self.file.write(0, &self.footer)?;
        }
        Ok(())
    }

    fn write_header(&mut self) -> Result {
        if let Some(blocks) = &mut self.blocks {
            seal(&mut blocks.header, 36);
            self.file.write(blocks.header_at, &blocks.header)?;
        }
        Ok(())
    }
}

impl Image for Vhd {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn unit(&self) -> u64 {
        if self.blocks.is_some() { SECTOR } else { 1 }
    }

    fn extent(&mut self, at: u64, length: u64) -> Result<(Extent, u64)> {
        let length = length.min(self.facts.size.saturating_sub(at));
        let Some(blocks) = &mut self.blocks else { return Ok((Extent::Data, length)) };
        if length == 0 {
            return Ok((Extent::Free, 0));
        }
        let (block, within) = (at / blocks.block, at % blocks.block);
        let left = (blocks.block - within).min(length);
        let Some(place) = blocks.place(&mut self.file, block)? else { return Ok((Extent::Free, left)) };
        let bits = blocks.bits(&mut self.file, block, place)?;
        let mut sector = within / SECTOR;
        let first = bit(bits, sector);
        let mut run = SECTOR - within % SECTOR;
        while run < left && bit(bits, sector + 1) == first {
            (sector, run) = (sector + 1, run + SECTOR);
        }
        Ok((if first { Extent::Data } else { Extent::Free }, run.min(left)))
    }

    fn read(&mut self, mut at: u64, mut bytes: &mut [u8]) -> Result {
        self.check(at, bytes.len() as u64)?;
        while !bytes.is_empty() {
            let (extent, run) = self.extent(at, bytes.len() as u64)?;
            let (part, rest) = bytes.split_at_mut(usize::try_from(run.max(1)).unwrap_or(usize::MAX).min(bytes.len()));
            match (&mut self.blocks, extent) {
                (None, _) => self.file.read(at, part)?,
                (Some(blocks), Extent::Data) => {
                    let (block, within) = (at / blocks.block, at % blocks.block);
                    let place = blocks.place(&mut self.file, block)?.unwrap_or(0);
                    self.file.read(place + blocks.bitmap + within, part)?;
                }
                _ => part.fill(0),
            }
            at += part.len() as u64;
            bytes = rest;
        }
        Ok(())
    }

    fn write(&mut self, mut at: u64, mut bytes: &[u8]) -> Result {
        self.check(at, bytes.len() as u64)?;
        let Some(blocks) = &mut self.blocks else { return self.file.write(at, bytes) };
        let mut grown = false;
        while !bytes.is_empty() {
            let (block, within) = (at / blocks.block, at % blocks.block);
            let left = usize::try_from(blocks.block - within).unwrap_or(usize::MAX);
            let (part, rest) = bytes.split_at(left.min(bytes.len()));
            let place = match blocks.place(&mut self.file, block)? {
                Some(place) => place,
                None => {
                    let place = self.end.next_multiple_of(SECTOR);
                    let entry = u32::try_from(place / SECTOR).ok().filter(|entry| *entry != FREE);
                    let Some(entry) = entry else { return unsupported("the file is too large for a VHD") };
                    self.end = place + blocks.bitmap + blocks.block;
                    // What was there is the old footer.
                    self.file.set_length(place)?;
                    self.file.set_length(self.end)?;
                    self.file.write(self.end, &self.footer)?;
                    blocks.map.set(&mut self.file, block, entry)?;
                    grown = true;
                    place
                }
            };
            self.file.write(place + blocks.bitmap + within, part)?;
            let bits = blocks.bits(&mut self.file, block, place)?;
            let (first, last) = (within / SECTOR, (within + part.len() as u64).div_ceil(SECTOR));
            let mut changed = false;
            for sector in first..last {
                if !bit(bits, sector) {
                    bits[(sector / 8) as usize] |= 0x80 >> (sector % 8);
                    changed = true;
                }
            }
            if changed {
                let (from, to) = ((first / 8) as usize, (last.div_ceil(8) as usize).min(bits.len()));
                let written = bits[from..to].to_vec();
                self.file.write(place + from as u64, &written)?;
            }
            at += part.len() as u64;
            bytes = rest;
        }
        if grown { self.write_footer() } else { Ok(()) }
    }

    fn set_ids(&mut self, id: Uuid, parent: Option<Uuid>) -> Result {
        self.footer[68..84].copy_from_slice(&id.to_bytes_le());
        if let Some(blocks) = &mut self.blocks {
            blocks.header[40..56].copy_from_slice(&parent.unwrap_or_default().to_bytes_le());
            put32(&mut self.footer, 60, if parent.is_some() { DIFFERENCING } else { DYNAMIC });
            self.facts.variant = Variant(if parent.is_some() { Variant::DIFF } else { 0 });
            self.facts.parent = parent;
        } else if parent.is_some() {
            return unsupported("a fixed VHD has no parent");
        }
        self.facts.id = id;
        self.write_header()?;
        self.write_footer()
    }

    /// Paths stand in UTF-16: the name in the header, the whole one and the one from here in their own places.
    fn set_parent_path(&mut self, parent: &Path) -> Result {
        let own = self.file.path().parent().unwrap_or(Path::new("")).to_owned();
        let Some(blocks) = &mut self.blocks else { return Ok(()) };
        let stamp = parent.metadata().and_then(|facts| facts.modified()).map_or(0, stamp);
        put32(&mut blocks.header, 56, stamp);
        let name = parent.file_name().unwrap_or_default().to_string_lossy();
        blocks.header[64..576].fill(0);
        for (at, unit) in name.encode_utf16().take(255).enumerate() {
            blocks.header[64 + at * 2..66 + at * 2].copy_from_slice(&unit.to_be_bytes());
        }
        let whole = parent.to_string_lossy().into_owned();
        let relative = relative(&own, parent);
        for slot in 0..8 {
            let at = 576 + slot * 24;
            let path = match &blocks.header[at..at + 4] {
                b"W2ku" => &whole,
                b"W2ru" => &relative,
                _ => continue,
            };
            let written: Vec<u8> = path.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let (space, place) = (blocks.header.be32(at + 4) as usize, blocks.header.be64(at + 16));
            // Some writers count the space in sectors.
            let space = if space < 512 { space * 512 } else { space };
            if written.len() <= space && place + space as u64 <= self.end {
                let mut room = written.clone();
                room.resize(space, 0);
                self.file.write(place, &room)?;
                put32(&mut blocks.header, at + 8, written.len() as u32);
            }
        }
        self.write_header()
    }

    /// Grows. The map may need the place of the first blocks, which move to the end.
    fn resize(&mut self, size: u64) -> Result {
        if size < self.facts.size {
            return unsupported("a VHD image cannot shrink");
        }
        let Some(blocks) = &mut self.blocks else { return unsupported("a fixed VHD image cannot be resized") };
        if size > LARGEST {
            return Err(ImageError::Size(format!("a VHD holds {LARGEST} bytes at most, not {size}")));
        }
        let (map_at, old) = (blocks.header.be64(16), u64::from(blocks.header.be32(28)));
        let count = size.div_ceil(blocks.block).max(old);
        let needed = (map_at + count * 4).next_multiple_of(SECTOR);
        let whole = blocks.bitmap + blocks.block;
        // Paths of the parent that are in the way go to the end of the file, as blocks do.
        let mut buffer = vec![0; usize::try_from(whole).unwrap_or(0)];
        for slot in 0..8 {
            let at = 576 + slot * 24;
            let (space, place) = (u64::from(blocks.header.be32(at + 4)), blocks.header.be64(at + 16));
            if space > 0 && space <= whole && place >= map_at && place < needed {
                let room = &mut buffer[..space as usize];
                self.file.read_padded(place, room)?;
                let end = self.end.next_multiple_of(SECTOR).max(needed);
                self.file.write(end, room)?;
                put64(&mut blocks.header, at + 16, end);
                self.end = end + space;
            }
        }
        for block in 0..old {
            if let Some(place) = blocks.place(&mut self.file, block)?
                && place < needed
            {
                self.file.read_padded(place, &mut buffer)?;
                let end = self.end.next_multiple_of(SECTOR).max(needed);
                self.file.write(end, &buffer)?;
                let Ok(entry) = u32::try_from(end / SECTOR) else {
                    return unsupported("the file is too large for a VHD");
                };
                blocks.map.set(&mut self.file, block, entry)?;
                self.end = end + whole;
            }
        }
        self.end = self.end.max(needed).next_multiple_of(SECTOR);
        let fresh = vec![0xff; usize::try_from((count - old) * 4).unwrap_or(0)];
        self.file.write(map_at + old * 4, &fresh)?;
        put32(&mut blocks.header, 28, count as u32);
        put_size(&mut self.footer, size);
        self.write_header()?;
        self.write_footer()?;
        self.file.set_length(self.end + FOOTER as u64)?;
        self.facts.size = size;
        if let Some(blocks) = &mut self.blocks {
            (blocks.map, blocks.cached) = (Table::new(&self.file, map_at, count, true)?, None);
        }
        self.flush()
    }

    /// Blocks of zeros are given up; the last blocks take their places in the file.
    fn compact(
        &mut self,
        keep: &mut dyn FnMut(u64, u64) -> Result<bool>,
        report: &mut dyn FnMut(u64, u64) -> Result,
    ) -> Result {
        let Some(blocks) = &mut self.blocks else { return unsupported("a fixed VHD image cannot be compacted") };
        let count = u64::from(blocks.header.be32(28));
        let whole = blocks.bitmap + blocks.block;
        let mut buffer = vec![0; usize::try_from(whole).unwrap_or(0)];
        // Place in the file of each block that stays, and places that are free.
        let (mut used, mut free) = (std::collections::BTreeMap::new(), std::collections::BTreeSet::new());
        for block in 0..count {
            report(block, count * 2)?;
            let Some(place) = blocks.place(&mut self.file, block)? else { continue };
            if place + whole > self.end || used.contains_key(&place) || free.contains(&place) {
                return damaged(format!("block {block} is at {place}, beyond the end or where another one is"));
            }
            self.file.read(place, &mut buffer)?;
            let at = block * blocks.block;
            let (bits, data) = buffer.split_at(blocks.bitmap as usize);
            let zeros = (0..blocks.block / SECTOR).filter(|sector| bit(bits, *sector)).all(|sector| {
                let at = (sector * SECTOR) as usize;
                super::work::is_zero(&data[at..at + SECTOR as usize])
            });
            if zeros && !keep(at, blocks.block.min(self.facts.size.saturating_sub(at)))? {
                blocks.map.set(&mut self.file, block, FREE)?;
                free.insert(place);
            } else {
                used.insert(place, block);
            }
        }
        blocks.cached = None;
        let total = free.len().max(1) as u64;
        while let (Some(hole), Some((last, block))) =
            (free.first().copied(), used.last_key_value().map(|(place, block)| (*place, *block)))
        {
            if last < hole {
                break;
            }
            self.file.read(last, &mut buffer)?;
            self.file.write(hole, &buffer)?;
            blocks.map.set(&mut self.file, block, (hole / SECTOR) as u32)?;
            used.remove(&last);
            used.insert(hole, block);
            free.remove(&hole);
            free.insert(last);
            report(count + (count * (total - free.len() as u64) / total), count * 2)?;
        }
        // Free places behind the last block are cut off.
        if let Some(first) = free.first().copied() {
            let paths = (0..8).map(|slot| {
                let at = 576 + slot * 24;
                blocks.header.be64(at + 16) + u64::from(blocks.header.be32(at + 4))
            });
            let paths = paths.max().filter(|end| *end <= self.end).unwrap_or(0);
            self.end = used.last_key_value().map_or(first, |(place, _)| place + whole).max(paths);
        }
        self.write_footer()?;
        self.file.set_length(self.end + FOOTER as u64)?;
        self.flush()
    }

    fn flush(&mut self) -> Result {
        self.file.flush()
    }

    fn files(&self) -> Vec<PathBuf> {
        vec![self.file.path().to_owned()]
    }
}

/// The way from a folder to a file, both absolute.
fn relative(folder: &Path, file: &Path) -> String {
    let shared = folder.components().zip(file.components()).take_while(|(one, other)| one == other).count();
    let up = folder.components().skip(shared).map(|_| "..".into());
    let down = file.components().skip(shared).map(|part| part.as_os_str().to_owned());
    up.chain(down).collect::<PathBuf>().to_string_lossy().into_owned()
}
