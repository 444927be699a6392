//! Copying images: `cloneTo` and its like, onto new media and onto existing ones.

use super::super::document::ElementId;
use super::super::fault::code;
use super::super::images::{Chain, Format, Variant, work};
use super::super::progress::{Job, Reporter};
use super::super::state::{Address, State};
use super::super::{Fault, Outcome};
use super::create::{NewImage, flags, remove_files};
use super::{Files, Registry, image_fault, telling};
use crate::model::RawValue;

/// A copy that has been checked, with its media locked. See [`State::begin_copy`].
#[derive(Clone, Debug)]
pub(in crate::host) struct Copy {
    source: Files,
    /// The source with its parents, locked for reading.
    readers: Vec<ElementId>,
    target: ElementId,
    /// The parents of the target as files; with the target itself when that exists.
    under: Files,
    /// The parents of the target, locked for reading.
    below: Vec<ElementId>,
    /// None: the target exists.
    new: Option<NewImage>,
}

impl Copy {
    /// Copies. May run on a thread without the state; a new image is removed again when it fails.
    ///
    /// # Errors
    /// A file cannot be read, made or written; `report` gave one.
    pub(in crate::host) fn run(&self, report: &mut work::Report<'_>) -> Outcome {
        let mut source = self.source.open(false)?;
        let Some(new) = &self.new else {
            let mut target = self.under.open(true)?;
            let result = work::copy(&mut source, &mut target, false, report);
            return result.map_err(|error| image_fault(&self.under.last(), &error));
        };
        let image = new.make(&mut |_, _| Ok(()))?;
        let files = image.files();
        let mut target = Chain::new(vec![image]);
        let fresh = self.below.is_empty();
        if !fresh {
            target = self.under.open(false).map(|under| under.with(target)).inspect_err(|_| remove_files(&files))?;
        }
        work::copy(&mut source, &mut target, fresh, report).map_err(|error| {
            drop(target);
            remove_files(&files);
            image_fault(&new.path, &error)
        })
    }
}

impl State {
    /// Checks that `source` can be copied to `target`, and locks both; [`Copy::run`] then does it, without the state,
    /// and [`State::end_copy`] must be called in the end, however it went.
    ///
    /// A target in the state `NotCreated` becomes a new image of that `variant` (flags of `MediumVariant`): a base, or
    /// a difference to `parent`. An existing one is overwritten and keeps its id. `size` is for a new image of another
    /// size than the source.
    ///
    /// # Errors
    /// A medium is locked by other work, or its files cannot be opened.
    pub(in crate::host) fn begin_copy(
        &mut self,
        source: ElementId,
        target: ElementId,
        variant: u32,
        parent: Option<ElementId>,
        size: Option<u64>,
    ) -> Outcome<Copy> {
        self.check_medium_accessible(source)?;
        let (readers, files) = (self.ancestry(source), self.chain_files(source)?);
        self.lock_read(&readers)?;
        let begun = self.begin_copy_to(source, target, variant, parent, size, &files);
        match begun {
            Ok((below, under, new)) => Ok(Copy { source: files, readers, target, under, below, new }),
            Err(fault) => {
                self.unlock_read(&readers);
                Err(fault)
            }
        }
    }

