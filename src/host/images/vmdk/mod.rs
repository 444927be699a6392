//! VMDK images: sparse and flat, in one file or in pieces of 2 GB, stream-optimized, and those of ESX.
//!
//! A text says what the disk consists of; it stands in a file of its own, or in a sparse extent. Facts that
//! VMware's published specification leaves open were read off images of VirtualBox 7.2.22.

mod descriptor;
mod sparse;
mod stream;

use super::file::DiskFile;
use super::{Extent, Facts, Format, Image, ImageError, Plan, Result, SECTOR, Variant, damaged, unsupported};
use descriptor::{Descriptor, ExtentLine};
use sparse::{Header, Sparse};
use std::path::{Path, PathBuf};
use stream::Writer;
use uuid::Uuid;

/// Sectors of a piece of a split image: 2047 MB.
const PIECE: u64 = 2047 << 11;
/// A descriptor in a file of its own is not longer than this.
const LONGEST_DESCRIPTOR: u64 = 1 << 20;

enum Part {
    Sparse(Sparse),
    Flat {
        file: DiskFile,
        offset: u64,
    },
    Zero,
    /// Being written; none when it is complete.
    Stream(Option<Writer>),
}

struct Piece {
    part: Part,
    /// Where it begins on the disk, and its bytes.
    start: u64,
    length: u64,
    path: Option<PathBuf>,
}

struct Vmdk {
    path: PathBuf,
    facts: Facts,
    descriptor: Descriptor,
    /// The descriptor's own file; none: it is in the first extent.
    own: Option<DiskFile>,
    pieces: Vec<Piece>,
}

/// A new empty file that is removed again unless all goes well.
struct Made(Vec<PathBuf>);

impl Made {
    fn file(&mut self, path: &Path) -> Result<DiskFile> {
        let file = DiskFile::create(path)?;
        self.0.push(path.to_owned());
        Ok(file)
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        for path in &self.0 {
            let _ = std::fs::remove_file(path);
        }
    }
}

pub(super) fn create(path: &Path, plan: &Plan, report: &mut dyn FnMut(u64, u64) -> Result) -> Result<Box<dyn Image>> {
    let has = |flag| plan.variant.has(flag);
    let (split, esx, stream) = (has(Variant::SPLIT), has(Variant::ESX), has(Variant::STREAM));
    let fixed = has(Variant::FIXED) && plan.parent.is_none();
    if has(Variant::RAW_DISK | Variant::ZERO_EXPAND) || (esx && !fixed) || (stream && (split || esx || fixed)) {
        return unsupported("VMDK images have no such kind");
    }
    let sectors = plan.size / SECTOR;
    if sectors.div_ceil(sparse::GRAIN * sparse::ENTRIES) > 1 << 20 {
        return Err(ImageError::Size(format!("a VMDK cannot hold {} bytes", plan.size)));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (stem, extension) = name.rsplit_once('.').unwrap_or((&name, "vmdk"));
    let line = |sectors, kind: &str, file: String| ExtentLine {
        sectors,
        kind: kind.into(),
        file,
        offset: 0,
        read_only: kind == "SPARSE" && stream,
    };
    let pieces = |letter: char, kind: &str| -> Vec<ExtentLine> {
        let starts = (0..sectors).step_by(PIECE as usize).enumerate();
        starts
            .map(|(at, start)| {
                line(PIECE.min(sectors - start), kind, format!("{stem}-{letter}{:03}.{extension}", at + 1))
            })
            .collect()
    };
    let many = split && sectors > PIECE;
    let (create_type, extents) = match (fixed, stream) {
        (true, _) if esx => ("vmfs", vec![line(sectors, "VMFS", format!("{stem}-flat.{extension}"))]),
        (true, _) if many => ("twoGbMaxExtentFlat", pieces('f', "FLAT")),
        (true, _) => ("monolithicFlat", vec![line(sectors, "FLAT", format!("{stem}-flat.{extension}"))]),
        (false, true) => ("streamOptimized", vec![line(sectors, "SPARSE", name.clone())]),
        (false, false) if many => ("twoGbMaxExtentSparse", pieces('s', "SPARSE")),
        (false, false) => ("monolithicSparse", vec![line(sectors, "SPARSE", name.clone())]),
    };
    let mut descriptor = Descriptor::new(create_type, if esx { "lsilogic" } else { "ide" }, extents.clone());
    for (name, id) in [
        ("ddb.uuid.image", plan.id),
        ("ddb.uuid.parent", plan.parent.as_ref().map_or(Uuid::nil(), |parent| parent.id)),
        ("ddb.uuid.modification", Uuid::nil()),
        ("ddb.uuid.parentmodification", plan.parent.as_ref().map_or(Uuid::nil(), |parent| parent.modification)),
    ] {
        descriptor.set(name, &id.to_string());
    }
    let mut made = Made(Vec::new());
    let embedded = !fixed && !many;
    let own = if embedded {
        None
    } else {
        let mut file = made.file(path)?;
        file.write(0, descriptor.text().as_bytes())?;
        Some(file)
    };
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, extent) in extents.iter().enumerate() {
        report(at as u64, extents.len() as u64)?;
        let file_path = path.with_file_name(&extent.file);
        let mut file = made.file(&file_path)?;
        let part = if fixed {
            file.set_length(extent.sectors * SECTOR)?;
            Part::Flat { file, offset: 0 }
        } else if stream {
            Part::Stream(Some(Writer::create(file, sectors, &descriptor.text())?))
        } else {
            // VirtualBox leaves more room for the descriptor of a split image.
            let room = match (embedded, split) {
                (true, true) => 200,
                (true, false) => 20,
                (false, _) => 0,
            };
            Part::Sparse(Sparse::create(file, Header::plain(extent.sectors, room), &descriptor.text())?)
        };
        parts.push(Piece { part, start, length: extent.sectors * SECTOR, path: Some(file_path) });
        start += extent.sectors * SECTOR;
    }
    let facts = Facts {
        format: Format::Vmdk,
        id: plan.id,
        parent: plan.parent.as_ref().map(|parent| parent.id),
        size: plan.size,
        variant: variant(&descriptor, plan.variant.has(Variant::SPLIT)),
    };
    let mut image = Vmdk { path: path.to_owned(), facts, descriptor, own, pieces: parts };
    if !stream {
        image.flush()?;
    }
    report(1, 1)?;
    made.0.clear();
    Ok(Box::new(image))
}

