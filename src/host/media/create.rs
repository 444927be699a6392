//! Making storage, base and differencing; deleting it; forgetting a medium.

use super::super::arguments::Arguments;
use super::super::document::ElementId;
use super::super::fault::code;
use super::super::images::{self, Format, ImageError, Parent, Plan, Variant};
use super::super::progress::{Job, Reporter};
use super::super::state::{Address, State};
use super::super::{Fault, Outcome};
use super::formats::format;
use super::{Medium, Registry, image_fault, telling};
use crate::model::RawValue;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// `Formatted` and `NoCreateDir` say how a medium is made, not what it is.
const FORMATTED: u32 = 0x2000_0000;
const NO_FOLDER: u32 = 0x4000_0000;

/// The flags of a list of `MediumVariant`.
pub(super) fn flags(variants: &[RawValue]) -> u32 {
    let number = |value: &RawValue| match value {
        RawValue::Enum(value) => u32::try_from(value.number).unwrap_or_default(),
        _ => 0,
    };
    variants.iter().map(number).fold(0, |all, flag| all | flag)
}

/// An image that shall come into being, with all that a thread needs for it.
#[derive(Clone, Debug)]
pub(in crate::host) struct NewImage {
    pub(super) path: PathBuf,
    pub(super) plan: Plan,
    pub(super) folder: bool,
    formatted: bool,
}

impl NewImage {
    /// Makes it. On failure nothing is left.
    ///
    /// # Errors
    /// The file is there already, cannot be written, or the format has no such kind; the work was cancelled.
    pub(in crate::host) fn make(&self, report: &mut images::work::Report<'_>) -> Outcome<Box<dyn images::Image>> {
        let failed = |error: ImageError| image_fault(&self.path, &error);
        if self.folder {
            let folder = self.path.parent().unwrap_or(Path::new(""));
            std::fs::create_dir_all(folder).map_err(|error| Fault::file(folder, error))?;
        }
        let mut image = images::create(&self.path, &self.plan, report).map_err(failed)?;
        if self.formatted {
            let written = super::io::format_fat(image.as_mut()).and_then(|()| image.flush());
            if let Err(error) = written {
                remove_files(&image.files());
                return Err(failed(error));
            }
        }
        Ok(image)
    }

    /// The same for an image that stays empty.
    pub(super) fn make_alone(&self, report: &mut images::work::Report<'_>) -> Outcome {
        let mut image = self.make(report)?;
        image.flush().map_err(|error| {
            remove_files(&image.files());
            image_fault(&self.path, &error)
        })
    }
}

/// Removes files; those that cannot be removed stay.
pub(super) fn remove_files(files: &[PathBuf]) {
    for file in files {
        let _ = std::fs::remove_file(file);
    }
}

impl State {
    pub(super) fn create_base_storage(&mut self, id: ElementId, arguments: Arguments<'_>) -> Outcome<RawValue> {
        let (size, wanted) = (arguments.int(0), flags(arguments.list(1)));
        let medium = self.medium(id)?;
        let size = u64::try_from(size).map_err(|_| Fault::argument(format!("a disk of {size} bytes cannot be")))?;
        let variant = wanted & !(Variant::DIFF | FORMATTED | NO_FOLDER);
        let fixed = variant & Variant::FIXED != 0;
        let (can, kind) = if fixed { ("CreateFixed", "fixed") } else { ("CreateDynamic", "dynamic") };
        if !format(&medium.format).is_some_and(|known| known.can(can)) {
            let message = format!("the format {} has no {kind} images", medium.format);
            return Err(Fault::new(code::NOT_SUPPORTED, message));
        }
        if wanted & FORMATTED != 0 && medium.device != "Floppy" {
            return Err(Fault::new(code::NOT_SUPPORTED, "only a floppy disk can be made formatted"));
        }
        if medium.state != "NotCreated" {
            let message = format!("`{}` has storage already: its state is {}", medium.place(), medium.shown_state());
            return Err(Fault::new(code::INVALID_OBJECT_STATE, message));
        }
        let new = self.new_image(id, size, variant, None)?;
        let new = NewImage { folder: wanted & NO_FOLDER == 0, formatted: wanted & FORMATTED != 0, ..new };
        self.begin_creating(id, &new, Registry::Global)?;
        let description = format!("Creating {kind} medium storage unit `{}`", new.path.display());
        let work = {
            let new = new.clone();
            move |report: &Reporter| new.make_alone(&mut telling(report))
        };
        let close = move |state: &mut Self, result: Outcome| {
            state.end_creating(id, result)?;
            state.tell_created(id, id)
        };
        Ok(self.start_job(Job::new(description, Address::VIRTUAL_BOX, "IMedium"), work, close))
    }

