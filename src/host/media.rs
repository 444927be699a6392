//! Media: known images, their files, states and trees; opening, making, deleting, closing.

use super::arguments::Arguments;
use super::document::{ElementId, ROOT};
use super::fault::code;
use super::media_formats::format;
use super::progress::{Job, Reporter};
use super::state::{Address, State, gone, nothing, one};
use super::value::{enumerated, name_of, text, texts};
use super::{Fault, Outcome, vdi};
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
    pub(super) state: &'static str,
    pub(super) description: String,
    pub(super) logical_size: u64,
    pub(super) fixed: bool,
    pub(super) parent: Option<ElementId>,
    pub(super) registry: Registry,
    pub(super) last_error: String,
    pub(super) auto_reset: bool,
    pub(super) properties: BTreeMap<String, String>,
}

/// A medium that cannot be opened counts as not found.
fn unopened(path: &Path, error: std::io::Error) -> Fault {
    Fault::not_found(format!("cannot open the medium `{}`: {error}", path.display()))
}

pub(super) fn type_name(written: &str) -> &'static str {
    let enumeration = crate::schema::embedded().enumeration("MediumType");
    enumeration.and_then(|known| known.name_of(known.number(written)?)).unwrap_or("Normal")
}

impl State {
    pub(super) fn medium(&self, id: ElementId) -> Outcome<&Medium> {
        self.media.get(&id).ok_or_else(gone)
    }

