//! VHD images: fixed, dynamic and differencing.
//!
//! A footer ends the file; dynamic ones also begin with it, then have a header, a map of blocks, and blocks that
//! begin with a bitmap of their sectors. All numbers are big-endian. Layout as in Microsoft's published
//! specification; what VirtualBox 7.2.22 leaves to choice was read off its images.

use super::file::{Bytes, DiskFile, Table, Unfinished};
use super::{Extent, Facts, Format, Image, ImageError, Plan, Result, SECTOR, Variant, damaged, unsupported};
use std::path::{Path, PathBuf};
use uuid::Uuid;

const FOOTER: usize = 512;
const HEADER: usize = 1024;
const BLOCK: u64 = 2 << 20;
/// Entry of the map: the parent decides.
const FREE: u32 = u32::MAX;
/// As many sectors as an entry of the map can number.
const LARGEST: u64 = (u32::MAX as u64) * SECTOR;
/// Seconds from 1970 to 2000, where the clock of the format begins.
const EPOCH: u64 = 946_684_800;
/// Kinds of image, as the footer has them.
const FIXED: u32 = 2;
const DYNAMIC: u32 = 3;
const DIFFERENCING: u32 = 4;
/// Room in the file for a path of the parent.
const LOCATOR: u64 = 1024;

struct Vhd {
    file: DiskFile,
    facts: Facts,
    footer: Vec<u8>,
    /// None: fixed.
    blocks: Option<Blocks>,
    /// Where the data of a fixed image or the blocks of a dynamic one end, and the footer begins.
    end: u64,
}

struct Blocks {
    header: Vec<u8>,
    header_at: u64,
    map: Table,
    block: u64,
    /// Bytes of the bitmap before each block.
    bitmap: u64,
    /// The bitmap last used: which block, and its bits.
    cached: Option<(u64, Vec<u8>)>,
}

/// The sum that protects footer and header: its own place counts as zeros.
fn checksum(bytes: &[u8], place: usize) -> u32 {
    let counted = bytes.iter().enumerate().filter(|(at, _)| !(place..place + 4).contains(at));
    !counted.fold(0u32, |sum, (_, byte)| sum.wrapping_add((*byte).into()))
}

fn seal(bytes: &mut [u8], place: usize) {
    let sum = checksum(bytes, place);
    bytes[place..place + 4].copy_from_slice(&sum.to_be_bytes());
}

fn put32(bytes: &mut [u8], place: usize, number: u32) {
    bytes[place..place + 4].copy_from_slice(&number.to_be_bytes());
}

fn put64(bytes: &mut [u8], place: usize, number: u64) {
    bytes[place..place + 8].copy_from_slice(&number.to_be_bytes());
}

/// Seconds since 2000.
fn stamp(time: std::time::SystemTime) -> u32 {
    let since = time.duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs();
    u32::try_from(since.saturating_sub(EPOCH)).unwrap_or_default()
}

/// Cylinders, heads and sectors, by the method of the specification.
fn geometry(size: u64) -> (u16, u8, u8) {
    let total = (size / SECTOR).min(65535 * 16 * 255);
    if total >= 65535 * 16 * 63 {
        let cylinders = total / 255 / 16;
        return (cylinders as u16, 16, 255);
    }
    let (mut sectors, mut heads) = (17, (total / 17).div_ceil(1024).max(4));
    let mut tracks = total / 17;
    if tracks >= heads * 1024 || heads > 16 {
        (sectors, heads, tracks) = (31, 16, total / 31);
    }
    if tracks >= heads * 1024 {
        (sectors, heads, tracks) = (63, 16, total / 63);
    }
    ((tracks / heads) as u16, heads as u8, sectors as u8)
}

fn put_size(footer: &mut [u8], size: u64) {
    put64(footer, 48, size);
    let (cylinders, heads, sectors) = geometry(size);
    footer[56..58].copy_from_slice(&cylinders.to_be_bytes());
    (footer[58], footer[59]) = (heads, sectors);
}

fn new_footer(plan: &Plan, kind: u32) -> Vec<u8> {
    let mut footer = vec![0; FOOTER];
    footer[..8].copy_from_slice(b"conectix");
    put32(&mut footer, 8, 2);
    put32(&mut footer, 12, 0x1_0000);
    put64(&mut footer, 16, if kind == FIXED { u64::MAX } else { FOOTER as u64 });
    put32(&mut footer, 24, stamp(std::time::SystemTime::now()));
    footer[28..32].copy_from_slice(b"vbox");
    put32(&mut footer, 32, 0x7_0002);
    footer[36..40].copy_from_slice(b"Wi2k");
    put64(&mut footer, 40, plan.size);
    put_size(&mut footer, plan.size);
    put32(&mut footer, 60, kind);
    footer[68..84].copy_from_slice(&plan.id.to_bytes_le());
    seal(&mut footer, 64);
    footer
}

