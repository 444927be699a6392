//! VDI images, version 1.1: dynamic, fixed and differencing. The old versions 0.x and 1.0 are refused.
//!
//! A header, a map from blocks of 1 MB to places in the file, and the blocks. Facts of the layout were read off
//! images of VirtualBox 7.2.22.

use super::file::{Bytes, DiskFile, Table, Unfinished};
use super::{Extent, Facts, Format, Image, ImageError, Plan, Result, Variant, damaged, unsupported};
use std::path::{Path, PathBuf};
use uuid::Uuid;

pub(super) const SIGNATURE: u32 = 0xbeda_107f;
const VERSION: u32 = 0x0001_0001;
/// Size of the header behind the first 72 bytes.
const HEADER: u32 = 400;
const BLOCK: u64 = 1 << 20;
/// Entry of the map: the parent decides.
const FREE: u32 = u32::MAX;
/// Entry of the map: zeros.
const ZERO: u32 = u32::MAX - 1;
/// As many blocks as the map can number.
const LARGEST: u64 = (ZERO as u64 - 1) * BLOCK;
/// Places in the header.
mod at {
    pub(super) const KIND: usize = 76;
    pub(super) const FLAGS: usize = 80;
    pub(super) const MAP: usize = 340;
    pub(super) const DATA: usize = 344;
    pub(super) const SECTOR_SIZE: usize = 360;
    pub(super) const SIZE: usize = 368;
    pub(super) const BLOCK_SIZE: usize = 376;
    pub(super) const BLOCK_EXTRA: usize = 380;
    pub(super) const BLOCKS: usize = 384;
    pub(super) const ALLOCATED: usize = 388;
    pub(super) const ID: usize = 392;
    pub(super) const MODIFICATION: usize = 408;
    pub(super) const PARENT: usize = 424;
    pub(super) const PARENT_MODIFICATION: usize = 440;
}
/// Bytes of the file that the header takes.
const HEAD: usize = 512;

/// Flag of the header: new blocks are filled with zeros.
const FLAG_ZERO_EXPAND: u32 = 0x100;

struct Vdi {
    file: DiskFile,
    facts: Facts,
    head: Vec<u8>,
    map: Table,
    data_at: u64,
    /// Bytes of a block, and those before it that are not the guest's.
    block: u64,
    extra: u64,
    allocated: u32,
    /// The id of the last change is new since this image was opened.
    changed: bool,
}