/// Moves an image: the files of its extents get the new name, too.
pub(super) fn relocate(from: &Path, to: &Path, report: &mut dyn FnMut(u64, u64) -> Result) -> Result {
    let mut file = DiskFile::open(from, false)?;
    let mut magic = [0; 4];
    file.read_padded(0, &mut magic)?;
    if &magic == sparse::MAGIC || file.length() > LONGEST_DESCRIPTOR {
        return super::file::relocate(from, to, report);
    }
    let mut bytes = vec![0; file.length() as usize];
    file.read(0, &mut bytes)?;
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    let stem = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let (old, new) = (stem(from), stem(to));
    let mut moved: Vec<(PathBuf, PathBuf)> = Vec::new();
    let mut files: Vec<_> = Descriptor::parse(&text)?.extents.into_iter().map(|extent| extent.file).collect();
    files.retain(|file| !file.is_empty());
    files.dedup();
    let mut result = Ok(());
    for file in files {
        // Files elsewhere stay where they are.
        if file.contains(['/', '\\']) {
            continue;
        }
        let name = file.strip_prefix(&old).map_or_else(|| file.clone(), |rest| format!("{new}{rest}"));
        let (source, target) = (from.with_file_name(&file), to.with_file_name(&name));
        if target.exists() {
            result = unsupported(format!("`{}` is there already", target.display()));
            break;
        }
        result = super::file::relocate(&source, &target, report);
        if result.is_err() {
            break;
        }
        moved.push((source, target));
        text = text.replace(&format!("\"{file}\""), &format!("\"{name}\""));
    }
    let written = result.and_then(|()| {
        let mut target = DiskFile::create(to)?;
        target.write(0, text.as_bytes())?;
        target.flush()?;
        Ok(std::fs::remove_file(from)?)
    });
    if written.is_err() {
        for (source, target) in moved {
            let _ = std::fs::rename(target, source);
        }
    }
    written
}

/// The kind that a descriptor tells of. That a small image was to be split is not in it.
fn variant(descriptor: &Descriptor, split: bool) -> Variant {
    let kind = descriptor.get("createType").unwrap_or_default();
    let mut flags = match kind {
        "monolithicFlat" => Variant::FIXED,
        "vmfs" => Variant::FIXED | Variant::ESX,
        "twoGbMaxExtentSparse" => Variant::SPLIT,
        "twoGbMaxExtentFlat" => Variant::SPLIT | Variant::FIXED,
        "streamOptimized" => Variant::STREAM,
        _ => 0,
    };
    if split {
        flags |= Variant::SPLIT;
    }
    if !descriptor.id("ddb.uuid.parent").is_nil() {
        flags |= Variant::DIFF;
    }
    Variant(flags)
}

