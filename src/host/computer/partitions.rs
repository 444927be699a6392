//! Partition tables of a disk: MBR with logical partitions, and GPT. Foreign bytes: bounded, never a panic.

use std::io::{Read, Seek, SeekFrom};

/// A partition as its table has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Partition {
    pub(super) number: u32,
    /// In bytes.
    pub(super) start: u64,
    pub(super) size: u64,
    pub(super) active: bool,
    /// Type number in an MBR; 0 on GPT.
    pub(super) mbr_type: u8,
    /// Cylinder, head and sector of start and end, on MBR.
    pub(super) first: [u32; 3],
    pub(super) last: [u32; 3],
    /// Ids of type and partition, on GPT.
    pub(super) type_id: Option<uuid::Uuid>,
    pub(super) id: Option<uuid::Uuid>,
    pub(super) name: String,
}

/// What a disk is divided by.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Table {
    Mbr(Vec<Partition>),
    Gpt(uuid::Uuid, Vec<Partition>),
}

/// More logical partitions than this are not followed.
const MOST_LOGICAL: usize = 128;

/// Reads the table of a disk with sectors of `sector` bytes; none when there is none.
pub(super) fn read(disk: &mut (impl Read + Seek), sector: u64) -> Option<Table> {
    let first = block(disk, 0, 512)?;
    if first.get(510..512)? != [0x55, 0xaa] {
        return None;
    }
    if first.get(450) == Some(&0xee)
        && let Some((id, partitions)) = gpt(disk, sector)
    {
        return Some(Table::Gpt(id, partitions));
    }
    let mut partitions = Vec::new();
    let mut extended = None;
    for (number, entry) in (1..).zip(entries(&first)) {
        let partition = mbr_partition(number, entry, 0, sector);
        if matches!(partition.mbr_type, 5 | 0x0f | 0x85) {
            extended = Some(partition.start / sector);
        }
        if partition.mbr_type != 0 {
            partitions.push(partition);
        }
    }
    if let Some(extended) = extended {
        logical(disk, extended, sector, &mut partitions);
    }
    Some(Table::Mbr(partitions))
}

fn logical(disk: &mut (impl Read + Seek), extended: u64, sector: u64, partitions: &mut Vec<Partition>) {
    let mut at = extended;
    for number in 5..5 + MOST_LOGICAL as u32 {
        let Some(block) = at.checked_mul(sector).and_then(|at| block(disk, at, 512)) else { return };
        if block[510..512] != [0x55, 0xaa] {
            return;
        }
        let mut entries = entries(&block);
        let (Some(own), Some(next)) = (entries.next(), entries.next()) else { return };
        let partition = mbr_partition(number, own, at, sector);
        if partition.mbr_type != 0 {
            partitions.push(partition);
        }
        let next = u64::from(number_at(next, 8));
        if next == 0 {
            return;
        }
        at = extended + next;
    }
}

fn block(disk: &mut (impl Read + Seek), at: u64, length: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; length];
    disk.seek(SeekFrom::Start(at)).ok()?;
    disk.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

fn entries(block: &[u8]) -> impl Iterator<Item = &[u8]> {
    block.get(446..510).unwrap_or_default().chunks_exact(16)
}

fn number_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|part| part.try_into().ok()).map_or(0, u32::from_le_bytes)
}

fn long_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|part| part.try_into().ok()).map_or(0, u64::from_le_bytes)
}

fn mbr_partition(number: u32, entry: &[u8], base: u64, sector: u64) -> Partition {
    let byte = |at: usize| u32::from(entry.get(at).copied().unwrap_or_default());
    let place = |at: usize| [byte(at + 2) | (byte(at + 1) & 0xc0) << 2, byte(at), byte(at + 1) & 0x3f];
    Partition {
        number,
        start: (base + u64::from(number_at(entry, 8))) * sector,
        size: u64::from(number_at(entry, 12)) * sector,
        active: byte(0) & 0x80 != 0,
        mbr_type: byte(4) as u8,
        first: place(1),
        last: place(5),
        ..Partition::default()
    }
}

