//! Coming to know media: `openMedium`, `createMedium`, looking at their files anew, other ids.

use super::super::arguments::Arguments;
use super::super::document::ElementId;
use super::super::fault::code;
use super::super::images::{self, Format, ImageError, Variant};
use super::super::state::{Address, State};
use super::super::{Fault, Outcome};
use super::formats::format;
use super::{Medium, Registry, file_sizes};
use crate::model::RawValue;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// An ISO image has at least the sectors before its first descriptor.
const LEAST_ISO: u64 = 32_768;
const ISO_SECTOR: u64 = 2048;
/// The largest floppy disk that a controller takes, in bytes: 255 cylinders, 2 heads, 63 sectors.
const LARGEST_FLOPPY: u64 = 255 * 2 * 63 * 512;

/// A medium that cannot be opened counts as not found.
fn unopened(path: &Path, why: impl std::fmt::Display) -> Fault {
    Fault::not_found(format!("cannot open the medium `{}`: {why}", path.display())).by("IMedium")
}

fn check_device(device: &str) -> Outcome {
    if matches!(device, "HardDisk" | "DVD" | "Floppy") {
        return Ok(());
    }
    Err(Fault::argument(format!("`{device}` is no kind of medium: HardDisk, DVD or Floppy")))
}

impl State {
    pub(in crate::host) fn create_medium(&mut self, arguments: Arguments<'_>) -> Outcome<RawValue> {
        let (wanted, location, device) = (arguments.text(0), arguments.text(1), arguments.name(3));
        check_device(device)?;
        let wanted = match (wanted, device) {
            ("", "HardDisk") => "VDI",
            ("", _) => return Err(Fault::argument(format!("a new {device} needs a format"))),
            (wanted, _) => wanted,
        };
        let unknown = || Fault::argument(format!("`{wanted}` is no format of media")).by("IMedium");
        let known = format(wanted).ok_or_else(unknown)?;
        let medium = Medium {
            location: new_location(location, known)?,
            // As it was written.
            format: wanted.to_owned(),
            device,
            kind: "Normal",
            // There is nothing to create at the end of a network.
            state: if known.id == "iSCSI" { "Inaccessible" } else { "NotCreated" },
            ..Medium::default()
        };
        Ok(Address::global(self.add_medium(medium)).value("IMedium"))
    }

    pub(in crate::host) fn open_medium(&mut self, arguments: Arguments<'_>) -> Outcome<RawValue> {
        let (location, device, new_id) = (arguments.text(0), arguments.name(1), arguments.flag(3));
        check_device(device)?;
        self.registered();
        let found = |at: ElementId| Ok(Address::global(at).value("IMedium"));
        if let Some(id) = super::super::machines::parse_id(location) {
            let known = self.medium_by_id(&id).filter(|at| self.media[at].device == device);
            let missing =
                || Fault::not_found(format!("no known medium of the kind {device} has the id {id}")).by("IMedium");
            return found(known.ok_or_else(missing)?);
        }
        let path = Path::new(location);
        if !path.is_absolute() {
            return Err(unopened(path, "its path must be absolute"));
        }
        let path = super::super::root::normal(path);
        let known = self.media.iter().find(|(_, medium)| medium.location == path && medium.state != "NotCreated");
        if let Some((at, medium)) = known {
            if medium.device != device {
                return Err(unopened(&path, format_args!("it is known as a {}, not a {device}", medium.device)));
            }
            return found(*at);
        }
        let medium = self.identify(&path, device, new_id)?;
        if let Some(other) = self.medium_by_id(&medium.id) {
            let other = self.media[&other].location.display();
            let why = format!("the known medium `{other}` has the same id; `forceNewUuid` gives this one another");
            return Err(unopened(&path, why));
        }
        let (id, device) = (medium.id.clone(), medium.device);
        let at = self.add_medium(medium);
        self.save_medium(at)?;
        self.fire_medium(&id, device, true);
        found(at)
    }

    /// What a file is as a medium of that kind.
    fn identify(&self, path: &Path, device: &'static str, new_id: bool) -> Outcome<Medium> {
        let failed = |error: ImageError| unopened(path, error);
        let format = images::identify(path).map_err(failed)?;
        let length = path.metadata().map_err(|error| unopened(path, error))?.len();
        let (kind, fits) = match device {
            "DVD" => (
                "Readonly",
                match format {
                    Format::Raw => length >= LEAST_ISO && length % ISO_SECTOR == 0,
                    other => other == Format::Dmg,
                },
            ),
            "Floppy" => ("Writethrough", format == Format::Raw && length % 512 == 0 && length <= LARGEST_FLOPPY),
            _ => ("Normal", !matches!(format, Format::Raw | Format::Dmg)),
        };
        if !fits {
            return Err(unopened(path, format_args!("it is no image of a {device}, or of no known format")));
        }
        let mut image = images::open(path, format, false).map_err(failed)?;
        let facts = image.facts().clone();
        let mut id = facts.id;
        let mut registry = Registry::Global;
        let mut parent = None;
        if let Some(wanted) = facts.parent {
            let known = self.medium_by_id(&wanted.to_string());
            let missing = || unopened(path, format_args!("its parent, with the id {wanted}, is no known medium"));
            let known = known.ok_or_else(missing)?;
            registry = self.media[&known].registry.clone();
            parent = Some(known);
        }
        if id.is_nil() || new_id {
            id = Uuid::new_v4();
            let mut write = || {
                image = images::open(path, format, true)?;
                image.set_ids(id, facts.parent).and_then(|()| image.flush())
            };
            if !facts.id.is_nil() {
                write().map_err(failed)?;
            } else if format == Format::Vmdk && facts.variant.0 & Variant::STREAM == 0 {
                // Other programs write none. Where the file cannot be written the registry alone knows it.
                let _ = write();
            }
        }
        Ok(Medium {
            id: id.to_string(),
            location: path.to_owned(),
            format: format.name().to_owned(),
            device,
            kind,
            state: "Created",
            logical_size: facts.size,
            size: file_sizes(&image.files()),
            variant: facts.variant.0,
            parent,
            registry,
            ..Medium::default()
        })
    }

