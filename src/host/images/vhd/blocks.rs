//! The map and the blocks of a dynamic VHD image, each block with a bitmap of its sectors.

use super::super::file::{Bytes, DiskFile, Table};
use super::super::{Result, SECTOR, damaged};
use super::footer::checksum;

pub(super) const HEADER: usize = 1024;
/// Entry of the map: the parent decides.
pub(super) const FREE: u32 = u32::MAX;
/// As many sectors as an entry of the map can number.
pub(super) const LARGEST: u64 = (u32::MAX as u64) * SECTOR;

/// The header of a dynamic image and what it leads to.
pub(super) struct Blocks {
    pub(super) header: Vec<u8>,
    pub(super) header_at: u64,
    pub(super) map: Table,
    pub(super) block: u64,
    /// Bytes of the bitmap before each block.
    pub(super) bitmap: u64,
    /// The bitmap last used: which block, and its bits.
    pub(super) cached: Option<(u64, Vec<u8>)>,
}

impl Blocks {
    pub(super) fn new(file: &mut DiskFile, header_at: u64, size: u64) -> Result<Self> {
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
    pub(super) fn place(&mut self, file: &mut DiskFile, block: u64) -> Result<Option<u64>> {
        let entry = self.map.get(file, block)?;
        Ok((entry != FREE).then(|| u64::from(entry) * SECTOR))
    }

    pub(super) fn bits(&mut self, file: &mut DiskFile, block: u64, place: u64) -> Result<&mut Vec<u8>> {
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

pub(super) fn bit(bits: &[u8], sector: u64) -> bool {
    bits.get((sector / 8) as usize).is_some_and(|byte| byte & (0x80 >> (sector % 8)) != 0)
}