    /// Plans the image of a medium that has none yet. `parent` makes it a difference to that medium.
    ///
    /// # Errors
    /// This host does not make images of that format.
    pub(in crate::host) fn new_image(
        &self,
        id: ElementId,
        size: u64,
        variant: u32,
        parent: Option<ElementId>,
    ) -> Outcome<NewImage> {
        let medium = self.medium(id)?;
        let Some(kind) =
            medium.image_format().filter(|kind| matches!(kind, Format::Vdi | Format::Vmdk | Format::Vhd | Format::Raw))
        else {
            return Err(Fault::not_implemented(format!("making images of the format {}", medium.format)));
        };
        let parent = match parent {
            None => None,
            Some(parent) => {
                let parent = self.medium(parent)?;
                let id = Uuid::parse_str(&parent.id).unwrap_or_default();
                // Read from the file: the id of its last change changes with every write.
                let opened = parent.image_format().map(|kind| images::open(&parent.location, kind, false));
                let modification = opened.and_then(Result::ok).map_or(Uuid::nil(), |image| image.modification());
                Some(Parent { id, path: parent.location.clone(), modification })
            }
        };
        let plan = Plan { format: kind, size, variant: Variant(variant), id: Uuid::new_v4(), parent };
        Ok(NewImage { path: medium.location.clone(), plan, folder: true, formatted: false })
    }

    /// A medium is being made from now on.
    pub(super) fn begin_creating(&mut self, id: ElementId, new: &NewImage, registry: Registry) -> Outcome {
        let medium = self.medium_mut(id)?;
        (medium.state, medium.id) = ("Creating", new.plan.id.to_string());
        (medium.variant, medium.registry) = (new.plan.variant.0, registry);
        Ok(())
    }

    /// Tells of a new medium as VirtualBox does: a differencing one is announced by its parent.
    fn tell_created(&mut self, id: ElementId, parent: ElementId) -> Outcome {
        let medium = self.medium(parent)?;
        let (told, device) = (medium.id.clone(), medium.device);
        self.fire_medium_changed(parent);
        self.fire_medium(&told, device, true);
        self.medium(id).map(drop)
    }

    /// A medium has been made, or has not.
    pub(super) fn end_creating(&mut self, id: ElementId, result: Outcome) -> Outcome {
        let place = self.medium(id)?.location.clone();
        let taken = |(at, other): (&ElementId, &Medium)| {
            (*at != id && other.location == place && other.state != "NotCreated").then(|| other.id.clone())
        };
        let result = match (result, self.media.iter().find_map(taken)) {
            (Ok(()), Some(other)) => {
                // Its file was gone, and is not to be mistaken for this one.
                remove_files(std::slice::from_ref(&place));
                Err(Fault::argument(format!("`{}` is the known medium {other} already", place.display())))
            }
            (result, _) => result,
        };
        let wanted = self.medium(id)?.variant;
        let noted = result.and_then(|()| self.note_facts(id));
        let medium = self.medium_mut(id)?;
        // Until it is looked at anew it is what was asked for.
        medium.variant = wanted | (medium.variant & Variant::FIXED);
        if let Err(fault) = noted {
            (medium.state, medium.id, medium.variant) = ("NotCreated", String::new(), 0);
            (medium.registry, medium.parent) = (Registry::Nowhere, None);
            return Err(fault);
        }
        medium.state = "Created";
        self.save_medium(id)
    }

    pub(super) fn create_diff_storage(&mut self, id: ElementId, arguments: Arguments<'_>) -> Outcome<RawValue> {
        let target = arguments.object(0).ok_or_else(|| Fault::argument("no target was given"))?.element;
        let variant = flags(arguments.list(1)) & !(Variant::DIFF | Variant::FIXED | FORMATTED | NO_FOLDER);
        let medium = self.medium(id)?;
        if matches!(medium.kind, "Writethrough" | "Shareable" | "Readonly") {
            let message = format!("`{}` has the type {}, which has no differencing disks", medium.place(), medium.kind);
            return Err(Fault::new(code::INVALID_OBJECT_STATE, message));
        }
        if medium.kind == "Normal" && self.users_of_now(id) {
            let message = format!("`{}` is attached to a machine, which writes to it", medium.place());
            return Err(Fault::new(code::INVALID_OBJECT_STATE, message));
        }
        let known = self.medium(target)?;
        if target == id && !self.children_of(id).is_empty() {
            return Err(Fault::new(code::E_FAIL, format!("`{}` cannot be a difference to itself", known.place())));
        }
        if target == id || known.state != "NotCreated" {
            let message = format!("`{}` cannot become a differencing disk: it has storage already", known.place());
            return Err(Fault::new(code::INVALID_OBJECT_STATE, message));
        }
        let place = known.place();
        let description = format!("Creating differencing medium storage unit `{place}`");
        let parents = self.ancestry(id);
        if medium.state == "NotCreated" {
            return Err(Fault::new(code::E_FAIL, format!("`{}` has no storage yet", medium.place())));
        }
        self.lock_read(&parents)?;
        let begun = self.begin_diff(id, target, variant);
        let new = match begun {
            Ok(new) => new,
            Err(fault) => {
                self.unlock_read(&parents);
                return Err(fault);
            }
        };
        let work = move |report: &Reporter| new.make_alone(&mut telling(report));
        let close = move |state: &mut Self, result: Outcome| {
            state.unlock_read(&parents);
            state.end_creating(target, result)?;
            state.tell_created(target, id)
        };
        Ok(self.start_job(Job::new(description, Address::VIRTUAL_BOX, "IMedium"), work, close))
    }

