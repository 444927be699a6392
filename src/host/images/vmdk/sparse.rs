//! A sparse extent of a VMDK: grains found by two levels of tables, plain or compressed.

use super::super::file::{Bytes, DiskFile, Table};
use super::super::{Extent, ImageError, Result, SECTOR, damaged, unsupported};
use std::io::Read as _;

pub(super) const MAGIC: &[u8; 4] = b"KDMV";
/// Sectors of a grain in images that VirtualBox makes.
pub(super) const GRAIN: u64 = 128;
/// Entries of a grain table.
pub(super) const ENTRIES: u64 = 512;
/// Sectors of a grain table.
pub(super) const TABLE: u64 = ENTRIES * 4 / SECTOR;
/// Flags: new lines can be tested; there is a second set of tables; an entry of 1 is a grain of zeros.
const FLAG_NEWLINES: u32 = 1;
const FLAG_REDUNDANT: u32 = 2;
const FLAG_ZEROED: u32 = 4;
/// Flags: grains are compressed, and there are markers.
const FLAG_COMPRESSED: u32 = 1 << 16;
const FLAG_MARKERS: u32 = 1 << 17;
/// The directory's place stands in the footer.
const AT_END: u64 = u64::MAX;

/// What the first sector of a sparse file says. Numbers of sectors.
#[derive(Clone, Debug)]
pub(super) struct Header {
    version: u32,
    flags: u32,
    pub(super) capacity: u64,
    pub(super) grain: u64,
    pub(super) descriptor_at: u64,
    pub(super) descriptor_size: u64,
    second_directory: u64,
    directory: u64,
    overhead: u64,
}

impl Header {
    /// A plain one, with room for a descriptor of that many sectors (0: none).
    pub(super) fn plain(capacity: u64, descriptor: u64) -> Self {
        let tables = capacity.div_ceil(GRAIN * ENTRIES);
        let room = (tables * 4).div_ceil(SECTOR);
        let second_directory = 1 + descriptor;
        let directory = second_directory + room + tables * TABLE;
        let overhead = (directory + room + tables * TABLE).next_multiple_of(GRAIN);
        Self {
            version: 1,
            flags: FLAG_NEWLINES | FLAG_REDUNDANT,
            capacity,
            grain: GRAIN,
            descriptor_at: u64::from(descriptor > 0),
            descriptor_size: descriptor,
            second_directory,
            directory,
            overhead,
        }
    }

    /// That of a stream-optimized image; the directory is found from the end.
    pub(super) fn stream(capacity: u64, directory: Option<u64>) -> Self {
        Self {
            version: 3,
            flags: FLAG_NEWLINES | FLAG_COMPRESSED | FLAG_MARKERS,
            capacity,
            grain: GRAIN,
            descriptor_at: 1,
            descriptor_size: 20,
            second_directory: 0,
            directory: directory.unwrap_or(AT_END),
            overhead: GRAIN,
        }
    }

    pub(super) fn compressed(&self) -> bool {
        self.flags & FLAG_COMPRESSED != 0
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut bytes = vec![0; SECTOR as usize];
        bytes[..4].copy_from_slice(MAGIC);
        bytes[4..8].copy_from_slice(&self.version.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.flags.to_le_bytes());
        let numbers = [(12, self.capacity), (20, self.grain), (28, self.descriptor_at), (36, self.descriptor_size)];
        let numbers =
            numbers.into_iter().chain([(48, self.second_directory), (56, self.directory), (64, self.overhead)]);
        for (at, number) in numbers {
            bytes[at..at + 8].copy_from_slice(&number.to_le_bytes());
        }
        bytes[44..48].copy_from_slice(&(ENTRIES as u32).to_le_bytes());
        bytes[73..77].copy_from_slice(b"\n \r\n");
        bytes[77..79].copy_from_slice(&u16::from(self.compressed()).to_le_bytes());
        bytes
    }