    /// Looks at the file of a medium: does it open, and is it still the same?
    pub(in crate::host) fn refresh_medium(&mut self, id: ElementId) -> Outcome {
        let medium = self.medium(id)?;
        if medium.writer || !matches!(medium.state, "Created" | "Inaccessible") {
            return Ok(());
        }
        let result = self.examine(id);
        let medium = self.medium_mut(id)?;
        match result {
            Ok(()) => {
                medium.last_error.clear();
                // A reader's lock keeps the state as it is.
                medium.state = "Created";
                self.note_facts(id)?;
            }
            Err(why) => {
                medium.last_error = why;
                if medium.readers == 0 {
                    medium.state = "Inaccessible";
                }
            }
        }
        Ok(())
    }

    /// Why the file of a medium cannot be used.
    fn examine(&self, id: ElementId) -> Result<(), String> {
        let Ok(medium) = self.medium(id) else { return Ok(()) };
        let Some(format) = medium.image_format() else { return Ok(()) };
        let place = medium.location.display();
        let facts =
            images::facts(&medium.location, format).map_err(|error| format!("cannot open `{place}`: {error}"))?;
        if !facts.id.is_nil() && facts.id.to_string() != medium.id {
            return Err(format!("`{place}` has the id {}, and the registry says {}", facts.id, medium.id));
        }
        let known = medium.parent.and_then(|parent| Some(self.medium(parent).ok()?.id.clone()));
        let own = facts.parent.map(|parent| parent.to_string());
        // Formats without ids do not know their parents by them.
        if !facts.id.is_nil() && own != known {
            let [own, known] = [own, known].map(|id| id.unwrap_or_else(|| "none".into()));
            return Err(format!("`{place}` names the parent {own}, and the registry says {known}"));
        }
        Ok(())
    }

    /// `setIds`: writes another id, or the id of another parent, into the image.
    pub(super) fn set_medium_ids(&mut self, id: ElementId, arguments: Arguments<'_>) -> Outcome {
        let (set_id, new, set_parent, parent) =
            (arguments.flag(0), arguments.text(1), arguments.flag(2), arguments.text(3));
        self.lock_write(id)?;
        self.unlock_write(id);
        let given = |wanted: bool, written: &str, what: &str| match (wanted, written) {
            (false, _) => Ok(None),
            (true, "") => Ok(Some(Uuid::new_v4())),
            (true, written) => match super::super::machines::parse_id(written).and_then(|id| Uuid::parse_str(&id).ok())
            {
                Some(id) => Ok(Some(id)),
                None => Err(Fault::argument(format!("`{written}` is no id of {what}"))),
            },
        };
        let (new, new_parent) = (given(set_id, new, "an image")?, given(set_parent, parent, "a parent")?);
        if new.is_none() && new_parent.is_none() {
            return Ok(());
        }
        if let Some(other) = new.and_then(|new| self.medium_by_id(&new.to_string())).filter(|other| *other != id) {
            let message = format!("the medium `{}` has that id", self.medium(other)?.place());
            return Err(Fault::new(code::INVALID_OBJECT_STATE, message));
        }
        let medium = self.medium(id)?;
        let Some(format) = medium.image_format() else { return Ok(()) };
        let path = medium.location.clone();
        let failed = |error: ImageError| {
            Fault::new(code::INVALID_OBJECT_STATE, format!("cannot change the ids of `{}`: {error}", path.display()))
        };
        let mut image = images::open(&path, format, true).map_err(failed)?;
        let facts = image.facts().clone();
        // Only a differencing image has a parent to be renamed; formats without ids keep theirs in the registry alone.
        let wanted = if facts.parent.is_some() { new_parent.or(facts.parent) } else { None };
        if !facts.id.is_nil() {
            image.set_ids(new.unwrap_or(facts.id), wanted).and_then(|()| image.flush()).map_err(failed)?;
        }
        drop(image);
        if let Some(new) = new {
            self.medium_mut(id)?.id = new.to_string();
        }
        self.save_medium(id)?;
        self.refresh_medium(id)
    }
}

/// Where a new image is to be. A folder gets a name of a new id.
fn new_location(location: &str, known: &super::formats::Known) -> Outcome<PathBuf> {
    if location.is_empty() {
        return Err(Fault::new(code::E_FAIL, "a new medium needs a location: the path of its file"));
    }
    if known.id == "iSCSI" {
        return Ok(location.into());
    }
    let extension = known.extensions().next().unwrap_or_default();
    let path = match location.ends_with('/') {
        true => Path::new(location).join(format!("{{{}}}.{extension}", Uuid::new_v4())),
        false => PathBuf::from(location),
    };
    if !path.is_absolute() {
        let message = format!("`{}` must be an absolute path", path.display());
        return Err(Fault::new(code::FILE_ERROR, message).by("IMedium"));
    }
    Ok(path)
}
