//! Reading files of an ISO 9660 image by their paths: with the long names of Joliet or Rock Ridge where it has them.
//! Bounded, and without a panic on foreign bytes.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

const SECTOR: u64 = 2048;
/// No folder is longer, and no volume has more descriptors.
const LARGEST_FOLDER: u64 = 8 << 20;
const MOST_DESCRIPTORS: u64 = 32;

/// An image.
pub(super) struct Image {
    file: File,
    root: Extent,
    joliet: bool,
}

/// Where a file or a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Extent {
    sector: u64,
    length: u64,
}

/// An entry of a folder.
struct Entry {
    name: String,
    extent: Extent,
    folder: bool,
}

impl Image {
    /// Opens an image; the cause of a failure otherwise.
    pub(super) fn open(path: &Path) -> std::io::Result<Option<Self>> {
        let mut file = File::open(path)?;
        let (mut root, mut joliet) = (None, None);
        for number in 0..MOST_DESCRIPTORS {
            let mut sector = [0; SECTOR as usize];
            file.seek(SeekFrom::Start((16 + number) * SECTOR))?;
            if file.read_exact(&mut sector).is_err() || &sector[1..6] != b"CD001" {
                break;
            }
            match sector[0] {
                1 => root = root.or(extent(&sector[156..190])),
                // The escapes of Joliet, for each of its levels.
                2 if matches!(&sector[88..91], b"%/@" | b"%/C" | b"%/E") => joliet = extent(&sector[156..190]),
                255 => break,
                _ => {}
            }
        }
        // The names of Rock Ridge stand beside the short ones.
        Ok(joliet.or(root).map(|found| Self { file, root: found, joliet: joliet.is_some() }))
    }

    /// The content of a file, at most `most` bytes of it; `None` when there is no such file. Case does not matter.
    pub(super) fn read(&mut self, path: &str, most: u64) -> Option<Vec<u8>> {
        let mut at = Entry { name: String::new(), extent: self.root, folder: true };
        for part in path.split('/').filter(|part| !part.is_empty()) {
            if !at.folder {
                return None;
            }
            at = self.entries(at.extent)?.into_iter().find(|entry| entry.name.eq_ignore_ascii_case(part))?;
        }
        if at.folder { None } else { self.bytes(at.extent, most) }
    }

    /// The content of a file as text; what is no UTF-8 is replaced, and UTF-16 is read.
    pub(super) fn text(&mut self, path: &str) -> Option<String> {
        let bytes = self.read(path, 1 << 20)?;
        Some(match bytes.strip_prefix(&[0xff, 0xfe]) {
            Some(wide) => {
                let units: Vec<u16> = wide.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
                String::from_utf16_lossy(&units)
            }
            None => String::from_utf8_lossy(&bytes).into_owned(),
        })
    }

    fn bytes(&mut self, extent: Extent, most: u64) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(extent.sector.checked_mul(SECTOR)?)).ok()?;
        (&mut self.file).take(extent.length.min(most)).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    fn entries(&mut self, folder: Extent) -> Option<Vec<Entry>> {
        let bytes = self.bytes(folder, LARGEST_FOLDER)?;
        let mut entries = Vec::new();
        let mut at = 0;
        while let Some(length) = bytes.get(at).map(|length| usize::from(*length)) {
            if length == 0 {
                // The rest of a sector is empty.
                at = (at / SECTOR as usize + 1) * SECTOR as usize;
                continue;
            }
            let record = bytes.get(at..at + length)?;
            entries.extend(self.entry(record));
            at += length;
        }
        Some(entries)
    }

    fn entry(&self, record: &[u8]) -> Option<Entry> {
        let extent = extent(record)?;
        let folder = record.get(25)? & 2 != 0;
        let length = usize::from(*record.get(32)?);
        let raw = record.get(33..33 + length)?;
        if matches!(raw, [0] | [1]) {
            return None;
        }
        let short = if self.joliet {
            let units: Vec<u16> = raw.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
            String::from_utf16_lossy(&units)
        } else {
            String::from_utf8_lossy(raw).into_owned()
        };
        let short = short.split(';').next().unwrap_or_default().trim_end_matches('.').to_owned();
        let rest = record.get(33 + length + usize::from(length.is_multiple_of(2))..).unwrap_or_default();
        let long = if self.joliet { None } else { rock_ridge(rest) };
        Some(Entry { name: long.unwrap_or(short), extent, folder })
    }
}

/// The place in a record of a folder.
fn extent(record: &[u8]) -> Option<Extent> {
    let number = |at: usize| {
        let bytes: [u8; 4] = record.get(at..at + 4)?.try_into().ok()?;
        Some(u64::from(u32::from_le_bytes(bytes)))
    };
    Some(Extent { sector: number(2)?, length: number(10)? })
}