    fn medium_mut(&mut self, id: ElementId) -> Outcome<&mut Medium> {
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
            "state" => enumerated("MediumState", medium.state),
            // One element for each bit of the number that the real thing keeps.
            "variant" => {
                let bit = |at: u32| match at {
                    16 if medium.fixed => "Fixed",
                    17 if medium.parent.is_some() => "Diff",
                    _ => "Standard",
                };
                RawValue::List((0..32).map(|at| enumerated("MediumVariant", bit(at))).collect())
            }
            "location" => text(medium.location.to_string_lossy()),
            "name" => text(medium.location.file_name().unwrap_or_default().to_string_lossy()),
            "deviceType" => enumerated("DeviceType", medium.device),
            "size" => RawValue::Int(match medium.state {
                "NotCreated" => 0,
                _ => medium.location.metadata().map_or(0, |facts| i64::try_from(facts.len()).unwrap_or(i64::MAX)),
            }),
            "format" => text(&medium.format),
            "mediumFormat" => {
                let at =
                    super::media_formats::FORMATS.iter().position(|known| known.0 == medium.format).unwrap_or_default();
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
        let state = self.medium(id)?.state;
        match name {
            "description" => {
                if matches!(state, "LockedRead" | "LockedWrite") {
                    return Err(Fault::new(code::INVALID_OBJECT_STATE, format!("the medium is in the state {state}")));
                }
                self.medium_mut(id)?.description = arguments.text(0).to_owned();
            }
            "type" => {
                let kind = arguments.name(0);
                if kind != self.medium(id)?.kind {
                    self.change_type(id, kind)?;
                }
            }
            "autoReset" => {
                if self.medium(id)?.parent.is_none() {
                    return Err(Fault::new(code::NOT_SUPPORTED, "only a differencing disk can be reset"));
                }
                self.medium_mut(id)?.auto_reset = arguments.flag(0);
            }
            "location" if state == "NotCreated" => {
                let location = self.image_path(arguments.text(0), &self.medium(id)?.format.clone())?;
                self.medium_mut(id)?.location = location;
            }
            _ => return Ok(false),
        }
        self.save_medium(id)?;
        Ok(true)
    }

    fn change_type(&mut self, id: ElementId, kind: &'static str) -> Outcome {
        let refuse = |why: &str| {
            Err(Fault::new(code::INVALID_OBJECT_STATE, format!("cannot change the type of the medium: {why}")))
        };
        if self.users_of(id).len() > 1 {
            return refuse("it is attached to several machines; detach it first");
        }
        let medium = self.medium(id)?;
        if medium.parent.is_some() || medium.device != "HardDisk" {
            return refuse("only a base hard disk has another type");
        }
        if kind == "Shareable" && !medium.fixed {
            return refuse("only an image of a fixed size can be shared");
        }
        if kind == "Readonly" {
            return refuse("a hard disk cannot be `Readonly`");
        }
        if !self.children_of(id).is_empty() {
            return Err(Fault::new(code::OBJECT_IN_USE, "the medium has differencing disks"));
        }
        self.medium_mut(id)?.kind = kind;
        Ok(())
    }

    pub(super) fn call_medium(
        &mut self,
        id: ElementId,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<Option<Vec<RawValue>>> {
        match name {
            "refreshState" => {
                self.refresh_medium(id)?;
                one(enumerated("MediumState", self.medium(id)?.state))
            }
            "createBaseStorage" => {
                let variants: Vec<_> = arguments.list(1).iter().map(name_of).collect();
                one(self.create_storage(id, arguments.int(0), &variants)?)
            }
            "deleteStorage" => {
                let place = self.medium(id)?.location.display().to_string();
                self.delete_storage(id)?;
                one(self.finished(format!("Deleting medium storage unit `{place}`"), Ok(())))
            }
            "close" => {
                self.close_medium(id)?;
                nothing()
            }
            "getSnapshotIds" => {
                let machine = arguments.text(0);
                one(texts(self.snapshot_ids(id, machine)?))
            }
            "getProperty" => match arguments.text(0) {
                "" => Err(Fault::argument("a property needs a name")),
                name => one(text(self.medium(id)?.properties.get(name).cloned().unwrap_or_default())),
            },
            "setProperty" => {
                let (name, value) = (arguments.text(0), arguments.text(1));
                if name.is_empty() {
                    return Err(Fault::argument("a property needs a name"));
                }
                self.medium_mut(id)?.properties.insert(name.to_owned(), value.to_owned());
                self.save_medium(id)?;
                nothing()
            }
            "getProperties" => {
                let properties = &self.medium(id)?.properties;
                Ok(Some(vec![texts(properties.values().cloned()), texts(properties.keys().cloned())]))
            }
            _ => Ok(None),
        }
    }

    pub(super) fn create_medium(&mut self, arguments: Arguments<'_>) -> Outcome<RawValue> {
        let (wanted, location, device) = (arguments.text(0), arguments.text(1), arguments.name(3));
        let wanted = if wanted.is_empty() { "VDI" } else { wanted };
        let known = format(wanted).ok_or_else(|| Fault::argument(format!("`{wanted}` is no format of media")))?;
        if !matches!(device, "HardDisk" | "DVD" | "Floppy") {
            return Err(Fault::argument(format!("`{device}` is no kind of medium: HardDisk, DVD or Floppy")));
        }
        let location = if location.is_empty() { PathBuf::new() } else { self.image_path(location, known.0)? };
        let kind = match device {
            "HardDisk" => "Normal",
            "DVD" => "Readonly",
            _ => "Writethrough",
        };
        let medium =
            Medium { location, format: known.0.to_owned(), device, kind, state: "NotCreated", ..Medium::default() };
        Ok(Address::global(self.add_medium(medium)).value("IMedium"))
    }

    fn image_path(&self, location: &str, format_id: &str) -> Outcome<PathBuf> {
        let extension = format(format_id).and_then(|known| known.2.split(',').next()).unwrap_or_default();
        if location.ends_with('/') {
            return Ok(self.home.join(location).join(format!("{{{}}}.{extension}", super::machines::new_id())));
        }
        let path = self.home.join(location);
        let bare = path.extension().is_none() && !extension.is_empty();
        Ok(if bare { path.with_extension(extension) } else { path })
    }

    fn create_storage(&mut self, id: ElementId, size: i64, variants: &[&str]) -> Outcome<RawValue> {
        let medium = self.medium(id)?;
        if medium.state != "NotCreated" {
            let message = format!("`{}` has storage already: its state is {}", medium.location.display(), medium.state);
            return Err(Fault::new(code::INVALID_OBJECT_STATE, message));
        }
        let size = u64::try_from(size).ok().filter(|size| *size > 0 && *size <= vdi::LARGEST);
        let size = size
            .ok_or_else(|| Fault::argument("the size must be a positive number of bytes that the format can hold"))?;
        if let Some(strange) = variants.iter().find(|variant| !matches!(**variant, "Standard" | "Fixed")) {
            return Err(Fault::new(
                code::NOT_SUPPORTED,
                format!("the format {} has no variant `{strange}`", medium.format),
            ));
        }
        let fixed = variants.contains(&"Fixed");
        let (path, format, device) = (medium.location.clone(), medium.format.clone(), medium.device);
        if !matches!(format.as_str(), "VDI" | "RAW") {
            return Err(Fault::not_implemented(format!("IMedium.createBaseStorage for the format {format}")));
        }
        let new = Uuid::new_v4();
        let medium = self.medium_mut(id)?;
        (medium.state, medium.id) = ("Creating", new.to_string());
        let kind = if fixed { "fixed" } else { "dynamic" };
        let description = format!("Creating {kind} medium storage unit `{}`", path.display());
        let raw = format == "RAW";
        let work = move |report: &Reporter| {
            report.check()?;
            let folder = path.parent().unwrap_or(Path::new(""));
            let made = std::fs::create_dir_all(folder).and_then(|()| match raw {
                false => vdi::create(&path, &vdi::Header { id: new, parent: None, size, fixed }),
                true => std::fs::File::create_new(&path)?.set_len(size),
            });
            made.map_err(|error| Fault::file(&path, error))
        };
        let close = move |state: &mut Self, result: Outcome| {
            let medium = state.medium_mut(id)?;
            if let Err(fault) = result {
                (medium.state, medium.id) = ("NotCreated", String::new());
                return Err(fault);
            }
            (medium.state, medium.logical_size, medium.fixed) = ("Created", size, fixed || raw);
            medium.registry = Registry::Global;
            state.save_registry()?;
            state.fire_medium(&new.to_string(), device, true);
            Ok(())
        };
        Ok(self.start_job(Job::new(description, Address::VIRTUAL_BOX, "IMedium"), work, close))
    }

    fn fire_medium(&mut self, id: &str, device: &str, registered: bool) {
        let values = vec![
            ("mediumId", text(id)),
            ("mediumType", enumerated("DeviceType", device)),
            ("registered", RawValue::Bool(registered)),
        ];
        self.fire("OnMediumRegistered", values);
    }

    pub(super) fn open_medium(&mut self, arguments: Arguments<'_>) -> Outcome<RawValue> {
        let (location, device) = (arguments.text(0), arguments.name(1));
        self.registered();
        if let Some(id) = super::machines::parse_id(location) {
            let found = self.medium_by_id(&id).filter(|at| self.media[at].device == device);
            let missing = || Fault::not_found(format!("no known medium of the kind {device} has the id {id}"));
            return found.map(|at| Address::global(at).value("IMedium")).ok_or_else(missing);
        }
        let path = self.home.join(location);
        let known = self
            .media
            .iter()
            .find(|(_, medium)| medium.location == path && medium.device == device && medium.state != "NotCreated");
        if let Some((at, _)) = known {
            return Ok(Address::global(*at).value("IMedium"));
        }
        let mut medium = Medium {
            location: path.clone(),
            device,
            state: "Created",
            registry: Registry::Global,
            ..Medium::default()
        };
        (medium.kind, medium.format) = match device {
            "DVD" => ("Readonly", "RAW".to_owned()),
            "Floppy" => ("Writethrough", "RAW".to_owned()),
            "HardDisk" => ("Normal", "VDI".to_owned()),
            other => return Err(Fault::argument(format!("`{other}` is no kind of medium: HardDisk, DVD or Floppy"))),
        };
        if device == "HardDisk" {
            self.identify_disk(&mut medium, arguments.flag(3))?;
        } else {
            let facts = path.metadata().map_err(|error| unopened(path.as_path(), error))?;
            (medium.id, medium.logical_size, medium.fixed) = (super::machines::new_id(), facts.len(), true);
        }
        if let Some(other) = self.medium_by_id(&medium.id) {
            let other = self.media[&other].location.display().to_string();
            let message = format!(
                "`{}` has the id of the known medium `{other}`; `forceNewUuid` gives it another",
                path.display()
            );
            return Err(Fault::new(code::INVALID_OBJECT_STATE, message));
        }
        let (id, device) = (medium.id.clone(), medium.device);
        let at = self.add_medium(medium);
        self.save_registry()?;
        self.fire_medium(&id, device, true);
        Ok(Address::global(at).value("IMedium"))
    }

    /// Reads what a hard disk image says of itself.
    fn identify_disk(&self, medium: &mut Medium, new_id: bool) -> Outcome {
        let path = &medium.location;
        let header = vdi::read(path).map_err(|error| unopened(path, error))?;
        let Some(header) = header else {
            return Err(Fault::not_implemented("IVirtualBox.openMedium for hard disks of other formats than VDI"));
        };
        if new_id {
            return Err(Fault::not_implemented("IVirtualBox.openMedium with forceNewUuid"));
        }
        (medium.id, medium.logical_size, medium.fixed) = (header.id.to_string(), header.size, header.fixed);
        if let Some(parent) = header.parent {
            let parent = self.medium_by_id(&parent.to_string());
            let missing = || {
                Fault::not_found(format!("`{}` is a differencing disk, and its parent is not known", path.display()))
            };
            medium.parent = Some(parent.ok_or_else(missing)?);
        }
        Ok(())
    }

    pub(super) fn refresh_medium(&mut self, id: ElementId) -> Outcome {
        let medium = self.medium(id)?;
        if !matches!(medium.state, "Created" | "Inaccessible" | "LockedRead") {
            return Ok(());
        }
        let path = medium.location.clone();
        let checked = match medium.format.as_str() {
            "VDI" => vdi::read(&path).map(|header| header.map(|header| (header.size, header.fixed))),
            "RAW" => path.metadata().map(|facts| Some((facts.len(), true))),
            // Other formats are taken on trust: their headers are not read yet.
            _ => path.metadata().map(|_| Some((medium.logical_size, medium.fixed))),
        };
        let medium = self.medium_mut(id)?;
        match checked {
            Ok(Some((size, fixed))) => {
                (medium.logical_size, medium.fixed) = (size, fixed);
                (medium.state, medium.last_error) = ("Created", String::new());
            }
            Ok(None) => {
                (medium.state, medium.last_error) =
                    ("Inaccessible", format!("`{}` is no {} image", path.display(), medium.format))
            }
            Err(error) => {
                (medium.state, medium.last_error) =
                    ("Inaccessible", format!("cannot read `{}`: {error}", path.display()))
            }
        }
        Ok(())
    }

    fn check_unused(&mut self, id: ElementId) -> Outcome {
        let users = self.users_of(id);
        let place = self.medium(id)?.location.display().to_string();
        if let Some(user) = users.first() {
            return Err(Fault::new(
                code::OBJECT_IN_USE,
                format!("`{place}` is attached to the machine {user}; detach it first"),
            ));
        }
        if !self.children_of(id).is_empty() {
            return Err(Fault::new(code::OBJECT_IN_USE, format!("`{place}` has differencing disks")));
        }
        Ok(())
    }

    pub(super) fn delete_storage(&mut self, id: ElementId) -> Outcome {
        if self.medium(id)?.state.starts_with("Locked") {
            return Err(Fault::new(code::INVALID_OBJECT_STATE, "a medium that is in use cannot be deleted"));
        }
        self.refresh_medium(id)?;
        self.check_unused(id)?;
        let medium = self.medium(id)?;
        if medium.state != "Created" {
            let message = format!("`{}` cannot be deleted: its state is {}", medium.location.display(), medium.state);
            return Err(Fault::new(code::INVALID_OBJECT_STATE, message));
        }
        let path = medium.location.clone();
        std::fs::remove_file(&path).map_err(|error| Fault::file(&path, error))?;
        self.forget_medium(id)?;
        self.medium_mut(id)?.state = "NotCreated";
        Ok(())
    }

    /// Takes a medium out of the settings file that remembers it.
    fn forget_medium(&mut self, id: ElementId) -> Outcome {
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

    fn close_medium(&mut self, id: ElementId) -> Outcome {
        self.check_unused(id)?;
        let state = self.medium(id)?.state;
        if matches!(state, "LockedRead" | "LockedWrite" | "Creating" | "Deleting") {
            return Err(Fault::new(
                code::INVALID_OBJECT_STATE,
                format!("a medium in the state {state} cannot be closed"),
            ));
        }
        self.forget_medium(id)?;
        self.media.remove(&id);
        self.global.remove(id);
        Ok(())
    }
}
