//! Media: known images, their attributes, states and trees. The parts of this folder do the work on them.
//!
//! [`Medium`] is what is known of an image; the file itself is the business of `images`.

mod change;
mod copy;
mod create;
pub(super) mod formats;
mod io;
mod locks;
mod merge;
mod open;
mod properties;
mod registry;
mod stream;

pub(super) use io::OpenDisk;
pub(super) use stream::Stream;
#[allow(unused_imports)] // For what does such work in steps of its own.
pub(super) use {copy::Copy, merge::Merge};

use super::arguments::Arguments;
use super::document::{ElementId, ROOT};
use super::fault::code;
use super::images::{self, Chain, Format, ImageError};
use super::progress::Reporter;
use super::state::{Address, State, gone, nothing, one};
use super::value::{enumerated, text, texts};
use super::{Fault, Outcome};
use crate::model::RawValue;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// Which settings file remembers a medium.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Registry {
    /// None: it is not created yet.
    #[default]
    Nowhere,
    /// `VirtualBox.xml`.
    Global,
    /// The file of the machine with that id.
    Machine(String),
}

/// A medium.
#[derive(Clone, Debug, Default)]
pub(super) struct Medium {
    pub(super) id: String,
    pub(super) location: PathBuf,
    pub(super) format: String,
    pub(super) device: &'static str,
    pub(super) kind: &'static str,
    /// Without locks: `NotCreated`, `Created`, `Inaccessible`, `Creating`, `Deleting`.
    pub(super) state: &'static str,
    /// How many hold a reading lock.
    pub(super) readers: u32,
    /// Someone holds the writing lock.
    pub(super) writer: bool,
    pub(super) description: String,
    pub(super) logical_size: u64,
    /// Bytes of all its files, as last seen.
    pub(super) size: u64,
    /// Flags of `MediumVariant`: as wanted when it was made, as its file has them once it was looked at.
    pub(super) variant: u32,
    pub(super) parent: Option<ElementId>,
    pub(super) registry: Registry,
    pub(super) last_error: String,
    pub(super) auto_reset: bool,
    pub(super) properties: BTreeMap<String, String>,
}

impl Medium {
    /// The state with its locks, as the API has it.
    pub(super) fn shown_state(&self) -> &'static str {
        match (self.writer, self.readers) {
            (true, _) => "LockedWrite",
            (false, 1..) => "LockedRead",
            (false, 0) => self.state,
        }
    }

    /// The format of its file; `None` for what is no disk image in a file.
    pub(super) fn image_format(&self) -> Option<Format> {
        Format::named(&self.format)
    }

    fn place(&self) -> String {
        self.location.display().to_string()
    }
}

/// Work on images that failed: a fault about that file.
pub(super) fn image_fault(path: &Path, error: &ImageError) -> Fault {
    Fault::file(path, error)
}

/// Tells a progress how far work on images is; a cancelled one ends the work.
pub(super) fn telling(report: &Reporter) -> impl FnMut(u64, u64) -> images::Result + '_ {
    |done, total| report.done(done, total).map_err(|_| ImageError::Cancelled)
}

/// The images of a chain as files, the base first: what a thread needs to open it.
#[derive(Clone, Debug)]
pub(super) struct Files(Vec<(PathBuf, Format)>);

impl Files {
    /// Opens all; only the last one for writing, and only when `writable`.
    ///
    /// # Errors
    /// One cannot be opened; the fault names it.
    pub(super) fn open(&self, writable: bool) -> Outcome<Chain> {
        let last = self.0.len().saturating_sub(1);
        let open = |(at, (path, format)): (usize, &(PathBuf, Format))| {
            images::open(path, *format, writable && at == last).map_err(|error| image_fault(path, &error))
        };
        Ok(Chain::new(self.0.iter().enumerate().map(open).collect::<Outcome<_>>()?))
    }

    /// Opens a part of the chain for reading.
    fn part(&self, from: usize, to: usize) -> Outcome<Chain> {
        Self(self.0.get(from..to).unwrap_or_default().to_vec()).open(false)
    }

