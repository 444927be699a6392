//! Disk images as files: opening, making, reading and writing them, whatever their format.
//!
//! One trait, [`Image`], and a file for each format. [`Chain`] reads a differencing image through its parents, and
//! [`work`] copies and merges. Nothing here knows of media, machines or registries.

mod chain;
mod file;
mod foreign;
mod raw;
mod vdi;
mod vhd;
mod vmdk;
pub(super) mod work;

pub(super) use chain::Chain;

use std::path::{Path, PathBuf};
use uuid::Uuid;

/// Result of anything here.
pub(super) type Result<T = ()> = std::result::Result<T, ImageError>;

/// Why an image cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum ImageError {
    /// The file cannot be read or written.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// What the file says cannot be true.
    #[error("the image is damaged: {0}")]
    Damaged(String),
    /// The format, or this kind of it, cannot do that.
    #[error("{0}")]
    Unsupported(String),
    /// The format cannot hold a disk of that size.
    #[error("{0}")]
    Size(String),
    /// The work was cancelled.
    #[error("it was cancelled")]
    Cancelled,
}

fn damaged<T>(what: impl Into<String>) -> Result<T> {
    Err(ImageError::Damaged(what.into()))
}

fn unsupported<T>(what: impl Into<String>) -> Result<T> {
    Err(ImageError::Unsupported(what.into()))
}

/// Bytes in a sector.
pub(super) const SECTOR: u64 = 512;

/// A format, by the name that `IMediumFormat` has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Format {
    Vdi,
    Vmdk,
    Vhd,
    Raw,
    Parallels,
    Qed,
    Qcow,
    Dmg,
    Vhdx,
}

impl Format {
    /// The format of that name; `None` for those without a file that is a disk (`iSCSI`).
    pub(super) fn named(name: &str) -> Option<Self> {
        use Format::*;
        [Vdi, Vmdk, Vhd, Raw, Parallels, Qed, Qcow, Dmg, Vhdx]
            .into_iter()
            .find(|format| format.name().eq_ignore_ascii_case(name))
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Vdi => "VDI",
            Self::Vmdk => "VMDK",
            Self::Vhd => "VHD",
            Self::Raw => "RAW",
            Self::Parallels => "Parallels",
            Self::Qed => "QED",
            Self::Qcow => "QCOW",
            Self::Dmg => "DMG",
            Self::Vhdx => "VHDX",
        }
    }
}

/// Which kind of a format an image is. The numbers are those of `MediumVariant`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Variant(pub(super) u32);

impl Variant {
    /// Extents of 2 GB at most.
    pub(super) const SPLIT: u32 = 0x1;
    /// A VMDK that names a device of the host.
    pub(super) const RAW_DISK: u32 = 0x2;
    /// Compressed, written once from start to end.
    pub(super) const STREAM: u32 = 0x4;
    pub(super) const ESX: u32 = 0x8;
    /// New blocks of a VDI are filled with zeros.
    pub(super) const ZERO_EXPAND: u32 = 0x100;
    /// All space is there from the start.
    pub(super) const FIXED: u32 = 0x1_0000;
    /// What is not in it is in its parent.
    pub(super) const DIFF: u32 = 0x2_0000;

    pub(super) fn has(self, flag: u32) -> bool {
        self.0 & flag != 0
    }
}

/// What an image says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) format: Format,
    /// Nil for formats that keep none.
    pub(super) id: Uuid,
    /// The image that this one is a difference to.
    pub(super) parent: Option<Uuid>,
    /// Bytes that a guest sees.
    pub(super) size: u64,
    pub(super) variant: Variant,
}

/// What an image has at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// Nothing: what the parent has there; zeros without one.
    Free,
    /// Zeros, whatever the parent has.
    Zero,
    Data,
}

/// A disk image that is open.
pub(super) trait Image: Send {
    fn facts(&self) -> &Facts;

    /// Writes of less than this many bytes, or not aligned to them, fill the rest of a new block with zeros.
    fn unit(&self) -> u64;

    /// What is at `at`, and for how many bytes, at most `length`; not 0 within the image.
    fn extent(&mut self, at: u64, length: u64) -> Result<(Extent, u64)>;

    /// Reads what this image itself has; zeros where it has nothing.
    fn read(&mut self, at: u64, bytes: &mut [u8]) -> Result;

    /// Writes; new blocks come into being.
    fn write(&mut self, at: u64, bytes: &[u8]) -> Result;

    /// Makes a place read as zeros whatever the parent has. The default writes them.
    fn write_zeros(&mut self, mut at: u64, mut length: u64) -> Result {
        let zeros = vec![0; usize::try_from(length.min(1 << 20)).unwrap_or(1 << 20)];
        while length > 0 {
            let part = length.min(zeros.len() as u64);
            self.write(at, &zeros[..part as usize])?;
            (at, length) = (at + part, length - part);
        }
        Ok(())
    }

    /// Gives it another id, and another parent.
    fn set_ids(&mut self, id: Uuid, parent: Option<Uuid>) -> Result;