pub(super) fn create(path: &Path, plan: &Plan, report: &mut dyn FnMut(u64, u64) -> Result) -> Result<Box<dyn Image>> {
    if plan.variant.has(Variant::SPLIT | Variant::STREAM | Variant::RAW_DISK | Variant::ESX) {
        return unsupported("VDI images have no such kind");
    }
    if plan.size < BLOCK || plan.size > LARGEST {
        return Err(ImageError::Size(format!("a VDI holds {BLOCK} to {LARGEST} bytes, not {}", plan.size)));
    }
    let blocks = plan.size.div_ceil(BLOCK);
    let (map_at, fixed) = (BLOCK, plan.variant.has(Variant::FIXED) && plan.parent.is_none());
    let data_at = (map_at + blocks * 4).next_multiple_of(BLOCK);
    let mut head = vec![0; HEAD];
    let title = b"<<< Oracle VM VirtualBox Disk Image >>>\n";
    head[..title.len()].copy_from_slice(title);
    let kind = match (&plan.parent, fixed) {
        (Some(_), _) => 4,
        (None, true) => 2,
        (None, false) => 1,
    };
    let flags = if plan.variant.has(Variant::ZERO_EXPAND) { FLAG_ZERO_EXPAND } else { 0 };
    let allocated = if fixed { blocks as u32 } else { 0 };
    for (place, number) in [
        (64, SIGNATURE),
        (68, VERSION),
        (72, HEADER),
        (at::KIND, kind),
        (at::FLAGS, flags),
        (at::MAP, map_at as u32),
        (at::SECTOR_SIZE, 512),
        (at::BLOCK_SIZE, BLOCK as u32),
        (at::BLOCKS, blocks as u32),
        (at::ALLOCATED, allocated),
        (468, 512),
    ] {
        head[place..place + 4].copy_from_slice(&number.to_le_bytes());
    }
    let Ok(data_place) = u32::try_from(data_at) else {
        return Err(ImageError::Size("the map of so large a disk does not fit before its data".into()));
    };
    head[at::DATA..at::DATA + 4].copy_from_slice(&data_place.to_le_bytes());
    head[at::SIZE..at::SIZE + 8].copy_from_slice(&plan.size.to_le_bytes());
    let parent = plan.parent.as_ref();
    for (place, id) in [
        (at::ID, plan.id),
        (at::MODIFICATION, Uuid::new_v4()),
        (at::PARENT, parent.map_or(Uuid::nil(), |parent| parent.id)),
        (at::PARENT_MODIFICATION, parent.map_or(Uuid::nil(), |parent| parent.modification)),
    ] {
        head[place..place + 16].copy_from_slice(&id.to_bytes_le());
    }
    let mut file = DiskFile::create(path)?;
    let mut unfinished = Unfinished(Some(path));
    file.write(0, &head)?;
    let mut page = Vec::with_capacity(1 << 16);
    let step = (1 << 16) / 4;
    for first in (0..blocks).step_by(step) {
        page.clear();
        for block in first..blocks.min(first + step as u64) {
            page.extend_from_slice(&(if fixed { block as u32 } else { FREE }).to_le_bytes());
        }
        file.write(map_at + first * 4, &page)?;
        report(first, blocks)?;
    }
    file.set_length(if fixed { data_at + blocks * BLOCK } else { data_at })?;
    file.flush()?;
    report(blocks, blocks)?;
    let image = Vdi::new(file)?;
    unfinished.0 = None;
    Ok(Box::new(image))
}

pub(super) fn open(path: &Path, writable: bool) -> Result<Box<dyn Image>> {
    Ok(Box::new(Vdi::new(DiskFile::open(path, writable)?)?))
}

impl Vdi {
    fn new(mut file: DiskFile) -> Result<Self> {
        let mut head = vec![0; HEAD];
        file.read(0, &mut head).or_else(|error| match error {
            ImageError::Damaged(_) => damaged("it is too short for a VDI"),
            other => Err(other),
        })?;
        if head.le32(64) != SIGNATURE {
            return damaged("it is no VDI image");
        }
        let version = head.le32(68);
        if version >> 16 != 1 || version & 0xffff == 0 {
            return unsupported(format!(
                "VDI images of the version {}.{} are not supported",
                version >> 16,
                version & 0xffff
            ));
        }
        if head.le32(72) < 384 || head.le32(72) > 4096 {
            return damaged(format!("its header claims {} bytes", head.le32(72)));
        }
        let kind = head.le32(at::KIND);
        let (size, block, extra) =
            (head.le64(at::SIZE), u64::from(head.le32(at::BLOCK_SIZE)), u64::from(head.le32(at::BLOCK_EXTRA)));
        let (blocks, allocated) = (head.le32(at::BLOCKS), head.le32(at::ALLOCATED));
        if !matches!(kind, 1 | 2 | 4) {
            return damaged(format!("{kind} is no kind of VDI image"));
        }
        if !block.is_power_of_two() || !(4096..=1 << 28).contains(&block) || extra > block {
            return damaged(format!("it has blocks of {block} + {extra} bytes"));
        }
        if size == 0
            || size.checked_add(block).is_none()
            || u64::from(blocks) < size.div_ceil(block)
            || allocated > blocks
        {
            return damaged(format!("{size} bytes do not go with {blocks} blocks, {allocated} of them in use"));
        }
        let data_at = u64::from(head.le32(at::DATA));
        let map = Table::new(&file, head.le32(at::MAP).into(), blocks.into(), false)?;
        let parent = head.id(at::PARENT);
        let mut variant = match kind {
            2 => Variant::FIXED,
            4 => Variant::DIFF,
            _ => 0,
        };
        if head.le32(at::FLAGS) & FLAG_ZERO_EXPAND != 0 {
            variant |= Variant::ZERO_EXPAND;
        }
        let facts = Facts {
            format: Format::Vdi,
            id: head.id(at::ID),
            parent: (!parent.is_nil()).then_some(parent),
            size,
            variant: Variant(variant),
        };
        Ok(Self { file, facts, head, map, data_at, block, extra, allocated, changed: false })
    }

