//! The disks of a clone: whole copies, copies of what one image of a chain has, and empty disks on those of the source.

use crate::host::document::ElementId;
use crate::host::images::{self, Chain, Format, Image, ImageError, Parent, Plan, Variant, work};
use crate::host::progress::Reporter;
use crate::host::snapshots::copy_file;
use crate::host::state::State;
use crate::host::{Fault, Outcome};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// A file of an image.
#[derive(Clone, Debug)]
struct File {
    path: PathBuf,
    format: Format,
}

/// How one disk of a clone is made.
#[derive(Clone, Debug)]
pub(super) struct Copying {
    made: ElementId,
    id: Uuid,
    to: File,
    /// The chain that is read, the base first; empty for a linked clone's disk.
    source: Vec<File>,
    /// What the new disk stands on, the base first.
    under: Vec<File>,
    /// All the chain reads, not only what its last image has.
    whole: bool,
    fixed: bool,
}

/// A disk that was made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Disk {
    pub(super) medium: ElementId,
    pub(super) id: Uuid,
    /// Bytes that a guest sees.
    pub(super) size: u64,
}

/// The format of a clone: the source's, where this host can make one.
pub(super) fn target_format(name: &str) -> Format {
    match Format::named(name) {
        Some(format @ (Format::Vmdk | Format::Vhd)) => format,
        _ => Format::Vdi,
    }
}

impl Copying {
    /// A copy of `source`: with a parent only what that image itself has.
    pub(super) fn new(state: &State, source: ElementId, made: ElementId) -> Outcome<Self> {
        let medium = state.medium(made)?;
        let under = medium.parent.map_or(Ok(Vec::new()), |parent| chain_of(state, parent))?;
        let whole = under.is_empty();
        let fixed = whole && Variant(state.medium(source)?.variant).has(Variant::FIXED);
        let to = File { path: medium.location.clone(), format: target_format(&medium.format) };
        let id = Uuid::parse_str(&medium.id).unwrap_or_default();
        Ok(Self { made, id, to, source: chain_of(state, source)?, under, whole, fixed })
    }

    /// An empty disk on `source`.
    pub(super) fn link(state: &State, source: ElementId, made: ElementId) -> Outcome<Self> {
        Ok(Self { source: Vec::new(), ..Self::new(state, source, made)? })
    }

    pub(super) fn made(&self) -> ElementId {
        self.made
    }

    /// What the source is called.
    pub(super) fn name(&self) -> String {
        let file = self.source.last().or(self.under.last());
        file.map_or(String::new(), |file| file.path.file_name().unwrap_or_default().to_string_lossy().into_owned())
    }

    /// Megabytes to read.
    pub(super) fn weight(&self) -> u32 {
        let files =
            if self.whole { &self.source[..] } else { self.source.last().map_or(&[][..], std::slice::from_ref) };
        let size: u64 = files.iter().filter_map(|file| file.path.metadata().ok()).map(|facts| facts.len()).sum();
        u32::try_from(size >> 20).unwrap_or(u32::MAX >> 8).max(1)
    }

    fn run(&self, report: &Reporter) -> Result<Disk, ImageError> {
        let mut tell = |done: u64, total: u64| report.done(done, total).map_err(|_| ImageError::Cancelled);
        let mut below = open_all(&self.under)?;
        let mut source = open_all(&self.source)?;
        let model = source.last().or(below.last()).map(|image| image.facts().size);
        let size = model.ok_or_else(|| ImageError::Damaged("there is nothing to copy".into()))?;
        let parent = self.under.last().zip(below.last()).map(|(file, image)| Parent {
            id: image.facts().id,
            path: file.path.clone(),
            modification: image.modification(),
        });
        let variant = match (&parent, self.fixed) {
            (Some(_), _) => Variant(Variant::DIFF),
            (None, true) => Variant(Variant::FIXED),
            (None, false) => Variant::default(),
        };
        let plan = Plan { format: self.to.format, size, variant, id: self.id, parent };
        if let Some(folder) = self.to.path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut image = images::create(&self.to.path, &plan, &mut |_, _| Ok(()))?;
        let filled = if self.source.is_empty() {
            image.flush()
        } else if self.whole {
            work::copy(&mut Chain::new(source), &mut Chain::new(vec![image]), true, &mut tell)
        } else {
            let top = source.split_off(source.len() - 1);
            below.push(image);
            work::merge_down(&mut Chain::new(top), &mut Chain::new(below), &mut tell)
        };
        filled.inspect_err(|_| drop(std::fs::remove_file(&self.to.path)))?;
        Ok(Disk { medium: self.made, id: self.id, size })
    }
}

fn open_all(files: &[File]) -> Result<Vec<Box<dyn Image>>, ImageError> {
    files.iter().map(|file| images::open(&file.path, file.format, false)).collect()
}

/// The files of a medium and its ancestors, the base first.
fn chain_of(state: &State, medium: ElementId) -> Outcome<Vec<File>> {
    let mut files = Vec::new();
    let mut at = Some(medium);
    while let Some(element) = at.filter(|_| files.len() < 1000) {
        let known = state.medium(element)?;
        let unknown = || Fault::not_implemented(format!("cloning media of the format {}", known.format));
        files.insert(
            0,
            File { path: known.location.clone(), format: Format::named(&known.format).ok_or_else(unknown)? },
        );
        at = known.parent;
    }
    Ok(files)
}

/// Makes all disks and files, or none.
pub(super) fn run(copying: &[Copying], files: &[(PathBuf, PathBuf)], report: &Reporter) -> Outcome<Vec<Disk>> {
    let mut made: Vec<&Path> = Vec::new();
    let result = make(copying, files, report, &mut made);
    if result.is_err() {
        made.iter().for_each(|file| drop(std::fs::remove_file(file)));
    }
    result
}

fn make<'a>(
    copying: &'a [Copying],
    files: &'a [(PathBuf, PathBuf)],
    report: &Reporter,
    made: &mut Vec<&'a Path>,
) -> Outcome<Vec<Disk>> {
    let mut disks = Vec::new();
    for one in copying {
        report.next()?;
        let disk = one.run(report).map_err(|error| match error {
            ImageError::Cancelled => Fault::new(crate::host::fault::code::E_FAIL, "it was cancelled"),
            error => Fault::file(&one.to.path, error),
        })?;
        made.push(&one.to.path);
        disks.push(disk);
    }
    report.next()?;
    for (from, to) in files {
        copy_file(from, to)?;
        made.push(to);
    }
    Ok(disks)
}