    /// Notes where the parent is, for formats that keep that.
    fn set_parent_path(&mut self, _parent: &Path) -> Result {
        Ok(())
    }

    /// The id of its last change, for formats that have one. A child notes the one of its parent.
    fn modification(&self) -> Uuid {
        Uuid::nil()
    }

    /// Notes the parent's last change.
    fn set_parent_modification(&mut self, _modification: Uuid) -> Result {
        Ok(())
    }

    /// Changes the number of bytes that a guest sees; nothing is lost by growing.
    fn resize(&mut self, _size: u64) -> Result {
        unsupported(format!("a {} image of this kind cannot be resized", self.facts().format.name()))
    }

    /// Gives space back that holds nothing but zeros; `keep` says of a place whether it must stay although it is
    /// zeros, and `report` how far it is (done, total).
    fn compact(
        &mut self,
        _keep: &mut dyn FnMut(u64, u64) -> Result<bool>,
        _report: &mut dyn FnMut(u64, u64) -> Result,
    ) -> Result {
        unsupported(format!("a {} image of this kind cannot be compacted", self.facts().format.name()))
    }

    /// Everything written is in the file after this. A stream-optimized image is complete only then.
    fn flush(&mut self) -> Result;

    /// The files that it consists of, the main one first.
    fn files(&self) -> Vec<PathBuf>;
}

/// What a new image shall be.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) format: Format,
    pub(super) size: u64,
    pub(super) variant: Variant,
    pub(super) id: Uuid,
    /// Id, file and id of the last change of the parent: the image is a difference to it.
    pub(super) parent: Option<Parent>,
}

/// The parent of a new image.
#[derive(Clone, Debug)]
pub(super) struct Parent {
    pub(super) id: Uuid,
    pub(super) path: PathBuf,
    pub(super) modification: Uuid,
}

/// Makes an image. The file must not be there; when something fails, none is.
///
/// # Errors
/// The format has no such kind or cannot hold that size; the file is there, or cannot be written; `report` gave one.
pub(super) fn create(path: &Path, plan: &Plan, report: &mut dyn FnMut(u64, u64) -> Result) -> Result<Box<dyn Image>> {
    if plan.size == 0 {
        return Err(ImageError::Size("a disk of no bytes cannot be made".into()));
    }
    if !plan.size.is_multiple_of(SECTOR) {
        return Err(ImageError::Size(format!("{} bytes are no whole number of sectors of {SECTOR} bytes", plan.size)));
    }
    match plan.format {
        Format::Vdi => vdi::create(path, plan, report),
        Format::Vhd => vhd::create(path, plan, report),
        Format::Vmdk => vmdk::create(path, plan, report),
        Format::Raw => raw::create(path, plan, report),
        other => unsupported(format!("images of the format {} cannot be made by this host", other.name())),
    }
}

/// Opens an image of that format.
///
/// # Errors
/// It is none of that format, it is damaged, or it cannot be read (or written, when `writable`).
pub(super) fn open(path: &Path, format: Format, writable: bool) -> Result<Box<dyn Image>> {
    match format {
        Format::Vdi => vdi::open(path, writable),
        Format::Vhd => vhd::open(path, writable),
        Format::Vmdk => vmdk::open(path, writable),
        Format::Raw => raw::open(path, writable),
        other => foreign::open(path, other, writable),
    }
}

/// The format of a file by what it begins (or, a VHD, ends) with; `Raw` for anything unknown.
///
/// # Errors
/// The file cannot be read.
pub(super) fn identify(path: &Path) -> Result<Format> {
    let mut file = file::DiskFile::open(path, false)?;
    let mut head = vec![0; usize::try_from(file.length().min(1024)).unwrap_or(0)];
    file.read(0, &mut head)?;
    let is = |at: usize, magic: &[u8]| head.get(at..at + magic.len()) == Some(magic);
    let descriptor = || {
        let text = String::from_utf8_lossy(&head).to_ascii_lowercase();
        text.trim_start().starts_with("# disk descriptorfile")
    };
    Ok(if is(64, &vdi::SIGNATURE.to_le_bytes()) {
        Format::Vdi
    } else if is(0, b"KDMV") || descriptor() {
        Format::Vmdk
    } else if vhd::is_one(&mut file)? {
        Format::Vhd
    } else {
        foreign::identify(&head, &mut file)?.unwrap_or(Format::Raw)
    })
}

/// Moves the files of an image. What moves between file systems is copied; then nothing is left on failure.
///
/// # Errors
/// A file cannot be moved; `report` gave one.
pub(super) fn relocate(from: &Path, format: Format, to: &Path, report: &mut dyn FnMut(u64, u64) -> Result) -> Result {
    match format {
        Format::Vmdk => vmdk::relocate(from, to, report),
        _ => file::relocate(from, to, report),
    }
}

/// An image's facts, without keeping it open.
///
/// # Errors
/// As [`open`].
pub(super) fn facts(path: &Path, format: Format) -> Result<Facts> {
    open(path, format, false).map(|image| image.facts().clone())
}

#[cfg(test)]
mod tests;
