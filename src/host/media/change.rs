//! Changing media: size, compaction, reset, place, type. Encryption is refused.

use super::super::arguments::Arguments;
use super::super::document::ElementId;
use super::super::fault::code;
use super::super::images::{self, Extent, ImageError, Variant};
use super::super::progress::{Job, Reporter};
use super::super::state::{Address, State};
use super::super::{Fault, Outcome};
use super::create::NewImage;
use super::{Files, image_fault, telling};
use crate::model::RawValue;
use std::path::{Path, PathBuf};

/// What an image cannot do is `NOT_SUPPORTED`; other failures are about its file.
fn refused(path: &Path, error: &ImageError) -> Fault {
    match error {
        ImageError::Unsupported(why) => Fault::new(code::NOT_SUPPORTED, format!("`{}`: {why}", path.display())),
        other => image_fault(path, other),
    }
}

impl State {
    /// Locks a medium for writing and its parents for reading.
    fn lock_to_change(&mut self, id: ElementId) -> Outcome<Vec<ElementId>> {
        let below = self.ancestry(id).split_off(1);
        self.lock_write(id)?;
        if let Err(fault) = self.lock_read(&below) {
            self.unlock_write(id);
            return Err(fault);
        }
        Ok(below)
    }

    fn unlock_changed(&mut self, id: ElementId, below: &[ElementId]) {
        self.unlock_write(id);
        self.unlock_read(below);
    }

    /// A job on a medium that has no storage fails as one whose file is missing.
    fn missing_storage(&mut self, id: ElementId, job: Job) -> Outcome<Result<Job, RawValue>> {
        let medium = self.medium(id)?;
        if medium.state != "NotCreated" {
            self.check_medium_accessible(id)?;
            return Ok(Ok(job));
        }
        let fault = Fault::new(code::FILE_ERROR, format!("`{}` has no storage yet", medium.place()));
        Ok(Err(self.finished_job(job, Err(fault))))
    }

    fn job(&self, id: ElementId, doing: &str) -> Outcome<Job> {
        let description = format!("{doing} `{}`", self.medium(id)?.place());
        Ok(Job::new(description, Address::VIRTUAL_BOX, "IMedium"))
    }

    pub(super) fn compact_medium(&mut self, id: ElementId) -> Outcome<RawValue> {
        let job = match self.missing_storage(id, self.job(id, "Compacting")?)? {
            Ok(job) => job,
            Err(progress) => return Ok(progress),
        };
        let files = self.chain_files(id)?;
        let below = self.lock_to_change(id)?;
        let work = move |report: &Reporter| {
            let (path, format) = files.get(files.0.len() - 1)?;
            let failed = |error: ImageError| refused(&path, &error);
            let mut image = images::open(&path, format, true).map_err(failed)?;
            let mut under = files.part(0, files.0.len() - 1)?;
            let mut bytes = Vec::new();
            // Zeros hide what a parent has.
            let mut keep = |at: u64, length: u64| {
                let inside = length.min(under.size().saturating_sub(at));
                let empty = inside == 0 || under.extent(at, inside)? == (Extent::Free, inside);
                if empty {
                    return Ok(false);
                }
                bytes.resize(usize::try_from(inside).unwrap_or(0), 0);
                under.read(at, &mut bytes)?;
                Ok(!images::work::is_zero(&bytes))
            };
            image.compact(&mut keep, &mut telling(report)).map_err(failed)
        };
        let close = move |state: &mut Self, result: Outcome| {
            state.unlock_changed(id, &below);
            result?;
            let logical = state.medium(id)?.logical_size;
            state.note_facts(id)?;
            state.medium_mut(id)?.logical_size = logical;
            state.fire_medium_changed(id);
            Ok(())
        };
        Ok(self.start_job(job, work, close))
    }

    /// As in VirtualBox 7.2, `logicalSize` shows what it was before until the state is refreshed.
    pub(super) fn resize_medium(&mut self, id: ElementId, size: i64) -> Outcome<RawValue> {
        let size = u64::try_from(size).ok().filter(|size| *size > 0);
        let size = size.ok_or_else(|| Fault::argument("the new size must be more than 0 bytes"))?;
        let job = match self.missing_storage(id, self.job(id, "Resizing")?)? {
            Ok(job) => job,
            Err(progress) => return Ok(progress),
        };
        let files = self.chain_files(id)?;
        let below = self.lock_to_change(id)?;
        let work = move |report: &Reporter| {
            report.check()?;
            let (path, format) = files.get(files.0.len() - 1)?;
            let failed = |error: ImageError| refused(&path, &error);
            let mut image = images::open(&path, format, true).map_err(failed)?;
            let before = image.facts().size;
            image.resize(size - size % images::SECTOR).and_then(|()| image.flush()).map_err(failed)?;
            Ok(before)
        };
        let close = move |state: &mut Self, result: Outcome<u64>| {
            state.unlock_changed(id, &below);
            let before = result?;
            state.note_facts(id)?;
            state.medium_mut(id)?.logical_size = before;
            state.fire_medium_changed(id);
            Ok(())
        };
        Ok(self.start_job(job, work, close))
    }