/// The name in the entries of Rock Ridge behind a record.
fn rock_ridge(mut rest: &[u8]) -> Option<String> {
    let mut name = Vec::new();
    while rest.len() >= 4 {
        let length = usize::from(rest[2]);
        let entry = rest.get(..length).filter(|_| length >= 4)?;
        if &entry[..2] == b"NM" && length > 5 {
            name.extend_from_slice(&entry[5..]);
        }
        rest = &rest[length..];
        if &entry[..2] == b"ST" {
            break;
        }
    }
    (!name.is_empty()).then(|| String::from_utf8_lossy(&name).into_owned())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An image with some files, with names of Joliet or of Rock Ridge.
    pub(in crate::host::unattended) fn image(files: &[(&str, &str)], joliet: bool) -> Vec<u8> {
        let mut folders = vec![String::new()];
        for (path, _) in files {
            let parts: Vec<&str> = path.split('/').collect();
            for end in 1..parts.len() {
                let folder = parts[..end].join("/");
                if !folders.contains(&folder) {
                    folders.push(folder);
                }
            }
        }
        let first_file = 20 + folders.len();
        let record = |name: &str, sector: usize, length: usize, folder: bool| {
            let mut raw: Vec<u8> = match (name, joliet) {
                ("\0" | "\x01", _) => name.as_bytes().to_vec(),
                (_, true) => name.encode_utf16().flat_map(u16::to_be_bytes).collect(),
                (_, false) => format!("S{sector};1").into_bytes(),
            };
            let own = raw.len();
            if own.is_multiple_of(2) {
                raw.push(0);
            }
            if !joliet && name.len() > 1 {
                raw.extend([b'N', b'M', 5 + name.len() as u8, 1, 0]);
                raw.extend(name.as_bytes());
            }
            let mut record = vec![0; 33];
            record[2..6].copy_from_slice(&(sector as u32).to_le_bytes());
            record[10..14].copy_from_slice(&(length as u32).to_le_bytes());
            (record[25], record[32]) = (u8::from(folder) * 2, own as u8);
            record.extend(raw);
            record[0] = record.len() as u8;
            record
        };
        let mut image = vec![0; (first_file + files.len()) * 2048];
        let mut put =
            |sector: usize, bytes: &[u8]| image[sector * 2048..sector * 2048 + bytes.len()].copy_from_slice(bytes);
        let mut descriptor = vec![0; 2048];
        descriptor[1..6].copy_from_slice(b"CD001");
        let root = record("\0", 20, 2048, true);
        descriptor[156..156 + root.len()].copy_from_slice(&root);
        descriptor[0] = 1;
        put(16, &descriptor);
        descriptor[0] = if joliet { 2 } else { 0 };
        descriptor[88..91].copy_from_slice(b"%/E");
        put(17, &descriptor);
        put(18, b"\xffCD001");
        for (number, folder) in folders.iter().enumerate() {
            let mut bytes = [record("\0", 20 + number, 2048, true), record("\x01", 20, 2048, true)].concat();
            let inside = |path: &str| match path.rsplit_once('/') {
                Some((above, name)) => (above == folder).then(|| name.to_owned()),
                None => folder.is_empty().then(|| path.to_owned()),
            };
            for (number, below) in folders.iter().enumerate().skip(1) {
                inside(below).into_iter().for_each(|name| bytes.extend(record(&name, 20 + number, 2048, true)));
            }
            for (number, (path, text)) in files.iter().enumerate() {
                inside(path)
                    .into_iter()
                    .for_each(|name| bytes.extend(record(&name, first_file + number, text.len(), false)));
            }
            put(20 + number, &bytes);
        }
        for (number, (_, text)) in files.iter().enumerate() {
            put(first_file + number, text.as_bytes());
        }
        image
    }

    #[test]
    fn files_are_found_by_their_long_names() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.iso");
        for joliet in [true, false] {
            let bytes =
                image(&[(".disk/info", "Debian"), ("sources/lang.ini", "[x]"), ("README.txt", "hello")], joliet);
            std::fs::write(&path, &bytes).unwrap();
            let mut iso = Image::open(&path).unwrap().unwrap();
            assert_eq!(iso.text(".disk/info").as_deref(), Some("Debian"), "{joliet}");
            assert_eq!(iso.text("/SOURCES/LANG.INI").as_deref(), Some("[x]"));
            assert_eq!(iso.read("readme.txt", 2).as_deref(), Some(&b"he"[..]));
            for missing in ["", ".disk", ".disk/none", "README.txt/x", "none"] {
                assert_eq!(iso.text(missing), None, "{missing}");
            }
        }
    }

    #[test]
    fn damage_gives_nothing_and_no_panic() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.iso");
        let good = image(&[(".disk/info", "Debian"), ("x/y/z", "deep")], false);
        for round in 0..400usize {
            let mut bytes = good.clone();
            for step in 0..4 {
                let at = 16 * 2048 + (round * 7919 + step * 104_729) % (bytes.len() - 16 * 2048);
                bytes[at] = (round * 31 + step) as u8;
            }
            bytes.truncate(if round.is_multiple_of(3) { bytes.len() * (round % 100) / 100 } else { bytes.len() });
            std::fs::write(&path, &bytes).unwrap();
            if let Some(mut iso) = Image::open(&path).unwrap() {
                let _ = (iso.text(".disk/info"), iso.text("x/y/z"));
            }
        }
    }
}
