//! The footer of a VHD image, its numbers, and the sums that protect it and the header.

use super::super::{Plan, SECTOR};

pub(super) const FOOTER: usize = 512;
/// Seconds from 1970 to 2000, where the clock of the format begins.
const EPOCH: u64 = 946_684_800;
/// Kinds of image, as the footer has them.
pub(super) const FIXED: u32 = 2;
pub(super) const DYNAMIC: u32 = 3;
pub(super) const DIFFERENCING: u32 = 4;

/// The sum that protects footer and header: its own place counts as zeros.
pub(super) fn checksum(bytes: &[u8], place: usize) -> u32 {
    let counted = bytes.iter().enumerate().filter(|(at, _)| !(place..place + 4).contains(at));
    !counted.fold(0u32, |sum, (_, byte)| sum.wrapping_add((*byte).into()))
}

pub(super) fn seal(bytes: &mut [u8], place: usize) {
    let sum = checksum(bytes, place);
    bytes[place..place + 4].copy_from_slice(&sum.to_be_bytes());
}

pub(super) fn put32(bytes: &mut [u8], place: usize, number: u32) {
    bytes[place..place + 4].copy_from_slice(&number.to_be_bytes());
}

pub(super) fn put64(bytes: &mut [u8], place: usize, number: u64) {
    bytes[place..place + 8].copy_from_slice(&number.to_be_bytes());
}

/// Seconds since 2000.
pub(super) fn stamp(time: std::time::SystemTime) -> u32 {
    let since = time.duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs();
    u32::try_from(since.saturating_sub(EPOCH)).unwrap_or_default()
}

/// Cylinders, heads and sectors, by the method of the specification.
pub(super) fn geometry(size: u64) -> (u16, u8, u8) {
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

pub(super) fn put_size(footer: &mut [u8], size: u64) {
    put64(footer, 48, size);
    let (cylinders, heads, sectors) = geometry(size);
    footer[56..58].copy_from_slice(&cylinders.to_be_bytes());
    (footer[58], footer[59]) = (heads, sectors);
}

pub(super) fn new_footer(plan: &Plan, kind: u32) -> Vec<u8> {
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