    fn get(&self, at: usize) -> Outcome<(PathBuf, Format)> {
        self.0.get(at).cloned().ok_or_else(gone)
    }

    /// The last file.
    fn last(&self) -> PathBuf {
        self.0.last().map(|(path, _)| path.clone()).unwrap_or_default()
    }
}

pub(super) fn type_name(written: &str) -> &'static str {
    let enumeration = crate::schema::embedded().enumeration("MediumType");
    enumeration.and_then(|known| known.name_of(known.number(written)?)).unwrap_or("Normal")
}

impl State {
    pub(super) fn medium(&self, id: ElementId) -> Outcome<&Medium> {
        self.media.get(&id).ok_or_else(gone)
    }

    pub(super) fn medium_mut(&mut self, id: ElementId) -> Outcome<&mut Medium> {
        self.media.get_mut(&id).ok_or_else(gone)
    }

    pub(super) fn add_medium(&mut self, medium: Medium) -> ElementId {
        let id = self.global.add("IMedium", ROOT, "medium", 0);
        self.media.insert(id, medium);
        id
    }

    pub(super) fn medium_by_id(&self, id: &str) -> Option<ElementId> {
        self.media.iter().find(|(_, medium)| medium.id == id).map(|(at, _)| *at)
    }

    /// Base media of a kind (`HardDisk`, `DVD`, `Floppy`) that are remembered somewhere.
    pub(super) fn media_list(&mut self, device: &str) -> RawValue {
        self.registered();
        let known = self.media.iter().filter(|(_, medium)| {
            medium.device == device && medium.registry != Registry::Nowhere && medium.parent.is_none()
        });
        RawValue::List(known.map(|(at, _)| Address::global(*at).value("IMedium")).collect())
    }

    pub(super) fn children_of(&self, parent: ElementId) -> Vec<ElementId> {
        self.media.iter().filter(|(_, medium)| medium.parent == Some(parent)).map(|(at, _)| *at).collect()
    }

    /// Ids of the machines that have the medium attached, in saved settings or in a mutable copy.
    pub(super) fn users_of(&mut self, id: ElementId) -> Vec<String> {
        let mut views = self.registered();
        views.extend(self.machines.iter().filter(|(_, machine)| !machine.registered).map(|(view, _)| *view));
        views.extend(self.copies.keys().copied());
        views.extend(self.snapshots.views.keys().copied());
        let uses = |view: &u32| {
            let document = self.document(*view).ok()?;
            let mut attached = document.iter().filter(|(_, element)| element.role == "attachment");
            attached
                .any(|(_, element)| element.value("medium").and_then(Address::of).map(|at| at.element) == Some(id))
                .then_some(())
        };
        let mut users: Vec<_> = views
            .iter()
            .filter(|view| uses(view).is_some())
            .filter_map(|view| Some(self.machine(*view).ok()?.id.clone()))
            .collect();
        users.sort();
        users.dedup();
        users
    }

