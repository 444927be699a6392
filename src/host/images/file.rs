//! Reading and writing a file at a place, with bounds, and tables of 32-bit numbers in it.

use super::{Result, damaged};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A file that is read and written at places.
pub(super) struct DiskFile {
    file: File,
    path: PathBuf,
    length: u64,
}

impl DiskFile {
    pub(super) fn open(path: &Path, writable: bool) -> Result<Self> {
        let file = OpenOptions::new().read(true).write(writable).open(path)?;
        let facts = file.metadata()?;
        if facts.is_dir() {
            return Err(std::io::Error::from(std::io::ErrorKind::IsADirectory).into());
        }
        Ok(Self { file, path: path.to_owned(), length: facts.len() })
    }

    /// A new file, for its owner only, as VirtualBox makes them.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self { file: options.open(path)?, path: path.to_owned(), length: 0 })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Reads exactly so many bytes.
    pub(super) fn read(&mut self, at: u64, bytes: &mut [u8]) -> Result {
        if at.checked_add(bytes.len() as u64).is_none_or(|end| end > self.length) {
            return damaged(format!("it ends at {}, before {at} + {}", self.length, bytes.len()));
        }
        self.file.seek(SeekFrom::Start(at))?;
        Ok(self.file.read_exact(bytes)?)
    }

    /// Reads what there is; what is beyond the end reads as zeros.
    pub(super) fn read_padded(&mut self, at: u64, bytes: &mut [u8]) -> Result {
        let there = usize::try_from(self.length.saturating_sub(at)).unwrap_or(usize::MAX).min(bytes.len());
        let (real, rest) = bytes.split_at_mut(there);
        rest.fill(0);
        if there > 0 { self.read(at, real) } else { Ok(()) }
    }

    pub(super) fn write(&mut self, at: u64, bytes: &[u8]) -> Result {
        self.file.seek(SeekFrom::Start(at))?;
        self.file.write_all(bytes)?;
        self.length = self.length.max(at + bytes.len() as u64);
        Ok(())
    }

    pub(super) fn set_length(&mut self, length: u64) -> Result {
        self.file.set_len(length)?;
        self.length = length;
        Ok(())
    }

    pub(super) fn flush(&mut self) -> Result {
        Ok(self.file.sync_data()?)
    }
}

/// Removes a file that was being made, unless it was finished.
pub(super) struct Unfinished<'a>(pub(super) Option<&'a Path>);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if let Some(path) = self.0 {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Moves a file. Between file systems it is copied, which can be cancelled; then the old one stays.
pub(super) fn relocate(from: &Path, to: &Path, report: &mut dyn FnMut(u64, u64) -> Result) -> Result {
    report(0, 1)?;
    if std::fs::rename(from, to).is_ok() {
        return report(1, 1);
    }
    let mut source = DiskFile::open(from, false)?;
    let mut target = DiskFile::create(to)?;
    let mut unfinished = Unfinished(Some(to));
    let mut bytes = vec![0; 1 << 20];
    let mut at = 0;
    while at < source.length() {
        report(at, source.length())?;
        let part = bytes.len().min(usize::try_from(source.length() - at).unwrap_or(usize::MAX));
        source.read(at, &mut bytes[..part])?;
        if !super::work::is_zero(&bytes[..part]) {
            target.write(at, &bytes[..part])?;
        }
        at += part as u64;
    }
    target.set_length(source.length())?;
    target.flush()?;
    std::fs::remove_file(from)?;
    unfinished.0 = None;
    Ok(())
}

/// Entries that are kept in memory at once.
const PAGE: u64 = 4096;

/// A table of 32-bit numbers in a file, of which one page is in memory.
pub(super) struct Table {
    at: u64,
    count: u64,
    big_endian: bool,
    page: u64,
    bytes: Vec<u8>,
}

impl Table {
    /// A table of `count` numbers at `at`. It must lie within the file.
    pub(super) fn new(file: &DiskFile, at: u64, count: u64, big_endian: bool) -> Result<Self> {
        let end = count.checked_mul(4).and_then(|length| at.checked_add(length));
        if end.is_none_or(|end| end > file.length()) {
            return damaged(format!("a table of {count} entries at {at} does not fit into the file"));
        }
        Ok(Self { at, count, big_endian, page: u64::MAX, bytes: Vec::new() })
    }

    fn load(&mut self, file: &mut DiskFile, entry: u64) -> Result<usize> {
        if entry >= self.count {
            return damaged(format!("entry {entry} of a table of {}", self.count));
        }
        let page = entry / PAGE;
        if page != self.page {
            let entries = PAGE.min(self.count - page * PAGE);
            self.bytes.resize(entries as usize * 4, 0);
            self.page = u64::MAX;
            file.read(self.at + page * PAGE * 4, &mut self.bytes)?;
            self.page = page;
        }
        Ok((entry % PAGE) as usize * 4)
    }

    pub(super) fn get(&mut self, file: &mut DiskFile, entry: u64) -> Result<u32> {
        let at = self.load(file, entry)?;
        let mut number = [0; 4];
        number.copy_from_slice(&self.bytes[at..at + 4]);
        Ok(if self.big_endian { u32::from_be_bytes(number) } else { u32::from_le_bytes(number) })
    }

    pub(super) fn set(&mut self, file: &mut DiskFile, entry: u64, value: u32) -> Result {
        let at = self.load(file, entry)?;
        let number = if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
        file.write(self.at + entry * 4, &number)?;
        self.bytes[at..at + 4].copy_from_slice(&number);
        Ok(())
    }
}

/// Numbers in a header that has been read; bounds are checked by whoever read it.
pub(super) trait Bytes {
    fn slice<const N: usize>(&self, at: usize) -> [u8; N];

    fn le16(&self, at: usize) -> u16 {
        u16::from_le_bytes(self.slice(at))
    }
    fn le32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.slice(at))
    }
    fn le64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.slice(at))
    }
    fn be32(&self, at: usize) -> u32 {
        u32::from_be_bytes(self.slice(at))
    }
    fn be64(&self, at: usize) -> u64 {
        u64::from_be_bytes(self.slice(at))
    }
    fn id(&self, at: usize) -> uuid::Uuid {
        uuid::Uuid::from_bytes_le(self.slice(at))
    }
}

impl Bytes for [u8] {
    /// Zeros beyond the end.
    fn slice<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut found = [0; N];
        let there = self.get(at..).unwrap_or_default();
        let length = there.len().min(N);
        found[..length].copy_from_slice(&there[..length]);
        found
    }
}