    fn begin_diff(&mut self, parent: ElementId, target: ElementId, variant: u32) -> Outcome<NewImage> {
        let known = self.medium(parent)?;
        let (kind, immutable, registry) = (known.image_format(), known.kind == "Immutable", known.registry.clone());
        let size = kind.map(|kind| images::facts(&known.location, kind)).map_or(Ok(known.logical_size), |facts| {
            facts.map(|facts| facts.size).map_err(|error| {
                Fault::new(code::E_FAIL, format!("cannot open the medium `{}`: {error}", known.place()))
            })
        })?;
        let wanted = self.medium(target)?;
        if !format(&wanted.format).is_some_and(|known| known.can("Differencing")) {
            let message = format!("the format {} has no differencing images", wanted.format);
            return Err(Fault::new(code::E_FAIL, message));
        }
        let new = self.new_image(target, size, variant, Some(parent))?;
        self.begin_creating(target, &new, registry)?;
        let medium = self.medium_mut(target)?;
        (medium.parent, medium.kind, medium.auto_reset) = (Some(parent), "Normal", immutable);
        Ok(new)
    }

    /// Makes a differencing image of `parent` at once, and remembers it where its parent is remembered unless
    /// `registry` says otherwise. It has the format of its parent if that has differencing images, else VDI; a
    /// `location` that is a folder gets a file named by the new id. Nobody needs to be told: the event is fired.
    ///
    /// This is what snapshots and indirect attachments need; the image is small, so it is made under the state's lock.
    ///
    /// # Errors
    /// The parent cannot be locked for reading or opened; the file is there already or cannot be written.
    #[allow(dead_code)] // For snapshots and indirect attachments.
    pub(in crate::host) fn create_diff_image(
        &mut self,
        parent: ElementId,
        location: &Path,
        registry: Option<Registry>,
    ) -> Outcome<ElementId> {
        let known = self.medium(parent)?;
        let own = format(&known.format).filter(|known| known.can("Differencing") && known.can("Uuid"));
        let wanted = own.map_or("VDI", |known| known.id);
        let extension = wanted.to_ascii_lowercase();
        let parents = self.ancestry(parent);
        let medium = Medium {
            format: wanted.to_owned(),
            device: "HardDisk",
            kind: "Normal",
            state: "NotCreated",
            ..Medium::default()
        };
        let target = self.add_medium(medium);
        let made = self.lock_read(&parents).and_then(|()| {
            self.medium_mut(target)?.location = location.to_owned();
            let begun = self.begin_diff(parent, target, 0).and_then(|mut new| {
                if location.is_dir() {
                    new.path = location.join(format!("{{{}}}.{extension}", new.plan.id));
                    self.medium_mut(target)?.location.clone_from(&new.path);
                }
                if let Some(registry) = registry {
                    self.medium_mut(target)?.registry = registry;
                }
                let result = new.make_alone(&mut |_, _| Ok(()));
                self.end_creating(target, result)?;
                self.tell_created(target, parent)
            });
            self.unlock_read(&parents);
            begun
        });
        match made {
            Ok(()) => Ok(target),
            Err(fault) => {
                self.media.remove(&target);
                self.global.remove(target);
                Err(fault)
            }
        }
    }

    /// Whether a medium is used by a machine or has differencing disks.
    pub(super) fn check_unused(&mut self, id: ElementId) -> Outcome {
        let users = self.users_of(id);
        let place = self.medium(id)?.place();
        if let Some(user) = users.first() {
            let message = format!("`{place}` is attached to the machine {user}; detach it first");
            return Err(Fault::new(code::OBJECT_IN_USE, message));
        }
        let children = self.children_of(id).len();
        if children > 0 {
            return Err(Fault::new(code::OBJECT_IN_USE, format!("`{place}` has {children} differencing disks")));
        }
        Ok(())
    }