    pub(super) fn read(file: &mut DiskFile, at: u64) -> Result<Self> {
        let mut bytes = vec![0; SECTOR as usize];
        file.read(at, &mut bytes)?;
        if &bytes[..4] != MAGIC {
            return damaged("a sparse extent does not begin as one");
        }
        let header = Self {
            version: bytes.le32(4),
            flags: bytes.le32(8),
            capacity: bytes.le64(12),
            grain: bytes.le64(20),
            descriptor_at: bytes.le64(28),
            descriptor_size: bytes.le64(36),
            second_directory: bytes.le64(48),
            directory: bytes.le64(56),
            overhead: bytes.le64(64),
        };
        if !(1..=3).contains(&header.version) {
            return unsupported(format!("VMDK extents of the version {} are not supported", header.version));
        }
        if header.flags & FLAG_NEWLINES != 0 && &bytes[73..77] != b"\n \r\n" {
            return damaged("its line ends were converted: it was not copied byte for byte");
        }
        let entries = u64::from(bytes.le32(44));
        let odd = !header.grain.is_power_of_two() || header.grain > 1 << 16 || header.grain < 8 || entries != ENTRIES;
        if odd || header.capacity == 0 || header.capacity > 1 << 45 || header.descriptor_size > 1 << 14 {
            let (grain, capacity) = (header.grain, header.capacity);
            return damaged(format!("{capacity} sectors in grains of {grain} and tables of {entries} are impossible"));
        }
        if header.compressed() && bytes.le16(77) != 1 {
            return unsupported(format!("the compression {} is not supported", bytes.le16(77)));
        }
        Ok(header)
    }
}

/// A sparse extent that is open.
pub(super) struct Sparse {
    pub(super) file: DiskFile,
    pub(super) header: Header,
    directories: Vec<Table>,
    /// The tables last used: which, and where they are.
    tables: Option<(u64, Vec<Table>)>,
    /// The compressed grain last read.
    unpacked: Option<(u32, Vec<u8>)>,
}

impl Sparse {
    pub(super) fn open(mut file: DiskFile) -> Result<Self> {
        let mut header = Header::read(&mut file, 0)?;
        if header.directory == AT_END {
            let Some(at) = file.length().checked_sub(2 * SECTOR) else { return damaged("its footer is missing") };
            header = Header::read(&mut file, at)?;
        }
        let count = header.capacity.div_ceil(header.grain * ENTRIES);
        let mut directories = Vec::new();
        for at in [Some(header.directory), (header.flags & FLAG_REDUNDANT != 0).then_some(header.second_directory)] {
            if let Some(at) = at.filter(|at| *at != 0) {
                let Some(at) = at.checked_mul(SECTOR) else { return damaged("its directory is beyond the end") };
                directories.push(Table::new(&file, at, count, false)?);
            }
        }
        if directories.is_empty() {
            return damaged("it has no grain directory");
        }
        Ok(Self { file, header, directories, tables: None, unpacked: None })
    }

    /// Makes the file of an extent: header, both directories with their tables, all empty.
    pub(super) fn create(mut file: DiskFile, header: Header, descriptor: &str) -> Result<Self> {
        let tables = header.capacity.div_ceil(header.grain * ENTRIES);
        let room = (tables * 4).div_ceil(SECTOR);
        file.write(0, &header.write())?;
        if header.descriptor_size > 0 {
            write_descriptor(&mut file, &header, descriptor)?;
        }
        for at in [header.second_directory, header.directory] {
            let mut page = Vec::with_capacity(1 << 16);
            for table in 0..tables {
                let Ok(place) = u32::try_from(at + room + table * TABLE) else {
                    return Err(ImageError::Size("a VMDK cannot hold so many bytes".into()));
                };
                page.extend_from_slice(&place.to_le_bytes());
            }
            file.write(at * SECTOR, &page)?;
        }
        file.set_length(header.overhead * SECTOR)?;
        Self::open(file)
    }

    pub(super) fn grain(&self) -> u64 {
        self.header.grain * SECTOR
    }

    /// The tables that an entry is in, made when `make` and missing; none: nothing is there.
    fn tables(&mut self, grain: u64, make: bool) -> Result<bool> {
        let wanted = grain / ENTRIES;
        if self.tables.as_ref().is_some_and(|(known, _)| *known == wanted) {
            return Ok(true);
        }
        let mut tables = Vec::new();
        for directory in &mut self.directories {
            let mut at = directory.get(&mut self.file, wanted)?;
            if at == 0 && make {
                let place = self.file.length().next_multiple_of(SECTOR);
                self.file.write(place, &[0; (TABLE * SECTOR) as usize])?;
                at = u32::try_from(place / SECTOR).map_err(|_| ImageError::Size("the file is too large".into()))?;
                directory.set(&mut self.file, wanted, at)?;
            }
            if at != 0 {
                tables.push(Table::new(&self.file, u64::from(at) * SECTOR, ENTRIES, false)?);
            }
        }
        if tables.is_empty() {
            return Ok(false);
        }
        self.tables = Some((wanted, tables));
        Ok(true)
    }

    fn entry(&mut self, grain: u64) -> Result<u32> {
        if !self.tables(grain, false)? {
            return Ok(0);
        }
        match &mut self.tables {
            Some((_, tables)) => tables[0].get(&mut self.file, grain % ENTRIES),
            None => Ok(0),
        }
    }