    /// Empties a differencing disk that forgets what was written, before a machine starts with it.
    ///
    /// # Errors
    /// Its files cannot be made anew.
    pub(in crate::host) fn reset_at_start(&mut self, id: ElementId) -> Outcome {
        let (files, new) = self.plan_reset(id)?;
        remake(&files, &new)?;
        self.note_facts(id)
    }

    /// The files of a differencing disk and its parents, and the empty one that takes its place.
    fn plan_reset(&self, id: ElementId) -> Outcome<(Files, NewImage)> {
        let medium = self.medium(id)?;
        let Some(parent) = medium.parent else {
            let message = format!("`{}` is no differencing disk: there is nothing to reset it to", medium.place());
            return Err(Fault::new(code::NOT_SUPPORTED, message));
        };
        let children = self.children_of(id).len();
        if children > 0 {
            let message = format!("`{}` has {children} differencing disks", self.medium(id)?.place());
            return Err(Fault::new(code::OBJECT_IN_USE, message));
        }
        let size = self.chain_files(parent)?.open(false)?.size();
        let mut new = self.new_image(id, size, self.medium(id)?.variant, Some(parent))?;
        new.plan.id = uuid::Uuid::parse_str(&self.medium(id)?.id).unwrap_or(new.plan.id);
        Ok((self.chain_files(id)?, new))
    }

    /// `reset`: a differencing disk forgets all that is in it.
    pub(super) fn reset_medium(&mut self, id: ElementId) -> Outcome<RawValue> {
        let (files, new) = self.plan_reset(id)?;
        let job = self.job(id, "Resetting")?.not_cancelable();
        let below = self.lock_to_change(id)?;
        let work = move |_: &Reporter| remake(&files, &new);
        let close = move |state: &mut Self, result: Outcome| {
            state.unlock_changed(id, &below);
            result.and_then(|()| state.note_facts(id))?;
            state.fire_medium_changed(id);
            Ok(())
        };
        Ok(self.start_job(job, work, close))
    }

    /// Where `moveTo` shall put a file: names without an extension are folders, names alone stay in their folder, and
    /// the extension stays what it is.
    fn new_place(&self, id: ElementId, wanted: &str) -> Outcome<PathBuf> {
        let medium = self.medium(id)?;
        let old = &medium.location;
        if wanted.is_empty() {
            return Err(Fault::new(code::IPRT_ERROR, format!("`{}` cannot be moved to nowhere", old.display())));
        }
        let name = old.file_name().unwrap_or_default();
        let given = Path::new(wanted);
        let mut place = match wanted.ends_with('/') || given.extension().is_none() {
            true => given.join(name),
            false => given.to_owned(),
        };
        if place.parent().is_none_or(|folder| folder.as_os_str().is_empty()) {
            place = old.with_file_name(place);
        }
        if !place.is_absolute() {
            let message = format!("`{}` must be an absolute path, or a name alone", place.display());
            return Err(Fault::new(code::FILE_ERROR, message));
        }
        if let Some(extension) = old.extension() {
            place.set_extension(extension);
        }
        if place.exists() {
            let message = format!("`{}` is there already; delete or rename it", place.display());
            return Err(Fault::new(code::FILE_ERROR, message));
        }
        Ok(place)
    }

    pub(super) fn move_medium(&mut self, id: ElementId, wanted: &str) -> Outcome<RawValue> {
        let place = self.new_place(id, wanted)?;
        let job = match self.missing_storage(id, self.job(id, "Moving")?)? {
            Ok(job) => job,
            Err(progress) => return Ok(progress),
        };
        let files = self.chain_files(id)?;
        let children: Vec<_> = self
            .children_of(id)
            .into_iter()
            .filter_map(|child| self.medium(child).ok())
            .filter_map(|child| Some((child.location.clone(), child.image_format()?)))
            .collect();
        let below = self.lock_to_change(id)?;
        let target = place.clone();
        let work = move |report: &Reporter| {
            let (path, format) = files.get(files.0.len() - 1)?;
            let failed = |error: ImageError| image_fault(&path, &error);
            let folder = target.parent().unwrap_or(Path::new(""));
            std::fs::create_dir_all(folder).map_err(|error| Fault::file(folder, error))?;
            images::relocate(&path, format, &target, &mut telling(report)).map_err(failed)?;
            // Formats that name the parent's file are told; the ids are what counts.
            for (child, format) in children {
                if let Ok(mut child) = images::open(&child, format, true) {
                    let _ = child.set_parent_path(&target);
                }
            }
            Ok(())
        };
        let close = move |state: &mut Self, result: Outcome| {
            state.unlock_changed(id, &below);
            result?;
            state.medium_mut(id)?.location = place;
            state.save_medium(id)?;
            state.fire_medium_changed(id);
            Ok(())
        };
        Ok(self.start_job(job, work, close))
    }