pub(super) fn open(path: &Path, writable: bool) -> Result<Box<dyn Image>> {
    let mut file = DiskFile::open(path, writable)?;
    let mut magic = [0; 4];
    file.read_padded(0, &mut magic)?;
    let embedded = &magic == sparse::MAGIC;
    let text = if embedded {
        let header = Header::read(&mut file, 0)?;
        if header.descriptor_size == 0 {
            return damaged("it is a part of an image; open the file with the descriptor");
        }
        let mut bytes = vec![0; (header.descriptor_size * SECTOR) as usize];
        let Some(at) = header.descriptor_at.checked_mul(SECTOR) else { return damaged("its descriptor is lost") };
        file.read(at, &mut bytes)?;
        bytes
    } else {
        if file.length() > LONGEST_DESCRIPTOR {
            return damaged("it is no VMDK image");
        }
        let mut bytes = vec![0; file.length() as usize];
        file.read(0, &mut bytes)?;
        bytes
    };
    let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
    let descriptor = Descriptor::parse(&String::from_utf8_lossy(&text[..end]))?;
    let mut own = (!embedded).then_some(file);
    if embedded {
        let single = matches!(descriptor.extents.as_slice(), [only] if only.kind == "SPARSE");
        if !single {
            return damaged("its descriptor inside a sparse extent names other extents");
        }
        own = None;
    }
    let (mut pieces, mut start) = (Vec::new(), 0u64);
    for extent in &descriptor.extents {
        let length = extent.sectors * SECTOR;
        let writable = writable && !extent.read_only;
        // An image that was renamed still names its old file: the descriptor's own file is meant.
        let path = if embedded { path.to_owned() } else { path.with_file_name(&extent.file) };
        let part = match extent.kind.as_str() {
            "ZERO" => Part::Zero,
            "SPARSE" => {
                let sparse = Sparse::open(DiskFile::open(&path, writable)?)?;
                if sparse.header.capacity < extent.sectors {
                    return damaged(format!("the extent `{}` is shorter than its descriptor says", extent.file));
                }
                Part::Sparse(sparse)
            }
            _ => {
                let file = DiskFile::open(&path, writable)?;
                let offset = extent
                    .offset
                    .checked_mul(SECTOR)
                    .filter(|at| at.checked_add(length).is_some_and(|end| end <= file.length()));
                let Some(offset) = offset else {
                    return damaged(format!("the extent `{}` is shorter than its descriptor says", extent.file));
                };
                Part::Flat { file, offset }
            }
        };
        let path = (extent.kind != "ZERO").then_some(path);
        pieces.push(Piece { part, start, length, path });
        start = match start.checked_add(length) {
            Some(end) => end,
            None => return damaged("its extents are too long"),
        };
    }
    let parent = descriptor.id("ddb.uuid.parent");
    let facts = Facts {
        format: Format::Vmdk,
        id: descriptor.id("ddb.uuid.image"),
        parent: (!parent.is_nil()).then_some(parent),
        size: start,
        variant: variant(&descriptor, false),
    };
    Ok(Box::new(Vmdk { path: path.to_owned(), facts, descriptor, own, pieces }))
}

impl Vmdk {
    /// The piece at a place, the place within it, and the bytes from there to its end.
    fn piece(&mut self, at: u64) -> Result<(&mut Piece, u64, u64)> {
        let found = self.pieces.partition_point(|piece| piece.start + piece.length <= at);
        match self.pieces.get_mut(found) {
            Some(piece) => {
                let within = at - piece.start;
                let left = piece.length - within;
                Ok((piece, within, left))
            }
            None => damaged(format!("{at} is beyond the end of the disk")),
        }
    }

    fn write_descriptor(&mut self) -> Result {
        let text = self.descriptor.text();
        match &mut self.own {
            Some(file) => {
                file.write(0, text.as_bytes())?;
                file.set_length(text.len() as u64)
            }
            None => match self.pieces.first_mut().map(|piece| &mut piece.part) {
                Some(Part::Sparse(sparse)) => {
                    // The footer's header of a stream-optimized image says the same about the descriptor.
                    let header = Header::read(&mut sparse.file, 0)?;
                    sparse::write_descriptor(&mut sparse.file, &header, &text)
                }
                Some(Part::Stream(Some(writer))) => writer.describe(&text),
                _ => unsupported("the descriptor cannot be written"),
            },
        }
    }
}

impl Image for Vmdk {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn unit(&self) -> u64 {
        let grain = |piece: &Piece| match &piece.part {
            Part::Sparse(sparse) => sparse.grain(),
            Part::Stream(_) => sparse::GRAIN * SECTOR,
            _ => 1,
        };
        self.pieces.iter().map(grain).max().unwrap_or(1)
    }