    fn kind(&self, entry: u32) -> Extent {
        match entry {
            0 => Extent::Free,
            1 if self.header.flags & FLAG_ZEROED != 0 => Extent::Zero,
            _ => Extent::Data,
        }
    }

    /// As [`super::super::Image::extent`]; `at` is counted from the start of this extent.
    pub(super) fn extent(&mut self, at: u64, length: u64) -> Result<(Extent, u64)> {
        let grain = self.grain();
        let entry = self.entry(at / grain)?;
        let kind = self.kind(entry);
        let mut run = grain - at % grain;
        while run < length {
            let next = self.entry((at + run) / grain)?;
            if self.kind(next) != kind {
                break;
            }
            run += grain;
        }
        Ok((kind, run.min(length)))
    }

    pub(super) fn read(&mut self, mut at: u64, mut bytes: &mut [u8]) -> Result {
        let grain = self.grain();
        while !bytes.is_empty() {
            let entry = self.entry(at / grain)?;
            let (within, left) = (at % grain, grain - at % grain);
            let (part, rest) = bytes.split_at_mut(usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len()));
            match self.kind(entry) {
                Extent::Free | Extent::Zero => part.fill(0),
                Extent::Data if self.header.compressed() => {
                    let unpacked = self.unpack(entry)?;
                    let from = within as usize;
                    part.copy_from_slice(&unpacked[from..from + part.len()]);
                }
                Extent::Data => self.file.read_padded(u64::from(entry) * SECTOR + within, part)?,
            }
            at += part.len() as u64;
            bytes = rest;
        }
        Ok(())
    }

    /// A compressed grain: its number, its length, and that many bytes.
    fn unpack(&mut self, entry: u32) -> Result<&[u8]> {
        let known = self.unpacked.take().filter(|(known, _)| *known == entry);
        let unpacked = match known {
            Some((_, unpacked)) => unpacked,
            None => {
                let (at, grain) = (u64::from(entry) * SECTOR, self.grain());
                let mut marker = [0; 12];
                self.file.read(at, &mut marker)?;
                let length = marker.as_slice().le32(8);
                if length == 0 || u64::from(length) > grain * 2 + 1024 {
                    return damaged(format!("a compressed grain claims {length} bytes"));
                }
                let mut packed = vec![0; length as usize];
                self.file.read(at + 12, &mut packed)?;
                let mut unpacked = Vec::new();
                let mut decoder = flate2::read::ZlibDecoder::new(packed.as_slice()).take(grain);
                if let Err(error) = decoder.read_to_end(&mut unpacked) {
                    return damaged(format!("a compressed grain cannot be unpacked: {error}"));
                }
                unpacked.resize(grain as usize, 0);
                unpacked
            }
        };
        Ok(&self.unpacked.insert((entry, unpacked)).1)
    }

    pub(super) fn write(&mut self, mut at: u64, mut bytes: &[u8]) -> Result {
        if self.header.compressed() {
            return unsupported("a stream-optimized VMDK cannot be changed");
        }
        let grain = self.grain();
        while !bytes.is_empty() {
            let (number, within) = (at / grain, at % grain);
            let left = usize::try_from(grain - within).unwrap_or(usize::MAX);
            let (part, rest) = bytes.split_at(left.min(bytes.len()));
            let entry = self.entry(number)?;
            if self.kind(entry) == Extent::Data {
                self.file.write(u64::from(entry) * SECTOR + within, part)?;
            } else {
                self.tables(number, true)?;
                let place = self.file.length().max(self.header.overhead * SECTOR).next_multiple_of(grain);
                let new = u32::try_from(place / SECTOR);
                let new = new.map_err(|_| ImageError::Size("the file is too large for a VMDK".into()))?;
                self.file.write(place + within, part)?;
                if self.file.length() < place + grain {
                    self.file.set_length(place + grain)?;
                }
                if let Some((_, tables)) = &mut self.tables {
                    for table in tables.iter_mut().rev() {
                        table.set(&mut self.file, number % ENTRIES, new)?;
                    }
                }
            }
            at += part.len() as u64;
            bytes = rest;
        }
        Ok(())
    }
}

/// Puts a descriptor into the room that a sparse file has for it.
pub(super) fn write_descriptor(file: &mut DiskFile, header: &Header, text: &str) -> Result {
    let room = (header.descriptor_size * SECTOR) as usize;
    if text.len() > room {
        return unsupported("the descriptor has no room in the file");
    }
    let mut bytes = text.as_bytes().to_vec();
    bytes.resize(room, 0);
    file.write(header.descriptor_at * SECTOR, &bytes)
}
