//! New VHD images.

use super::super::file::{DiskFile, Unfinished};
use super::super::{Image, ImageError, Plan, Result, SECTOR, Variant, unsupported};
use super::Vhd;
use super::blocks::{HEADER, LARGEST};
use super::footer::{DIFFERENCING, DYNAMIC, FIXED, FOOTER, new_footer, put32, put64, seal};
use std::path::Path;

const BLOCK: u64 = 2 << 20;
/// Room in the file for a path of the parent.
const LOCATOR: u64 = 1024;

pub(in crate::host::images) fn create(
    path: &Path,
    plan: &Plan,
    report: &mut dyn FnMut(u64, u64) -> Result,
) -> Result<Box<dyn Image>> {
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