    pub(super) fn read_medium(&mut self, id: ElementId, name: &str) -> Outcome<Option<RawValue>> {
        if name == "machineIds" {
            return Ok(Some(texts(self.users_of(id))));
        }
        if name == "readOnly" {
            return Ok(Some(RawValue::Bool(self.is_read_only(id)?)));
        }
        let medium = self.medium(id)?;
        let object = |at: ElementId| Address::global(at).value("IMedium");
        Ok(Some(match name {
            "id" if medium.id.is_empty() => text(Uuid::nil().to_string()),
            "id" => text(&medium.id),
            "description" => text(&medium.description),
            "state" => enumerated("MediumState", medium.shown_state()),
            // One element for each bit of the number that the real thing keeps.
            "variant" => {
                let known = crate::schema::embedded().enumeration("MediumVariant");
                let bit = |at: u32| {
                    let flag = i64::from(medium.variant & (1 << at));
                    known.and_then(|known| known.name_of(flag)).unwrap_or("Standard")
                };
                RawValue::List((0..32).map(|at| enumerated("MediumVariant", bit(at))).collect())
            }
            "hostDrive" => RawValue::Bool(false),
            "location" => text(medium.location.to_string_lossy()),
            "name" => text(medium.location.file_name().unwrap_or_default().to_string_lossy()),
            "deviceType" => enumerated("DeviceType", medium.device),
            "size" => RawValue::Int(i64::try_from(medium.size).unwrap_or(i64::MAX)),
            "format" => text(&medium.format),
            "mediumFormat" => {
                let at = formats::FORMATS
                    .iter()
                    .position(|known| known.id.eq_ignore_ascii_case(&medium.format))
                    .unwrap_or_default();
                self.format_object(at)
            }
            "type" => enumerated("MediumType", medium.kind),
            "allowedTypes" => return Err(Fault::not_in_virtualbox("IMedium.allowedTypes")),
            "parent" => medium.parent.map_or(RawValue::Null, object),
            "children" => RawValue::List(self.children_of(id).into_iter().map(object).collect()),
            "base" => {
                let up = |at: &ElementId| self.media.get(at).and_then(|medium| medium.parent);
                object(std::iter::successors(Some(id), up).take(1000).last().unwrap_or(id))
            }
            "logicalSize" => RawValue::Int(i64::try_from(medium.logical_size).unwrap_or(i64::MAX)),
            "autoReset" => RawValue::Bool(medium.auto_reset),
            "lastAccessError" => text(&medium.last_error),
            _ => return Ok(None),
        }))
    }

    pub(super) fn write_medium(&mut self, id: ElementId, name: &str, arguments: Arguments<'_>) -> Outcome<bool> {
        match name {
            "description" => {
                if self.medium(id)?.state != "NotCreated" {
                    // The real thing locks the medium with its parents for this.
                    let chain = self.ancestry(id);
                    self.lock_write(id)?;
                    self.unlock_write(id);
                    for medium in chain {
                        self.check_readable(medium)?;
                    }
                }
                self.medium_mut(id)?.description = arguments.text(0).to_owned();
                self.fire_medium_changed(id);
            }
            "type" => self.change_type(id, arguments)?,
            "autoReset" => {
                let medium = self.medium_mut(id)?;
                if medium.parent.is_none() {
                    let message =
                        format!("`{}` is no differencing disk: there is nothing to reset it to", medium.place());
                    return Err(Fault::new(code::NOT_SUPPORTED, message));
                }
                medium.auto_reset = arguments.flag(0);
            }
            "location" => self.set_location(id, arguments.text(0))?,
            _ => return Ok(false),
        }
        self.save_medium(id)?;
        Ok(true)
    }