    fn begin_copy_to(
        &mut self,
        source: ElementId,
        target: ElementId,
        variant: u32,
        parent: Option<ElementId>,
        size: Option<u64>,
        files: &Files,
    ) -> Outcome<(Vec<ElementId>, Files, Option<NewImage>)> {
        if self.medium(target)?.state != "NotCreated" {
            if parent.is_some() {
                return Err(Fault::new(code::E_FAIL, "a target that exists keeps its own parent"));
            }
            let below = self.ancestry(target).split_off(1);
            let under = self.chain_files(target)?;
            self.lock_write(target)?;
            if let Err(fault) = self.lock_read(&below) {
                self.unlock_write(target);
                return Err(fault);
            }
            return Ok((below, under, None));
        }
        let own = match size {
            Some(size) if size > 0 => size,
            _ => files.open(false)?.size(),
        };
        let below = parent.map(|parent| self.ancestry(parent)).unwrap_or_default();
        let under = parent.map_or(Ok(Files(Vec::new())), |parent| self.chain_files(parent))?;
        let new = self.new_image(target, own, variant & !Variant::DIFF, parent)?;
        let registry = match parent {
            Some(parent) => self.medium(parent)?.registry.clone(),
            None => Registry::Global,
        };
        self.lock_read(&below)?;
        if let Err(fault) = self.begin_creating(target, &new, registry) {
            self.unlock_read(&below);
            return Err(fault);
        }
        let kind = self.medium(source)?.device;
        let medium = self.medium_mut(target)?;
        medium.parent = parent;
        if kind == "DVD" {
            medium.kind = "Normal";
        }
        Ok((below, under, Some(new)))
    }

    /// Unlocks the media of a copy and takes up a new one, or what became of it.
    ///
    /// # Errors
    /// The one of `result`; the registry cannot be saved.
    pub(in crate::host) fn end_copy(&mut self, copy: &Copy, result: Outcome) -> Outcome {
        self.unlock_read(&copy.readers);
        self.unlock_read(&copy.below);
        if copy.new.is_some() {
            self.end_creating(copy.target, result)?;
            let medium = self.medium(copy.target)?;
            let (id, device) = (medium.id.clone(), medium.device);
            self.fire_medium(&id, device, true);
            return Ok(());
        }
        self.unlock_write(copy.target);
        result
    }

    /// `cloneTo`, `cloneToBase` and `resizeAndCloneTo`.
    pub(super) fn clone_medium(
        &mut self,
        id: ElementId,
        target: Option<Address>,
        variants: &[RawValue],
        parent: Option<Address>,
        size: Option<i64>,
    ) -> Outcome<RawValue> {
        let target = target.map(|at| at.element).filter(|target| *target != id);
        let target = target.ok_or_else(|| Fault::argument("the target must be another medium"))?;
        let size = match size.map(u64::try_from) {
            Some(Err(_)) => return Err(Fault::argument("the size must not be negative")),
            Some(Ok(size)) => Some(size),
            None => None,
        };
        let mut variant = flags(variants) & 0xf_ffff;
        let known = self.medium(target)?;
        // What has no dynamic images is fixed without saying.
        if known.image_format() == Some(Format::Raw) {
            variant |= Variant::FIXED;
        }
        let places = [self.medium(id)?.place(), known.place()];
        let description = format!("Cloning `{}` to `{}`", places[0], places[1]);
        let job = Job::new(description, Address::VIRTUAL_BOX, "IMedium")
            .operations([(format!("Copying `{}`", places[0]), 1), (format!("Completing `{}`", places[1]), 1)]);
        if self.medium(id)?.state == "NotCreated" {
            let fault = Fault::new(code::FILE_ERROR, format!("`{}` has no storage yet", places[0]));
            return Ok(self.finished_job(job, Err(fault)));
        }
        let copy = match self.begin_copy(id, target, variant, parent.map(|at| at.element), size) {
            Ok(copy) => copy,
            // A file that cannot be used is told by the progress, as other failures of the work.
            Err(fault) if matches!(fault.code, code::FILE_ERROR | code::E_NOTIMPL) => {
                return Ok(self.finished_job(job, Err(Fault::new(code::FILE_ERROR, fault.message))));
            }
            Err(fault) => return Err(fault),
        };
        let running = copy.clone();
        let work = move |report: &Reporter| {
            running.run(&mut telling(report))?;
            // Complete: too late to cancel.
            let _ = report.next();
            Ok(())
        };
        Ok(self.start_job(job, work, move |state: &mut Self, result| state.end_copy(&copy, result)))
    }
}
