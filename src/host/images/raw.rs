//! Raw images: a file that is the disk, byte for byte; also ISO and floppy images.

use super::file::{DiskFile, Unfinished};
use super::{Extent, Facts, Format, Image, Plan, Result, Variant, unsupported};
use std::path::{Path, PathBuf};
use uuid::Uuid;

struct Raw {
    file: DiskFile,
    facts: Facts,
}

pub(super) fn create(path: &Path, plan: &Plan, report: &mut dyn FnMut(u64, u64) -> Result) -> Result<Box<dyn Image>> {
    if plan.parent.is_some() || plan.variant.has(Variant::SPLIT | Variant::STREAM | Variant::RAW_DISK) {
        return unsupported("raw images have no such kind");
    }
    let mut file = DiskFile::create(path)?;
    let mut unfinished = Unfinished(Some(path));
    report(0, 1)?;
    file.set_length(plan.size)?;
    file.flush()?;
    report(1, 1)?;
    unfinished.0 = None;
    Ok(Box::new(Raw::new(file)))
}

pub(super) fn open(path: &Path, writable: bool) -> Result<Box<dyn Image>> {
    Ok(Box::new(Raw::new(DiskFile::open(path, writable)?)))
}

impl Raw {
    fn new(file: DiskFile) -> Self {
        let facts = Facts {
            format: Format::Raw,
            id: Uuid::nil(),
            parent: None,
            size: file.length(),
            variant: Variant(Variant::FIXED),
        };
        Self { file, facts }
    }
}

impl Image for Raw {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn unit(&self) -> u64 {
        1
    }

    fn extent(&mut self, at: u64, length: u64) -> Result<(Extent, u64)> {
        Ok((Extent::Data, length.min(self.facts.size.saturating_sub(at))))
    }

    fn read(&mut self, at: u64, bytes: &mut [u8]) -> Result {
        self.file.read(at, bytes)
    }

    fn write(&mut self, at: u64, bytes: &[u8]) -> Result {
        self.file.write(at, bytes)
    }

    fn set_ids(&mut self, _id: Uuid, _parent: Option<Uuid>) -> Result {
        unsupported("a raw image keeps no ids")
    }

    fn flush(&mut self) -> Result {
        self.file.flush()
    }

    fn files(&self) -> Vec<PathBuf> {
        vec![self.file.path().to_owned()]
    }
}