    /// Checks that storage may be deleted now, and marks the medium.
    fn begin_deleting(&mut self, id: ElementId) -> Outcome<Doomed> {
        let medium = self.medium(id)?;
        if medium.writer || medium.readers > 0 || !matches!(medium.state, "Created" | "Inaccessible") {
            return Err(medium.locked_or_unmade());
        }
        self.check_unused(id)?;
        let medium = self.medium_mut(id)?;
        let opened = medium.image_format().map(|kind| images::open(&medium.location, kind, false));
        // A file that is gone needs no more work.
        let (files, unreadable) = match opened {
            Some(Ok(image)) => (image.files(), None),
            Some(Err(error)) if medium.location.exists() => (Vec::new(), Some(image_fault(&medium.location, &error))),
            _ => (vec![medium.location.clone()], None),
        };
        medium.state = "Deleting";
        Ok(Doomed { files, unreadable })
    }

    fn end_deleting(&mut self, id: ElementId, unreadable: Option<Fault>, result: Outcome) -> Outcome {
        let medium = self.medium_mut(id)?;
        if let Err(fault) = result {
            medium.state = "Created";
            return Err(fault);
        }
        let was = medium.id.clone();
        self.forget_medium(id)?;
        let medium = self.medium_mut(id)?;
        if let Some(fault) = unreadable {
            // Its file stays, and it counts as not made, with the id that it had.
            (medium.state, medium.id, medium.parent) = ("NotCreated", was, None);
            return Err(fault);
        }
        // Its sizes are told on, as they were.
        (medium.state, medium.variant, medium.parent) = ("NotCreated", 0, None);
        Ok(())
    }

    pub(super) fn delete_storage_job(&mut self, id: ElementId) -> Outcome<RawValue> {
        let place = self.medium(id)?.place();
        let Doomed { files, unreadable } = self.begin_deleting(id)?;
        let job = Job::new(format!("Deleting medium storage unit `{place}`"), Address::VIRTUAL_BOX, "IMedium");
        let work = move |_: &Reporter| delete_files(&files);
        let close = move |state: &mut Self, result| state.end_deleting(id, unreadable, result);
        Ok(self.start_job(job.not_cancelable(), work, close))
    }

    /// Deletes the storage of a medium at once; the medium stays, without storage and forgotten.
    ///
    /// # Errors
    /// It is locked, in use, or its file cannot be deleted.
    #[allow(dead_code, reason = "for callers that do not wait")]
    pub(in crate::host) fn delete_storage(&mut self, id: ElementId) -> Outcome {
        let Doomed { files, unreadable } = self.begin_deleting(id)?;
        let result = delete_files(&files);
        self.end_deleting(id, unreadable, result)
    }

    /// Takes a medium out of the settings file that remembers it.
    pub(super) fn forget_medium(&mut self, id: ElementId) -> Outcome {
        let medium = self.medium_mut(id)?;
        let registry = std::mem::take(&mut medium.registry);
        let (was, device) = (std::mem::take(&mut medium.id), medium.device);
        match registry {
            Registry::Nowhere => return Ok(()),
            Registry::Global => self.save_registry()?,
            Registry::Machine(machine) => self.save_machine_media(&machine)?,
        }
        self.fire_medium(&was, device, false);
        Ok(())
    }

    pub(super) fn close_medium(&mut self, id: ElementId) -> Outcome {
        let medium = self.medium(id)?;
        if medium.writer || medium.readers > 0 || !matches!(medium.state, "NotCreated" | "Created" | "Inaccessible") {
            return Err(medium.locked_or_unmade());
        }
        self.check_unused(id)?;
        self.forget_medium(id)?;
        self.drop_medium(id);
        Ok(())
    }

    /// A medium is no more: callers that hold it learn that it is gone.
    pub(super) fn drop_medium(&mut self, id: ElementId) {
        self.media.remove(&id);
        self.global.remove(id);
    }
}

/// What goes with a medium's storage.
struct Doomed {
    files: Vec<PathBuf>,
    /// Why its file is no image of its format: VirtualBox deletes none such.
    unreadable: Option<Fault>,
}

/// Deletes the files of an image; one that is gone already is no failure.
pub(super) fn delete_files(files: &[PathBuf]) -> Outcome {
    for file in files {
        match std::fs::remove_file(file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(Fault::file(file, error)),
            _ => {}
        }
    }
    Ok(())
}