pub(super) fn create(path: &Path, plan: &Plan, report: &mut dyn FnMut(u64, u64) -> Result) -> Result<Box<dyn Image>> {
    if plan.variant.has(Variant::SPLIT | Variant::STREAM | Variant::RAW_DISK) {
        return unsupported("VHD images have no such kind");
    }
    if plan.size > LARGEST {
        return Err(ImageError::Size(format!("a VHD holds {LARGEST} bytes at most, not {}", plan.size)));
    }
    let kind = match &plan.parent {
        Some(_) => DIFFERENCING,
        None if plan.variant.has(Variant::FIXED) => FIXED,
        None => DYNAMIC,
    };
    let footer = new_footer(plan, kind);
    let mut file = DiskFile::create(path)?;
    let mut unfinished = Unfinished(Some(path));
    report(0, 1)?;
    if kind == FIXED {
        file.write(plan.size, &footer)?;
    } else {
        let blocks = plan.size.div_ceil(BLOCK);
        let map_at = (FOOTER + HEADER) as u64;
        let mut end = (map_at + blocks * 4).next_multiple_of(SECTOR);
        let mut header = vec![0; HEADER];
        header[..8].copy_from_slice(b"cxsparse");
        put64(&mut header, 8, u64::MAX);
        put64(&mut header, 16, map_at);
        put32(&mut header, 24, 0x1_0000);
        put32(&mut header, 28, blocks as u32);
        put32(&mut header, 32, BLOCK as u32);
        file.write(0, &footer)?;
        if let Some(parent) = &plan.parent {
            header[40..56].copy_from_slice(&parent.id.to_bytes_le());
            // Room for the paths comes before the blocks.
            for (slot, code) in [(0, b"W2ku"), (1, b"W2ru")] {
                let at = 576 + slot * 24;
                header[at..at + 4].copy_from_slice(code);
                put32(&mut header, at + 4, LOCATOR as u32);
                put64(&mut header, at + 16, end + slot as u64 * LOCATOR);
            }
            end += 2 * LOCATOR;
        }
        seal(&mut header, 36);
        file.write(FOOTER as u64, &header)?;
        let page = vec![0xff; 1 << 16];
        let (mut at, map_end) = (map_at, map_at + blocks * 4);
        while at < map_end {
            let part = (map_end - at).min(page.len() as u64);
            file.write(at, &page[..part as usize])?;
            report(at, map_end)?;
            at += part;
        }
        file.write(end, &footer)?;
    }
    let mut image = Vhd::new(file)?;
    if let Some(parent) = &plan.parent {
        image.set_parent_path(&parent.path)?;
    }
    image.flush()?;
    report(1, 1)?;
    unfinished.0 = None;
    Ok(Box::new(image))
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

impl Blocks {
    fn new(file: &mut DiskFile, header_at: u64, size: u64) -> Result<Self> {
        let mut header = vec![0; HEADER];
        file.read(header_at, &mut header)?;
        if &header[..8] != b"cxsparse" {
            return damaged("its header of a dynamic disk is missing");
        }
        if header.be32(36) != checksum(&header, 36) {
            return damaged("the check sum of its header is wrong");
        }
        let (count, block) = (u64::from(header.be32(28)), u64::from(header.be32(32)));
        if !block.is_power_of_two() || !(SECTOR..=1 << 28).contains(&block) {
            return damaged(format!("it has blocks of {block} bytes"));
        }
        if size == 0 || size > LARGEST || count < size.div_ceil(block) {
            return damaged(format!("{size} bytes do not go with {count} blocks"));
        }
        let map = Table::new(file, header.be64(16), count, true)?;
        let bitmap = (block / SECTOR).div_ceil(8).next_multiple_of(SECTOR);
        Ok(Self { header, header_at, map, block, bitmap, cached: None })
    }

    /// Where a block's bitmap is in the file.
    fn place(&mut self, file: &mut DiskFile, block: u64) -> Result<Option<u64>> {
        let entry = self.map.get(file, block)?;
        Ok((entry != FREE).then(|| u64::from(entry) * SECTOR))
    }

    fn bits(&mut self, file: &mut DiskFile, block: u64, place: u64) -> Result<&mut Vec<u8>> {
        let fresh = match self.cached.take() {
            Some((cached, bits)) if cached == block => bits,
            _ => {
                let mut bits = vec![0; usize::try_from(self.bitmap).unwrap_or(512)];
                file.read(place, &mut bits)?;
                bits
            }
        };
        Ok(&mut self.cached.insert((block, fresh)).1)
    }
}

fn bit(bits: &[u8], sector: u64) -> bool {
    bits.get((sector / 8) as usize).is_some_and(|byte| byte & (0x80 >> (sector % 8)) != 0)
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
