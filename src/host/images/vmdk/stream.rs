//! Writing a stream-optimized VMDK: compressed grains in ascending order, tables between them, the directory last.

use super::super::file::DiskFile;
use super::super::{Result, SECTOR, unsupported};
use super::sparse::{ENTRIES, GRAIN, Header, TABLE};
use std::io::Write as _;

/// Kinds of markers.
const END: u32 = 0;
const GRAIN_TABLE: u32 = 1;
const DIRECTORY: u32 = 2;
const FOOTER: u32 = 3;

/// An image that is being written.
pub(super) struct Writer {
    file: DiskFile,
    capacity: u64,
    /// The grain at hand, and its number.
    grain: Vec<u8>,
    number: u64,
    touched: bool,
    table: Vec<u32>,
    directory: Vec<u32>,
}

const BYTES: usize = (GRAIN * SECTOR) as usize;

impl Writer {
    pub(super) fn create(mut file: DiskFile, capacity: u64, descriptor: &str) -> Result<Self> {
        let header = Header::stream(capacity, None);
        file.write(0, &header.write())?;
        super::sparse::write_descriptor(&mut file, &header, descriptor)?;
        file.set_length(GRAIN * SECTOR)?;
        let tables = capacity.div_ceil(GRAIN * ENTRIES) as usize;
        Ok(Self {
            file,
            capacity,
            grain: vec![0; BYTES],
            number: 0,
            touched: false,
            table: vec![0; ENTRIES as usize],
            directory: vec![0; tables],
        })
    }

    /// Puts a new descriptor in place of the old one.
    pub(super) fn describe(&mut self, descriptor: &str) -> Result {
        super::sparse::write_descriptor(&mut self.file, &Header::stream(self.capacity, None), descriptor)
    }

    pub(super) fn write(&mut self, mut at: u64, mut bytes: &[u8]) -> Result {
        while !bytes.is_empty() {
            let (number, within) = (at / BYTES as u64, (at % BYTES as u64) as usize);
            if number < self.number {
                return unsupported("a stream-optimized VMDK is written from start to end");
            }
            self.advance(number)?;
            let (part, rest) = bytes.split_at((BYTES - within).min(bytes.len()));
            self.grain[within..within + part.len()].copy_from_slice(part);
            self.touched = true;
            at += part.len() as u64;
            bytes = rest;
        }
        Ok(())
    }

    /// Writes what comes before that grain.
    fn advance(&mut self, number: u64) -> Result {
        if number == self.number {
            return Ok(());
        }
        self.put_grain()?;
        if number / ENTRIES != self.number / ENTRIES {
            self.put_table()?;
        }
        self.number = number;
        Ok(())
    }

    fn place(&self) -> Result<u32> {
        match u32::try_from(self.file.length() / SECTOR) {
            Ok(place) => Ok(place),
            Err(_) => unsupported("the file is too large for a VMDK"),
        }
    }

    fn append(&mut self, mut bytes: Vec<u8>) -> Result {
        bytes.resize(bytes.len().next_multiple_of(SECTOR as usize), 0);
        self.file.write(self.file.length(), &bytes)
    }

    fn marker(&mut self, sectors: u64, kind: u32) -> Result {
        let mut bytes = sectors.to_le_bytes().to_vec();
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&kind.to_le_bytes());
        self.append(bytes)
    }

    fn put_grain(&mut self) -> Result {
        if std::mem::take(&mut self.touched) && !super::super::work::is_zero(&self.grain) {
            let place = self.place()?;
            let mut bytes = (self.number * GRAIN).to_le_bytes().to_vec();
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(&self.grain)?;
            let packed = encoder.finish()?;
            bytes.extend_from_slice(&(packed.len() as u32).to_le_bytes());
            bytes.extend_from_slice(&packed);
            self.append(bytes)?;
            self.table[(self.number % ENTRIES) as usize] = place;
        }
        self.grain.fill(0);
        Ok(())
    }

    fn put_table(&mut self) -> Result {
        if self.table.iter().any(|entry| *entry != 0) {
            self.marker(TABLE, GRAIN_TABLE)?;
            self.directory[(self.number / ENTRIES) as usize] = self.place()?;
            let bytes = self.table.iter().flat_map(|entry| entry.to_le_bytes()).collect();
            self.append(bytes)?;
            self.table.fill(0);
        }
        Ok(())
    }

    /// Completes the image.
    pub(super) fn finish(mut self) -> Result {
        self.put_grain()?;
        self.put_table()?;
        let sectors = (self.directory.len() as u64 * 4).div_ceil(SECTOR);
        self.marker(sectors, DIRECTORY)?;
        let place = self.place()?;
        let bytes = self.directory.iter().flat_map(|entry| entry.to_le_bytes()).collect();
        self.append(bytes)?;
        self.marker(1, FOOTER)?;
        self.append(Header::stream(self.capacity, Some(place.into())).write())?;
        self.marker(0, END)?;
        self.file.flush()
    }
}