fn gpt(disk: &mut (impl Read + Seek), sector: u64) -> Option<(uuid::Uuid, Vec<Partition>)> {
    let header = block(disk, sector, 92)?;
    if header.get(..8)? != b"EFI PART" {
        return None;
    }
    let id = |bytes: &[u8]| uuid::Uuid::from_slice_le(bytes).ok();
    let (table, count, length) = (long_at(&header, 72), number_at(&header, 80), number_at(&header, 84));
    let (count, length) = (count.min(1024) as usize, length as usize);
    if !(128..=4096).contains(&length) {
        return None;
    }
    let entries = block(disk, table.checked_mul(sector)?, count * length)?;
    let mut partitions = Vec::new();
    for (number, entry) in (1..).zip(entries.chunks_exact(length)) {
        let type_id = id(&entry[..16])?;
        if type_id.is_nil() {
            continue;
        }
        let (first, last) = (long_at(entry, 32), long_at(entry, 40));
        let name: Vec<u16> =
            entry[56..128].chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        partitions.push(Partition {
            number,
            start: first.saturating_mul(sector),
            size: last.saturating_sub(first).saturating_add(1).saturating_mul(sector),
            // The bit for BIOS boot.
            active: long_at(entry, 48) & 4 != 0,
            type_id: Some(type_id),
            id: id(&entry[16..32]),
            name: String::from_utf16_lossy(&name).trim_end_matches('\0').to_owned(),
            ..Partition::default()
        });
    }
    Some((id(&header[56..72])?, partitions))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn mbr(entries: &[(u8, u8, u32, u32)]) -> Vec<u8> {
        let mut block = vec![0; 512];
        for (at, (flags, kind, start, count)) in entries.iter().enumerate() {
            let entry = &mut block[446 + 16 * at..462 + 16 * at];
            (entry[0], entry[4]) = (*flags, *kind);
            entry[8..12].copy_from_slice(&start.to_le_bytes());
            entry[12..16].copy_from_slice(&count.to_le_bytes());
        }
        block[510..].copy_from_slice(&[0x55, 0xaa]);
        block
    }

    #[test]
    fn an_mbr_has_primary_and_logical_partitions() {
        let mut disk = mbr(&[(0x80, 0x83, 2, 10), (0, 5, 20, 100)]);
        disk.resize(200 * 512, 0);
        disk[20 * 512..21 * 512].copy_from_slice(&mbr(&[(0, 0x82, 1, 5), (0, 5, 30, 10)]));
        disk[50 * 512..51 * 512].copy_from_slice(&mbr(&[(0, 0x83, 1, 6)]));
        let Some(Table::Mbr(found)) = read(&mut Cursor::new(disk), 512) else { panic!("no MBR") };
        let places: Vec<_> =
            found.iter().map(|part| (part.number, part.start / 512, part.size / 512, part.mbr_type)).collect();
        assert_eq!(places, [(1, 2, 10, 0x83), (2, 20, 100, 5), (5, 21, 5, 0x82), (6, 51, 6, 0x83)]);
        assert!(found[0].active && !found[1].active);
    }

    #[test]
    fn a_gpt_has_names_and_ids() {
        let (kind, own, id) = (uuid::Uuid::from_u128(1), uuid::Uuid::from_u128(2), uuid::Uuid::from_u128(3));
        let mut disk = mbr(&[(0, 0xee, 1, 99)]);
        disk.resize(100 * 512, 0);
        let header = &mut disk[512..1024];
        header[..8].copy_from_slice(b"EFI PART");
        header[56..72].copy_from_slice(&id.to_bytes_le());
        header[72..80].copy_from_slice(&2_u64.to_le_bytes());
        header[80..84].copy_from_slice(&4_u32.to_le_bytes());
        header[84..88].copy_from_slice(&128_u32.to_le_bytes());
        let entry = &mut disk[1024..1152];
        entry[..16].copy_from_slice(&kind.to_bytes_le());
        entry[16..32].copy_from_slice(&own.to_bytes_le());
        entry[32..40].copy_from_slice(&10_u64.to_le_bytes());
        entry[40..48].copy_from_slice(&19_u64.to_le_bytes());
        entry[56..58].copy_from_slice(&[b'A', 0]);
        let Some(Table::Gpt(found_id, found)) = read(&mut Cursor::new(disk), 512) else { panic!("no GPT") };
        assert_eq!((found_id, found.len()), (id, 1));
        assert_eq!((found[0].start, found[0].size, found[0].name.as_str()), (5120, 5120, "A"));
        assert_eq!((found[0].type_id, found[0].id), (Some(kind), Some(own)));
    }

    #[test]
    fn damage_gives_no_table_and_no_panic() {
        for length in [0, 100, 511, 512, 1000] {
            let mut disk = mbr(&[(0, 5, u32::MAX, 1), (0, 0xee, 1, 1)]);
            disk.resize(length, 0xff);
            let _ = read(&mut Cursor::new(disk), 512);
        }
        let mut looped = mbr(&[(0, 5, 1, 100)]);
        looped.extend(mbr(&[(0, 0x83, 1, 1), (0, 5, 1, 1)]));
        looped.resize(4 * 512, 0);
        assert!(read(&mut Cursor::new(looped), 512).is_some());
    }
}