    fn put32(&mut self, place: usize, number: u32) -> Result {
        self.head[place..place + 4].copy_from_slice(&number.to_le_bytes());
        self.file.write(place as u64, &number.to_le_bytes())
    }

    fn put_id(&mut self, place: usize, id: Uuid) -> Result {
        self.head[place..place + 16].copy_from_slice(&id.to_bytes_le());
        self.file.write(place as u64, &id.to_bytes_le())
    }

    /// The first change since opening gives the image a new id of its last change.
    fn touch(&mut self) -> Result {
        if !self.changed {
            self.changed = true;
            self.put_id(at::MODIFICATION, Uuid::new_v4())?;
        }
        Ok(())
    }

    /// Where the guest's bytes of a block in the file begin.
    fn place(&self, entry: u32) -> u64 {
        self.data_at + u64::from(entry) * (self.block + self.extra) + self.extra
    }

    /// The entry of the map for a place, and the bytes from there to the end of the block.
    fn entry(&mut self, at: u64) -> Result<(u32, u64)> {
        let entry = self.map.get(&mut self.file, at / self.block)?;
        if entry < ZERO && entry >= self.allocated {
            return damaged(format!("block {} is at {entry}, beyond the {} in use", at / self.block, self.allocated));
        }
        Ok((entry, self.block - at % self.block))
    }

    fn check(&self, at: u64, length: u64) -> Result {
        if at.checked_add(length).is_none_or(|end| end > self.facts.size) {
            return damaged(format!("{at} + {length} is beyond the end of the disk"));
        }
        Ok(())
    }
}

impl Image for Vdi {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn unit(&self) -> u64 {
        self.block
    }

    fn extent(&mut self, at: u64, length: u64) -> Result<(Extent, u64)> {
        let length = length.min(self.facts.size.saturating_sub(at));
        let of = |entry| match entry {
            FREE => Extent::Free,
            ZERO => Extent::Zero,
            _ => Extent::Data,
        };
        if length == 0 {
            return Ok((Extent::Free, 0));
        }
        let (entry, mut run) = self.entry(at)?;
        let extent = of(entry);
        while run < length && of(self.entry(at + run)?.0) == extent {
            run += self.block;
        }
        Ok((extent, run.min(length)))
    }

    fn read(&mut self, mut at: u64, mut bytes: &mut [u8]) -> Result {
        self.check(at, bytes.len() as u64)?;
        while !bytes.is_empty() {
            let (entry, run) = self.entry(at)?;
            let (part, rest) = bytes.split_at_mut(usize::try_from(run).unwrap_or(usize::MAX).min(bytes.len()));
            match entry {
                FREE | ZERO => part.fill(0),
                entry => {
                    let place = self.place(entry) + at % self.block;
                    // The last block may end with the disk.
                    self.file.read_padded(place, part)?;
                }
            }
            at += part.len() as u64;
            bytes = rest;
        }
        Ok(())
    }

