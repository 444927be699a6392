//! VDI disk images: making an empty one, and reading the header of one. Layout as documented for version 1.1.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result, Seek, SeekFrom, Write};
use std::path::Path;
use uuid::Uuid;

const SIGNATURE: u32 = 0xbeda_107f;
const VERSION: u32 = 0x0001_0001;
/// Size of the header behind the first 72 bytes.
const HEADER: u32 = 400;
const BLOCK: u64 = 1 << 20;
/// Entry of the block map: nothing was written there.
const FREE: u32 = u32::MAX;
/// The largest image: as many blocks as the map can number.
pub(super) const LARGEST: u64 = (FREE as u64 - 1) * BLOCK;

/// What a header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) id: Uuid,
    /// The image that this one is a difference to.
    pub(super) parent: Option<Uuid>,
    /// Bytes that a guest sees.
    pub(super) size: u64,
    /// All blocks are there from the start.
    pub(super) fixed: bool,
}

/// Makes an empty image. An existing file is an error.
pub(super) fn create(path: &Path, header: &Header) -> Result<()> {
    if header.size > LARGEST {
        return Err(Error::new(ErrorKind::InvalidInput, "too large for the format"));
    }
    let blocks = header.size.div_ceil(BLOCK);
    let map_at = BLOCK;
    let data_at = (map_at + blocks * 4).next_multiple_of(BLOCK);
    let mut file = File::create_new(path)?;
    let written = write(&mut file, header, blocks, map_at, data_at);
    if written.is_err() {
        let _ = std::fs::remove_file(path);
    }
    written
}

fn write(file: &mut File, header: &Header, blocks: u64, map_at: u64, data_at: u64) -> Result<()> {
    let mut bytes = Vec::with_capacity(512);
    bytes.extend_from_slice(b"<<< Oracle VM VirtualBox Disk Image >>>\n");
    bytes.resize(64, 0);
    let number = |bytes: &mut Vec<u8>, value: u64| bytes.extend_from_slice(&(value as u32).to_le_bytes());
    number(&mut bytes, SIGNATURE.into());
    number(&mut bytes, VERSION.into());
    number(&mut bytes, HEADER.into());
    let kind = if header.parent.is_some() {
        4
    } else if header.fixed {
        2
    } else {
        1
    };
    number(&mut bytes, kind);
    number(&mut bytes, 0); // flags
    bytes.resize(bytes.len() + 256, 0); // comment
    number(&mut bytes, map_at);
    number(&mut bytes, data_at);
    for value in [0, 0, 0, 512, 0] {
        number(&mut bytes, value); // geometry: cylinders, heads, sectors, bytes in a sector; unused
    }
    bytes.extend_from_slice(&header.size.to_le_bytes());
    number(&mut bytes, BLOCK);
    number(&mut bytes, 0); // extra bytes of a block
    number(&mut bytes, blocks);
    number(&mut bytes, if header.fixed { blocks } else { 0 });
    let modified = Uuid::new_v4();
    for id in [header.id, modified, header.parent.unwrap_or_default(), Uuid::nil()] {
        bytes.extend_from_slice(&id.to_bytes_le());
    }
    for value in [0, 0, 0, 512] {
        number(&mut bytes, value); // geometry as a BIOS sees it
    }
    file.write_all(&bytes)?;
    file.seek(SeekFrom::Start(map_at))?;
    let mut map = Vec::with_capacity(1 << 16);
    for block in 0..blocks {
        map.extend_from_slice(&(if header.fixed { block as u32 } else { FREE }).to_le_bytes());
        if map.len() >= 1 << 16 {
            file.write_all(&map)?;
            map.clear();
        }
    }
    file.write_all(&map)?;
    file.set_len(if header.fixed { data_at + blocks * BLOCK } else { data_at })?;
    file.sync_all()
}

/// Reads a header; `None` when the file is no VDI image of version 1.1 or later.
pub(super) fn read(path: &Path) -> Result<Option<Header>> {
    let mut bytes = Vec::with_capacity(512);
    File::open(path)?.take(512).read_to_end(&mut bytes)?;
    Ok(parse(&bytes))
}

fn parse(bytes: &[u8]) -> Option<Header> {
    let number = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let id = |at: usize| Some(Uuid::from_bytes_le(bytes.get(at..at + 16)?.try_into().ok()?));
    if number(64)? != SIGNATURE || number(68)? >> 16 != 1 || number(68)? & 0xffff == 0 {
        return None;
    }
    let size = u64::from_le_bytes(bytes.get(368..376)?.try_into().ok()?);
    let parent = id(424)?;
    Some(Header { id: id(392)?, parent: (!parent.is_nil()).then_some(parent), size, fixed: number(76)? == 2 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_survives_the_file() {
        let folder = tempfile::tempdir().unwrap();
        for (name, size, fixed) in [("a.vdi", 10 << 30, false), ("b.vdi", 3 * BLOCK + 512, true), ("c.vdi", 1, false)] {
            let path = folder.path().join(name);
            let header = Header { id: Uuid::new_v4(), parent: None, size, fixed };
            create(&path, &header).unwrap();
            assert_eq!(read(&path).unwrap(), Some(header.clone()));
            assert!(create(&path, &header).is_err(), "an existing file stays");
        }
    }

    #[test]
    fn other_files_are_none() {
        assert_eq!(parse(b""), None);
        assert_eq!(parse(&[0xff; 512]), None);
    }
}