    pub(super) fn call_medium(
        &mut self,
        id: ElementId,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<Option<Vec<RawValue>>> {
        let done = match name {
            "refreshState" => {
                self.refresh_medium(id)?;
                enumerated("MediumState", self.medium(id)?.shown_state())
            }
            "createBaseStorage" => self.create_base_storage(id, arguments)?,
            "createDiffStorage" => self.create_diff_storage(id, arguments)?,
            "deleteStorage" => self.delete_storage_job(id)?,
            "cloneTo" => self.clone_medium(id, arguments.object(0), arguments.list(1), arguments.object(2), None)?,
            "cloneToBase" => self.clone_medium(id, arguments.object(0), arguments.list(1), None, None)?,
            "resizeAndCloneTo" => {
                let size = Some(arguments.int(1));
                self.clone_medium(id, arguments.object(0), arguments.list(2), arguments.object(3), size)?
            }
            "mergeTo" => self.merge_medium(id, arguments.object(0))?,
            "compact" => self.compact_medium(id)?,
            "resize" => self.resize_medium(id, arguments.int(0))?,
            "reset" => self.reset_medium(id)?,
            "moveTo" => self.move_medium(id, arguments.text(0))?,
            "lockRead" | "lockWrite" => self.lock_for_caller(id, name == "lockWrite")?,
            "openForIO" => self.open_for_io(id, arguments.flag(0), arguments.text(1))?,
            "changeEncryption" | "checkEncryptionPassword" | "getEncryptionSettings" => {
                return Err(self.no_encryption(id, name)?);
            }
            "close" => {
                self.close_medium(id)?;
                return nothing();
            }
            "setIds" => {
                self.set_medium_ids(id, arguments)?;
                return nothing();
            }
            "getSnapshotIds" => texts(self.snapshot_ids(id, arguments.text(0))?),
            "getProperty" | "setProperty" | "getProperties" | "setProperties" => {
                return self.call_medium_properties(id, name, arguments).map(Some);
            }
            _ => return Ok(None),
        };
        one(done)
    }

    /// The medium and its parents, the base last. A loop in a registry ends somewhere.
    pub(super) fn ancestry(&self, id: ElementId) -> Vec<ElementId> {
        let up = |at: &ElementId| self.media.get(at).and_then(|medium| medium.parent);
        std::iter::successors(Some(id), up).take(1000).collect()
    }

    /// The files of a chain that ends with that medium, for a thread to open.
    ///
    /// # Errors
    /// One of the media is no image in a file.
    pub(super) fn chain_files(&self, id: ElementId) -> Outcome<Files> {
        let mut files = Vec::new();
        for at in self.ancestry(id).into_iter().rev() {
            let medium = self.medium(at)?;
            let Some(format) = medium.image_format() else {
                let message = format!("`{}` is no image in a file, but {}", medium.place(), medium.format);
                return Err(Fault::new(code::NOT_SUPPORTED, message));
            };
            files.push((medium.location.clone(), format));
        }
        Ok(Files(files))
    }

    /// Whether the medium could be read when it was looked at last. One that nobody has looked at yet may be good.
    pub(super) fn check_medium_accessible(&self, id: ElementId) -> Outcome {
        let medium = self.medium(id)?;
        if medium.unreadable() {
            let message = format!("the medium `{}` is not accessible; `refreshState` looks anew", medium.place());
            return Err(Fault::new(code::E_FAIL, message));
        }
        Ok(())
    }

    /// Whether the file can be opened, as a failure of the call.
    fn check_readable(&self, id: ElementId) -> Outcome {
        let medium = self.medium(id)?;
        match medium.image_format() {
            Some(format) => images::open(&medium.location, format, false).map(drop).map_err(|error| {
                Fault::new(code::E_FAIL, format!("cannot open the medium `{}`: {error}", medium.place()))
            }),
            None => Ok(()),
        }
    }

    /// Tells that a medium came to be known, or is known no more.
    pub(super) fn fire_medium(&mut self, id: &str, device: &str, registered: bool) {
        let values = vec![
            ("mediumId", text(id)),
            ("mediumType", enumerated("DeviceType", device)),
            ("registered", RawValue::Bool(registered)),
        ];
        self.fire("OnMediumRegistered", values);
    }

    fn fire_medium_changed(&mut self, id: ElementId) {
        self.fire("OnMediumConfigChanged", vec![("medium", Address::global(id).value("IMedium"))]);
    }

    /// Takes up what the image of a medium says of itself now.
    fn note_facts(&mut self, id: ElementId) -> Outcome {
        let medium = self.medium_mut(id)?;
        let Some(format) = medium.image_format() else { return Ok(()) };
        let path = medium.location.clone();
        let image = images::open(&path, format, false).map_err(|error| image_fault(&path, &error))?;
        let (size, variant) = (image.facts().size, image.facts().variant.0);
        medium.size = file_sizes(&image.files());
        medium.logical_size = size;
        medium.variant = variant;
        Ok(())
    }
}

/// Bytes of some files together.
fn file_sizes(files: &[PathBuf]) -> u64 {
    files.iter().filter_map(|file| file.metadata().ok()).map(|facts| facts.len()).sum()
}