    fn write(&mut self, mut at: u64, mut bytes: &[u8]) -> Result {
        self.check(at, bytes.len() as u64)?;
        self.touch()?;
        while !bytes.is_empty() {
            let (entry, run) = self.entry(at)?;
            let (part, rest) = bytes.split_at(usize::try_from(run).unwrap_or(usize::MAX).min(bytes.len()));
            if entry >= ZERO {
                let new = self.allocated;
                let place = self.place(new);
                self.file.write(place + at % self.block, part)?;
                // The rest of the block is a hole, which reads as zeros.
                if self.file.length() < place + self.block {
                    self.file.set_length(place + self.block)?;
                }
                self.allocated += 1;
                self.put32(at::ALLOCATED, self.allocated)?;
                self.map.set(&mut self.file, at / self.block, new)?;
            } else {
                let place = self.place(entry) + at % self.block;
                self.file.write(place, part)?;
            }
            at += part.len() as u64;
            bytes = rest;
        }
        Ok(())
    }

    fn write_zeros(&mut self, mut at: u64, mut length: u64) -> Result {
        self.check(at, length)?;
        self.touch()?;
        let zeros = vec![0; usize::try_from(self.block).unwrap_or(1 << 20)];
        while length > 0 {
            let (entry, run) = self.entry(at)?;
            let part = run.min(length);
            let whole = part == self.block || at + part == self.facts.size;
            match entry {
                ZERO => {}
                FREE if whole && at.is_multiple_of(self.block) => {
                    self.map.set(&mut self.file, at / self.block, ZERO)?
                }
                _ => self.write(at, &zeros[..part as usize])?,
            }
            (at, length) = (at + part, length - part);
        }
        Ok(())
    }

    fn set_ids(&mut self, id: Uuid, parent: Option<Uuid>) -> Result {
        self.put_id(at::ID, id)?;
        self.put_id(at::PARENT, parent.unwrap_or_default())?;
        if parent.is_none() {
            self.put_id(at::PARENT_MODIFICATION, Uuid::nil())?;
        }
        if !self.facts.variant.has(Variant::FIXED) {
            self.put32(at::KIND, if parent.is_some() { 4 } else { 1 })?;
            self.facts.variant.0 &= !Variant::DIFF;
            self.facts.variant.0 |= if parent.is_some() { Variant::DIFF } else { 0 };
        }
        (self.facts.id, self.facts.parent) = (id, parent);
        Ok(())
    }

    fn modification(&self) -> Uuid {
        self.head.id(at::MODIFICATION)
    }

    fn set_parent_modification(&mut self, modification: Uuid) -> Result {
        self.put_id(at::PARENT_MODIFICATION, modification)
    }

    /// Grows. The map may need the place of the first blocks, which move to the end.
    fn resize(&mut self, size: u64) -> Result {
        if self.facts.variant.has(Variant::FIXED) {
            return unsupported("a fixed VDI image cannot be resized");
        }
        if size < self.facts.size {
            return unsupported("a VDI image cannot shrink");
        }
        if !size.is_multiple_of(super::SECTOR) || size > (u64::from(ZERO) - 1) * self.block {
            return Err(ImageError::Size(format!("a VDI cannot hold {size} bytes")));
        }
        let (map_at, old) = (u64::from(self.head.le32(at::MAP)), u64::from(self.head.le32(at::BLOCKS)));
        let blocks = size.div_ceil(self.block).max(old);
        let needed = map_at + blocks * 4;
        if needed > self.data_at {
            // Whole blocks make way, so that the numbers in the map change by the same amount.
            let whole = self.block + self.extra;
            let moved = (needed - self.data_at).div_ceil(whole);
            let data_at = self.data_at + moved * whole;
            let place = u32::try_from(data_at);
            let Ok(place) = place else {
                return Err(ImageError::Size("the map of so large a disk does not fit before its data".into()));
            };
            let kept = u64::from(self.allocated);
            let mut buffer = vec![0; usize::try_from(whole).unwrap_or(0)];
            let total = kept.max(moved);
            // Blocks in the way, and those that would stand before the new start, go behind the last one.
            let mut owners = std::collections::HashMap::new();
            for block in 0..old {
                let entry = self.map.get(&mut self.file, block)?;
                if u64::from(entry) < moved && entry < ZERO {
                    owners.insert(entry, block);
                }
            }
            let mut next = total;
            for entry in 0..moved.min(kept) {
                self.file.read_padded(self.data_at + entry * whole, &mut buffer)?;
                self.file.write(self.data_at + next * whole, &buffer)?;
                if let Some(block) = owners.get(&(entry as u32)) {
                    self.map.set(&mut self.file, *block, next as u32)?;
                }
                next += 1;
            }
            self.file.flush()?;
            for block in 0..old {
                let entry = self.map.get(&mut self.file, block)?;
                if entry < ZERO {
                    self.map.set(&mut self.file, block, entry - moved as u32)?;
                }
            }
            self.data_at = data_at;
            self.put32(at::DATA, place)?;
            let end = data_at + (next - moved) * whole;
            if self.file.length() < end {
                self.file.set_length(end)?;
            }
            self.allocated = u32::try_from(next - moved).unwrap_or(self.allocated);
        }
        let fresh = vec![0xff; usize::try_from((blocks - old) * 4).unwrap_or(0)];
        self.file.write(map_at + old * 4, &fresh)?;
        self.put32(at::ALLOCATED, self.allocated)?;
        self.put32(at::BLOCKS, blocks as u32)?;
        self.head[at::SIZE..at::SIZE + 8].copy_from_slice(&size.to_le_bytes());
        self.file.write(at::SIZE as u64, &size.to_le_bytes())?;
        self.facts.size = size;
        self.map = Table::new(&self.file, map_at, blocks, false)?;
        self.touch()?;
        self.flush()
    }