    fn extent(&mut self, at: u64, length: u64) -> Result<(Extent, u64)> {
        let length = length.min(self.facts.size.saturating_sub(at));
        if length == 0 {
            return Ok((Extent::Free, 0));
        }
        let (piece, within, left) = self.piece(at)?;
        let length = length.min(left);
        match &mut piece.part {
            Part::Sparse(sparse) => sparse.extent(within, length),
            Part::Flat { .. } => Ok((Extent::Data, length)),
            Part::Zero => Ok((Extent::Zero, length)),
            Part::Stream(_) => Ok((Extent::Free, length)),
        }
    }

    fn read(&mut self, mut at: u64, mut bytes: &mut [u8]) -> Result {
        while !bytes.is_empty() {
            let (piece, within, left) = self.piece(at)?;
            let (part, rest) = bytes.split_at_mut(usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len()));
            match &mut piece.part {
                Part::Sparse(sparse) => sparse.read(within, part)?,
                Part::Flat { file, offset } => file.read(*offset + within, part)?,
                Part::Zero => part.fill(0),
                Part::Stream(_) => return unsupported("a stream-optimized VMDK cannot be read while it is written"),
            }
            at += part.len() as u64;
            bytes = rest;
        }
        Ok(())
    }

    fn write(&mut self, mut at: u64, mut bytes: &[u8]) -> Result {
        while !bytes.is_empty() {
            let (piece, within, left) = self.piece(at)?;
            let (part, rest) = bytes.split_at(usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len()));
            match &mut piece.part {
                Part::Sparse(sparse) => sparse.write(within, part)?,
                Part::Flat { file, offset } => file.write(*offset + within, part)?,
                Part::Stream(Some(writer)) => writer.write(within, part)?,
                Part::Stream(None) => return unsupported("a stream-optimized VMDK cannot be changed"),
                Part::Zero => return unsupported("an extent of zeros cannot be written"),
            }
            at += part.len() as u64;
            bytes = rest;
        }
        Ok(())
    }

    fn set_ids(&mut self, id: Uuid, parent: Option<Uuid>) -> Result {
        self.descriptor.set("ddb.uuid.image", &id.to_string());
        self.descriptor.set("ddb.uuid.parent", &parent.unwrap_or_default().to_string());
        for (name, first) in [("modification", Uuid::new_v4()), ("parentmodification", Uuid::nil())] {
            let name = format!("ddb.uuid.{name}");
            if self.descriptor.get(&name).is_none() {
                self.descriptor.set(&name, &first.to_string());
            }
        }
        self.write_descriptor()?;
        (self.facts.id, self.facts.parent) = (id, parent);
        self.facts.variant.0 &= !Variant::DIFF;
        self.facts.variant.0 |= if parent.is_some() { Variant::DIFF } else { 0 };
        Ok(())
    }

    fn modification(&self) -> Uuid {
        self.descriptor.id("ddb.uuid.modification")
    }

    fn set_parent_modification(&mut self, modification: Uuid) -> Result {
        self.descriptor.set("ddb.uuid.parentmodification", &modification.to_string());
        self.write_descriptor()
    }

    /// Flat images grow; of sparse ones VirtualBox 7.2 says that they did, and leaves them as they are.
    fn resize(&mut self, size: u64) -> Result {
        if size < self.facts.size {
            return unsupported("a VMDK image cannot shrink");
        }
        let (size, last) = (size - size % SECTOR, self.pieces.len().saturating_sub(1));
        let growth = size - self.facts.size;
        match self.pieces.last_mut().map(|piece| (&mut piece.part, piece.length)) {
            Some((Part::Flat { file, offset }, length)) => {
                file.set_length(*offset + length + growth)?;
                self.pieces[last].length += growth;
                self.descriptor.set_sectors(last, (length + growth) / SECTOR);
                self.facts.size = size;
                self.write_descriptor()?;
                self.flush()
            }
            _ => Ok(()),
        }
    }

    fn flush(&mut self) -> Result {
        for piece in &mut self.pieces {
            match &mut piece.part {
                Part::Sparse(sparse) => sparse.file.flush()?,
                Part::Flat { file, .. } => file.flush()?,
                Part::Zero | Part::Stream(None) => {}
                Part::Stream(writer) => {
                    if let Some(writer) = writer.take() {
                        writer.finish()?;
                    }
                    piece.part = Part::Sparse(Sparse::open(DiskFile::open(&self.path, false)?)?);
                }
            }
        }
        self.own.as_mut().map_or(Ok(()), DiskFile::flush)
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut files = vec![self.path.clone()];
        files.extend(self.pieces.iter().filter_map(|piece| piece.path.clone()).filter(|path| *path != self.path));
        files
    }
}
