//! The files of an appliance that is read: beside each other in a folder (`.ovf`), or in one archive (`.ova`, a tar).

use crate::host::fault::code;
use crate::host::{Fault, Outcome};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// No descriptor, manifest or certificate is longer.
const LARGEST_TEXT: u64 = 64 << 20;

/// A package.
#[derive(Clone, Debug)]
pub(in crate::host) struct Package {
    /// The archive, or the descriptor.
    path: PathBuf,
    /// Name of the descriptor.
    pub(super) descriptor: String,
    /// Where the files are in an archive; none: they are files of their own.
    parts: Option<HashMap<String, (u64, u64)>>,
}

/// One file of a package.
pub(super) struct Part {
    file: File,
    start: u64,
    length: u64,
    at: u64,
}

impl Part {
    pub(super) fn length(&self) -> u64 {
        self.length
    }
}

impl Read for Part {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let most = bytes.len().min(usize::try_from(self.length - self.at).unwrap_or(usize::MAX));
        self.file.seek(SeekFrom::Start(self.start + self.at))?;
        let read = self.file.read(&mut bytes[..most])?;
        self.at += read as u64;
        Ok(read)
    }
}

/// A file that cannot be opened: what is not there is told apart.
pub(super) fn unopened(path: &Path, error: &io::Error) -> Fault {
    let code = if error.kind() == io::ErrorKind::NotFound { code::OBJECT_NOT_FOUND } else { code::FILE_ERROR };
    Fault::new(code, format!("cannot open `{}`: {error}", path.display()))
}

/// Whether a path names an archive; `None`: neither an archive nor a descriptor.
pub(super) fn is_archive(path: &Path) -> Option<bool> {
    let ending = path.extension()?.to_string_lossy().to_ascii_lowercase();
    match ending.as_str() {
        "ova" => Some(true),
        "ovf" => Some(false),
        _ => None,
    }
}

impl Package {
    /// Looks what there is.
    ///
    /// # Errors
    /// The file is not there, or is no archive with a descriptor.
    pub(super) fn open(path: &Path) -> Outcome<Self> {
        let file = File::open(path).map_err(|error| unopened(path, &error))?;
        if is_archive(path) != Some(true) {
            let descriptor = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            return Ok(Self { path: path.to_owned(), descriptor, parts: None });
        }
        let failed = |error: io::Error| Fault::file(path, error);
        let mut archive = tar::Archive::new(file);
        let (mut parts, mut descriptor) = (HashMap::new(), None);
        for entry in archive.entries_with_seek().map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if !entry.header().entry_type().is_file() {
                continue;
            }
            let name = String::from_utf8_lossy(&entry.path_bytes()).trim_start_matches("./").to_owned();
            if descriptor.is_none() && name.to_ascii_lowercase().ends_with(".ovf") {
                descriptor = Some(name.clone());
            }
            parts.insert(name, (entry.raw_file_position(), entry.size()));
        }
        let descriptor = descriptor.ok_or_else(|| Fault::file(path, "the archive has no OVF descriptor"))?;
        Ok(Self { path: path.to_owned(), descriptor, parts: Some(parts) })
    }

    /// What the package is called in messages.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where a file is outside of an archive.
    ///
    /// # Errors
    /// Its path leads out of the folder of the package.
    fn beside(&self, name: &str) -> Outcome<PathBuf> {
        use std::path::Component;
        let plain = Path::new(name).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if !plain {
            return Err(Fault::file(&self.path, format!("it names the file `{name}` outside of its folder")));
        }
        Ok(self.path.parent().unwrap_or(Path::new("")).join(name))
    }

    /// The path of a file that is one of its own; `None`: it is in an archive.
    pub(super) fn plain_path(&self, name: &str) -> Outcome<Option<PathBuf>> {
        if self.parts.is_some() { Ok(None) } else { self.beside(name).map(Some) }
    }

    /// Opens a file.
    ///
    /// # Errors
    /// It is not there or cannot be read.
    pub(super) fn part(&self, name: &str) -> Outcome<Part> {
        let Some(parts) = &self.parts else {
            let path = self.beside(name)?;
            let file = File::open(&path).map_err(|error| unopened(&path, &error))?;
            let length = file.metadata().map_err(|error| unopened(&path, &error))?.len();
            return Ok(Part { file, start: 0, length, at: 0 });
        };
        let missing = || Fault::file(&self.path, format!("the archive has no `{name}`"));
        let (start, length) = *parts.get(name.trim_start_matches("./")).ok_or_else(missing)?;
        let file = File::open(&self.path).map_err(|error| unopened(&self.path, &error))?;
        Ok(Part { file, start, length, at: 0 })
    }

    /// The whole text of a file; `None` where there is no such file.
    ///
    /// # Errors
    /// It cannot be read, or is too long for a text.
    pub(super) fn text(&self, name: &str) -> Outcome<Option<Vec<u8>>> {
        let there = match &self.parts {
            Some(parts) => parts.contains_key(name),
            None => self.beside(name)?.is_file(),
        };
        if !there {
            return Ok(None);
        }
        let mut part = self.part(name)?;
        if part.length() > LARGEST_TEXT {
            return Err(Fault::file(&self.path, format!("`{name}` is longer than {LARGEST_TEXT} bytes")));
        }
        let mut bytes = Vec::new();
        part.read_to_end(&mut bytes).map_err(|error| Fault::file(&self.path, error))?;
        if bytes.len() as u64 != part.length() {
            return Err(Fault::file(&self.path, format!("`{name}` ends early")));
        }
        Ok(Some(bytes))
    }

    /// The name of a companion of the descriptor: manifest (`mf`), certificate (`cert`).
    pub(super) fn companion(&self, ending: &str) -> String {
        Path::new(&self.descriptor).with_extension(ending).to_string_lossy().into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(entries: &[(&str, &str)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, text) in entries {
            let mut header = tar::Header::new_ustar();
            header.set_size(text.len() as u64);
            builder.append_data(&mut header, name, text.as_bytes()).unwrap();
        }
        builder.into_inner().unwrap()
    }

    #[test]
    fn files_are_found_in_an_archive() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.OVA");
        std::fs::write(&path, archive(&[("web.ovf", "<a/>"), ("disk.vmdk", "bytes"), ("web.mf", "")])).unwrap();
        let package = Package::open(&path).unwrap();
        assert_eq!((package.descriptor.as_str(), package.companion("mf").as_str()), ("web.ovf", "web.mf"));
        assert_eq!(package.text("disk.vmdk").unwrap().as_deref(), Some(&b"bytes"[..]));
        assert_eq!(package.text("web.cert"), Ok(None));
        assert!(package.part("none.vmdk").is_err());
        // A cut off archive: what is told of its end cannot be read.
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..1536 + 2]).unwrap();
        assert!(Package::open(&path).and_then(|package| package.text("disk.vmdk")).is_err());
    }

    #[test]
    fn nothing_outside_of_the_folder_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ovf");
        std::fs::write(&path, "<a/>").unwrap();
        let package = Package::open(&path).unwrap();
        for name in ["../a.ovf", "/etc/passwd", "x/../../y"] {
            assert!(package.part(name).is_err_and(|fault| fault.message.contains("outside")), "{name}");
        }
        assert_eq!(Package::open(&folder.path().join("b.ovf")).unwrap_err().code, code::OBJECT_NOT_FOUND);
    }
}