    /// Blocks of zeros are given up; the last blocks take their places in the file.
    fn compact(
        &mut self,
        keep: &mut dyn FnMut(u64, u64) -> Result<bool>,
        report: &mut dyn FnMut(u64, u64) -> Result,
    ) -> Result {
        let blocks = u64::from(self.head.le32(at::BLOCKS));
        let mut owners = vec![None; self.allocated as usize];
        let mut buffer = vec![0; usize::try_from(self.block).unwrap_or(0)];
        for block in 0..blocks {
            report(block, blocks + u64::from(self.allocated))?;
            let at = block * self.block;
            let length = self.block.min(self.facts.size.saturating_sub(at));
            let entry = self.map.get(&mut self.file, block)?;
            if entry < ZERO {
                let place = self.place(entry);
                let Some(owner) = owners.get_mut(entry as usize).filter(|owner| owner.is_none()) else {
                    return damaged(format!("two blocks are at {entry}, or it is beyond the end"));
                };
                self.file.read_padded(place, &mut buffer)?;
                if super::work::is_zero(&buffer) && length > 0 {
                    let entry = if keep(at, length)? { ZERO } else { FREE };
                    self.map.set(&mut self.file, block, entry)?;
                } else {
                    *owner = Some(block);
                }
            }
        }
        self.touch()?;
        let (mut low, mut high) = (0, owners.len());
        loop {
            while low < high && owners[low].is_some() {
                low += 1;
            }
            while low < high && owners[high - 1].is_none() {
                high -= 1;
            }
            if low >= high {
                break;
            }
            let (from, to) = (self.place(high as u32 - 1), self.place(low as u32));
            self.file.read_padded(from, &mut buffer)?;
            self.file.write(to, &buffer)?;
            if let Some(block) = owners[high - 1].take() {
                self.map.set(&mut self.file, block, low as u32)?;
                owners[low] = Some(block);
            }
            report(blocks + low as u64, blocks + owners.len() as u64)?;
        }
        self.allocated = high as u32;
        self.put32(at::ALLOCATED, self.allocated)?;
        self.file.set_length(self.data_at + high as u64 * (self.block + self.extra))?;
        self.flush()
    }

    fn flush(&mut self) -> Result {
        self.file.flush()
    }

    fn files(&self) -> Vec<PathBuf> {
        vec![self.file.path().to_owned()]
    }
}