    /// Says that the file is elsewhere; it must be there.
    pub(super) fn set_location(&mut self, id: ElementId, location: &str) -> Outcome {
        let path = Path::new(location);
        if !path.is_absolute() {
            return Err(Fault::new(code::FILE_ERROR, format!("`{location}` must be an absolute path")));
        }
        if !path.is_file() {
            return Err(Fault::new(code::FILE_ERROR, format!("`{location}` is no file; `moveTo` moves the image")));
        }
        self.lock_write(id)?;
        self.unlock_write(id);
        self.medium_mut(id)?.location = path.to_owned();
        self.refresh_medium(id)?;
        self.fire_medium_changed(id);
        Ok(())
    }

    pub(super) fn change_type(&mut self, id: ElementId, arguments: Arguments<'_>) -> Outcome {
        let kind = arguments.name(0);
        let medium = self.medium(id)?;
        let place = medium.place();
        let refuse = |why: String| {
            Err(Fault::new(code::INVALID_OBJECT_STATE, format!("cannot change the type of `{place}`: {why}")))
        };
        if kind.is_empty() {
            return Err(Fault::new(code::E_FAIL, "that is no type of media"));
        }
        if medium.state == "NotCreated" {
            return Err(medium.locked_or_unmade());
        }
        if medium.writer || medium.readers > 0 {
            return Err(medium.locked_or_unmade());
        }
        if kind == medium.kind {
            return Ok(());
        }
        if medium.device == "Floppy" && kind == "Readonly" {
            self.medium_mut(id)?.kind = kind;
            self.fire_medium_changed(id);
            return Ok(());
        }
        if medium.device != "HardDisk" {
            return refuse(format!("it is a {}", medium.device));
        }
        if medium.parent.is_some() {
            return refuse("it is a differencing disk; only a base has another type".into());
        }
        let (fixed, registry) = (medium.variant & Variant::FIXED != 0, medium.registry.clone());
        let children = self.children_of(id).len();
        if children > 0 {
            let message = format!("cannot change the type of `{place}`: it has {children} differencing disks");
            return Err(Fault::new(code::OBJECT_IN_USE, message));
        }
        let users = self.users_of(id).len();
        // One machine may go on with it as it is attached, unless the new type cannot be attached directly.
        if users > 1 || users == 1 && matches!(kind, "Immutable" | "MultiAttach") {
            return refuse(format!("it is attached to {users} machines; detach it and save that first"));
        }
        match kind {
            "Shareable" if !fixed => return refuse("only an image of a fixed size can be shared".into()),
            "Readonly" => return refuse("a hard disk cannot be `Readonly`".into()),
            "MultiAttach" if registry == super::Registry::Global => {
                return refuse("only a medium in the registry of a machine can be `MultiAttach`".into());
            }
            _ => {}
        }
        self.medium_mut(id)?.kind = kind;
        self.fire_medium_changed(id);
        Ok(())
    }

    /// Images are not encrypted here.
    pub(super) fn no_encryption(&self, id: ElementId, name: &str) -> Outcome<Fault> {
        let place = self.medium(id)?.place();
        Ok(Fault::new(
            code::NOT_SUPPORTED,
            match name {
                "changeEncryption" => format!("cannot encrypt `{place}`: the embedded host does not encrypt images"),
                _ => format!("`{place}` is not encrypted"),
            },
        ))
    }
}

/// Puts an empty image in the place of the last of `files`.
fn remake(files: &Files, new: &NewImage) -> Outcome {
    let (path, format) = files.get(files.0.len() - 1)?;
    let old = images::open(&path, format, false).map_or_else(|_| vec![path.clone()], |image| image.files());
    // The old files step aside until the new one is there.
    let mut aside = Vec::new();
    for file in &old {
        let mut name = file.file_name().unwrap_or_default().to_owned();
        name.push(".reset");
        let place = file.with_file_name(name);
        if let Err(error) = std::fs::rename(file, &place) {
            restore(&aside);
            return Err(Fault::file(file, error));
        }
        aside.push((file.clone(), place));
    }
    match new.make(&mut |_, _| Ok(())) {
        Ok(_) => {
            aside.iter().for_each(|(_, place)| drop(std::fs::remove_file(place)));
            Ok(())
        }
        Err(fault) => {
            restore(&aside);
            Err(fault)
        }
    }
}

/// Puts files back where they were.
fn restore(aside: &[(PathBuf, PathBuf)]) {
    for (file, place) in aside {
        let _ = std::fs::rename(place, file);
    }
}
