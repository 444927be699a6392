//! Machines as wholes: made, opened, registered, found, saved, unregistered, deleted.

use super::arguments::Arguments;
use super::document::{Document, ROOT};
use super::fault::code;
use super::media::Registry;
use super::os_types::Recommended;
use super::registry;
use super::state::{Address, Machine, State, View, gone, now};
use super::value::{texts, write};
use super::xml::XmlNode;
use super::{Fault, Outcome};
use crate::model::RawValue;
use std::path::{Path, PathBuf};

/// A new id.
pub(super) fn new_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// An id in its usual form, without braces; `None` when it is none.
pub(super) fn parse_id(written: &str) -> Option<String> {
    uuid::Uuid::parse_str(written.trim_matches(['{', '}'])).ok().map(|id| id.to_string())
}

/// A group is `/`, or `/a/b`.
pub(super) fn check_group(group: &str) -> Outcome {
    let names =
        group.strip_prefix('/').map(|rest| rest.split('/').all(|name| !name.is_empty() && name != "." && name != ".."));
    if group == "/" || names == Some(true) {
        return Ok(());
    }
    Err(Fault::argument(format!("`{group}` is no machine group: it starts with `/`, as in `/servers/web`")))
}

impl State {
    /// Name of a machine, as far as it is known.
    pub(super) fn machine_name(&self, view: View) -> String {
        let keeper = self.keeper_of(Address::machine(view), "name");
        let name = self.element(keeper).map(|root| root.text("name").to_owned());
        name.unwrap_or_else(|_| self.machine(view).map(|machine| file_stem(&machine.settings_file)).unwrap_or_default())
    }

    pub(super) fn groups_of(&self, view: View) -> Vec<String> {
        let Ok(root) = self.element(Address::machine(view)) else { return Vec::new() };
        match root.value("groups") {
            Some(RawValue::List(groups)) if !groups.is_empty() => groups.iter().filter_map(write).collect(),
            _ => vec!["/".to_owned()],
        }
    }

    /// The registered machine of that name or id.
    pub(super) fn find_machine(&mut self, wanted: &str) -> Option<View> {
        self.refresh();
        if let Some(id) = parse_id(wanted) {
            return self
                .machines
                .iter()
                .find(|(_, machine)| machine.registered && machine.id == id)
                .map(|(view, _)| *view);
        }
        let known = self.by_name.get(wanted).copied();
        if known.and_then(|view| name_of(self.machines.get(&view)?)).is_some_and(|name| name == wanted) {
            return known;
        }
        let unread = self.machines.iter().filter(|(_, machine)| machine.registered && machine.document.is_none());
        for view in unread.map(|(view, _)| *view).collect::<Vec<_>>() {
            // One that cannot be read has no name.
            let _ = self.load(view);
        }
        // The oldest machine of a name wins.
        let found =
            self.machines.iter().find(|(_, machine)| name_of(machine) == Some(wanted)).map(|(view, _)| *view)?;
        // Names change seldom: all are noted, and looked at anew when they mislead.
        let all = self.machines.iter().rev().filter_map(|(view, machine)| Some((name_of(machine)?.to_owned(), *view)));
        self.by_name = all.collect();
        Some(found)
    }

    pub(super) fn compose_file_name(&mut self, name: &str, group: &str, flags: &str, base: &str) -> Outcome<PathBuf> {
        if name.is_empty() {
            return Err(Fault::argument("a machine needs a name"));
        }
        let mut folder = match base {
            "" => self.default_machine_folder(),
            base => self.home.join(base),
        };
        if !group.is_empty() {
            check_group(group)?;
            folder.push(group.trim_start_matches('/'));
        }
        if let Some(id) = flag(flags, "UUID").filter(|id| parse_id(id).is_none()) {
            return Err(Fault::argument(format!("`{id}` in the flags is no id")));
        }
        let mut below = safe_name(name);
        if flag(flags, "directoryIncludesUUID").is_some_and(|value| value == "1")
            && let Some(id) = flag(flags, "UUID").and_then(parse_id)
        {
            below = safe_name(&format!("{name} ({id})"));
        }
        Ok(folder.join(below).join(format!("{}.vbox", safe_name(name))))
    }

    pub(super) fn default_machine_folder(&mut self) -> PathBuf {
        let at = self.properties_object("ISystemProperties");
        match self.element(at).map(|properties| properties.text("defaultMachineFolder").to_owned()) {
            Ok(folder) if !folder.is_empty() => PathBuf::from(folder),
            _ => self.machine_folder.clone(),
        }
    }

    pub(super) fn create_machine(&mut self, arguments: Arguments<'_>) -> Outcome<RawValue> {
        let [file, name] = [0, 1].map(|at| arguments.text(at));
        let (architecture, mut groups) = (arguments.name(2), arguments.texts(3));
        let (os_type, flags, cipher) = (arguments.text(4), arguments.text(5), arguments.text(6));
        if name.is_empty() {
            return Err(Fault::argument("a machine needs a name"));
        }
        if architecture == "None" {
            return Err(Fault::argument("a machine needs a platform: x86 or ARM"));
        }
        if !cipher.is_empty() {
            return Err(Fault::not_implemented("IVirtualBox.createMachine with a cipher"));
        }
        for group in &mut groups {
            if group.is_empty() {
                group.push('/');
            }
            check_group(group)?;
        }
        if groups.is_empty() {
            groups.push("/".to_owned());
        }
        // An unknown type is kept as it is: another release may know it.
        let recommended = Recommended::of(os_type);
        let id = match flag(flags, "UUID").filter(|written| !written.is_empty()) {
            Some(written) => parse_id(written).ok_or_else(|| Fault::argument(format!("`{written}` is no UUID")))?,
            None => new_id(),
        };
        // The id of zeros counts as none.
        let id =
            if id.starts_with("00000000-0000-0000-0000-0") && id.ends_with("000000000000") { new_id() } else { id };
        let all_flags = if flags.contains("UUID=") { flags.to_owned() } else { format!("{flags},UUID={id}") };
        let file = match file {
            "" => self.compose_file_name(name, &groups[0], &all_flags, "")?,
            file => self.home.join(file),
        };
        if file.exists() {
            if flag(flags, "forceOverwrite").is_none_or(|value| value != "1") {
                let message = format!(
                    "machine settings file `{}` already exists; another name, or the flag `forceOverwrite=1`, helps",
                    file.display()
                );
                return Err(Fault::new(code::FILE_ERROR, message).by("IMachine"));
            }
            // It goes at once, as in VirtualBox: what is created is not there before it is saved.
            std::fs::remove_file(&file).map_err(|error| Fault::file(&file, error).by("IMachine"))?;
        }
        let mut document = super::defaults::new_machine(&recommended, architecture);
        if let Some(root) = document.get_mut(ROOT) {
            root.set("name", super::value::text(name));
            root.set("groups", texts(groups));
            match recommended.id() {
                RawValue::Text(id) if !id.is_empty() => root.set("OSTypeId", RawValue::Text(id)),
                _ if os_type.is_empty() => {}
                _ => root.set("OSTypeId", super::value::text(os_type)),
            }
        }
        let machine = Machine {
            id,
            settings_file: file,
            document: Some(document),
            modified: true,
            state: "PoweredOff",
            last_state_change: now(),
            ..Machine::default()
        };
        Ok(self.add_machine(machine))
    }

    fn add_machine(&mut self, machine: Machine) -> RawValue {
        let view = self.next_view;
        self.next_view += 1;
        self.machines.insert(view, machine);
        Address::machine(view).value("IMachine")
    }

    pub(super) fn open_machine(&mut self, arguments: Arguments<'_>) -> Outcome<RawValue> {
        // A file that is missing or damaged is a plain failure of the machine, as in VirtualBox.
        let failed = |fault: Fault| Fault { code: code::E_FAIL, ..fault }.by("IMachine");
        let file = super::root::absolute(arguments.text(0)).map_err(failed)?.to_owned();
        let tree = registry::read(&file).map_err(failed)?;
        let id = tree.value("Machine@uuid").and_then(parse_id);
        let id = id.ok_or_else(|| {
            Fault::new(code::E_FAIL, format!("`{}` has no machine with an id", file.display())).by("IMachine")
        })?;
        self.refresh();
        if self.machines.values().any(|machine| machine.registered && machine.id == id) {
            let message = format!("`{}` has the id of a registered machine", file.display());
            return Err(Fault::new(code::E_FAIL, message).by("IMachine"));
        }
        let stamp = registry::stamp(&file);
        let machine = Machine { id, settings_file: file, state: "PoweredOff", ..Machine::default() };
        let value = self.add_machine(machine);
        let view = self.next_view - 1;
        self.take_in(view, Ok(tree), stamp)?;
        match self.machine(view)?.access_error.clone() {
            Some(fault) => {
                self.machines.remove(&view);
                Err(fault)
            }
            None => Ok(value),
        }
    }

    /// Reads the settings of a machine when that was not done yet.
    pub(super) fn load(&mut self, view: View) -> Outcome {
        let Some(machine) = self.machines.get(&view) else { return Ok(()) };
        if machine.document.is_some() {
            return Ok(());
        }
        let stamp = registry::stamp(&machine.settings_file);
        let read = registry::read(&machine.settings_file).map_err(|fault| Fault { code: code::E_FAIL, ..fault });
        self.take_in(view, read, stamp)
    }

    /// Takes up what was read of a machine's file, or that it could not be read.
    fn take_in(&mut self, view: View, read: Outcome<XmlNode>, stamp: registry::Stamp) -> Outcome {
        let machine = self.machine(view)?;
        let file = machine.settings_file.clone();
        let id = machine.id.clone();
        let read = read.and_then(|tree| {
            let found = tree.value("Machine@uuid").and_then(parse_id);
            if found.as_deref() == Some(&id) {
                return Ok(tree);
            }
            Err(Fault::new(code::E_FAIL, format!("`{}` is the file of another machine", file.display())).by("IMachine"))
        });
        let read = read.and_then(|tree| {
            let folder = file.parent().unwrap_or(Path::new("")).to_owned();
            self.load_media(&tree, "Machine/MediaRegistry", Registry::Machine(id), &folder);
            self.check_media(&tree)?;
            Ok(tree)
        });
        match read {
            Ok(tree) => {
                if !self.knows_images(&tree) {
                    self.load_media_of_others(view);
                }
                let document = self.read_settings(&tree);
                self.read_snapshots(view, tree.child("Machine").unwrap_or(&XmlNode::default()));
                self.finish_merge(view);
                let saved = tree.value("Machine@stateFile").is_some();
                let aborted = tree.value("Machine@aborted").is_some_and(|value| value == "true" || value == "1");
                let changed = tree.value("Machine@lastStateChange").map(super::times::read);
                let machine = self.machine_mut(view)?;
                machine.state = match (saved, aborted) {
                    (true, true) => "AbortedSaved",
                    (true, false) => "Saved",
                    (false, true) => "Aborted",
                    (false, false) => "PoweredOff",
                };
                machine.last_state_change = changed.unwrap_or_default();
                machine.document = Some(document);
                machine.tree = Some(tree);
                machine.stamp = stamp;
                machine.access_error = None;
            }
            Err(fault) => {
                let machine = self.machine_mut(view)?;
                let mut document = Document::new("IMachine");
                if let Some(root) = document.get_mut(ROOT) {
                    root.set("name", super::value::text(file_stem(&machine.settings_file)));
                    root.set("accessible", RawValue::Bool(false));
                }
                machine.document = Some(document);
                machine.access_error = Some(fault);
                machine.stamp = stamp;
            }
        }
        Ok(())
    }

    /// A machine with two controllers of a name, or with an image that nobody knows, is not accessible.
    fn check_media(&mut self, tree: &XmlNode) -> Outcome {
        let mut names = std::collections::HashSet::new();
        let controllers = tree.list("Machine/Hardware/StorageControllers", "StorageController");
        for name in controllers.filter_map(|controller| controller.attribute("name")) {
            if !names.insert(name) {
                let message = format!("two storage controllers are named `{name}`");
                return Err(Fault::new(code::OBJECT_IN_USE, message).by("IMachine"));
            }
        }
        let controllers = tree.list("Machine/Hardware/StorageControllers", "StorageController");
        let devices = controllers.flat_map(|controller| controller.list("", "AttachedDevice"));
        let ids: Vec<_> = devices.filter_map(|device| parse_id(device.value("Image@uuid")?)).collect();
        for id in ids {
            if self.medium_by_id(&id).is_none() {
                // Another process may have registered it since we looked.
                self.refresh();
            }
            if self.medium_by_id(&id).is_none() {
                let message = format!("no known medium has the id {id}, which the machine uses");
                return Err(Fault::not_found(message).by("IVirtualBox"));
            }
        }
        Ok(())
    }

    /// Whether every medium that is attached in a settings file is known.
    fn knows_images(&self, node: &XmlNode) -> bool {
        let own = node.name != "Image"
            || node.attribute("uuid").and_then(parse_id).is_none_or(|id| self.medium_by_id(&id).is_some());
        let mut children = node.children.iter().filter(|child| child.name != "MediaRegistry");
        own && children.all(|child| self.knows_images(child))
    }

    /// Takes up the media of machines that were not read yet: a linked clone's disks are in the file of another one.
    fn load_media_of_others(&mut self, view: View) {
        let unread = self.machines.iter().filter(|(other, machine)| **other != view && machine.document.is_none());
        let files: Vec<_> = unread.map(|(_, machine)| (machine.id.clone(), machine.settings_file.clone())).collect();
        for (id, file) in files {
            // One that cannot be read tells so itself.
            let Ok(tree) = registry::read(&file) else { continue };
            let folder = file.parent().unwrap_or(Path::new("")).to_owned();
            self.load_media(&tree, "Machine/MediaRegistry", Registry::Machine(id), &folder);
        }
    }

    pub(super) fn register_machine(&mut self, arguments: Arguments<'_>) -> Outcome {
        let at = arguments.object(0).ok_or_else(|| Fault::argument("no machine was given"))?;
        self.refresh();
        self.check_accessible(at.view, "registerMachine").map_err(|fault| fault.by("IMachine"))?;
        let machine = self.machine(at.view)?;
        let (id, registered) = (machine.id.clone(), machine.registered);
        if registered {
            let name = self.machine_name(at.view);
            return Err(Fault::argument(format!("the machine `{name}` is already registered")));
        }
        if self.machines.values().any(|other| other.registered && other.id == id) {
            return Err(Fault::argument(format!("a registered machine has the id {id} already")));
        }
        if machine_is_modified(self.machine(at.view)?) {
            self.save_machine(at.view)?;
        }
        self.machine_mut(at.view)?.registered = true;
        if let Err(fault) = self.save_registry() {
            self.machine_mut(at.view)?.registered = false;
            return Err(fault);
        }
        self.fire_machine("OnMachineRegistered", &id, vec![("registered", RawValue::Bool(true))]);
        Ok(())
    }

    /// Saves the settings that `view` shows: a mutable copy, or an unregistered machine.
    pub(super) fn save_machine(&mut self, view: View) -> Outcome {
        self.save_quietly(view)?;
        let machine = self.machine(view)?;
        let (id, registered) = (machine.id.clone(), machine.registered);
        if registered {
            self.fire_machine("OnMachineDataChanged", &id, vec![("temporary", RawValue::Bool(false))]);
        }
        Ok(())
    }

    /// The same without the event.
    pub(super) fn save_quietly(&mut self, view: View) -> Outcome {
        self.exclusively(|state| state.save_machine_now(view))
    }

    fn save_machine_now(&mut self, view: View) -> Outcome {
        self.catch_up(view)?;
        let original = self.machine_of(view);
        self.rename_files(view)?;
        self.adopt_media(view)?;
        self.save_foreign_media(view)?;
        let machine = self.machine(view)?;
        let (file, registered) = (machine.settings_file.clone(), machine.registered);
        let mut tree = machine.tree.clone().unwrap_or_else(|| XmlNode::new("VirtualBox"));
        self.write_settings(view, &mut tree)?;
        let moved_groups = registered && view != original && self.groups_of(view) != self.groups_of(original);
        if self.machine(view)?.stamp.is_none() {
            // The first time it is saved.
            if file.exists() {
                let message = format!("cannot make the settings file `{}`: it is there already", file.display());
                return Err(Fault::new(code::E_FAIL, message).by("IMachine"));
            }
            let folder = file.parent().unwrap_or(Path::new(""));
            std::fs::create_dir_all(folder).map_err(|error| Fault::file(folder, error))?;
        }
        registry::write(&file, &tree).map_err(|fault| Fault { code: code::E_FAIL, ..fault }.by("IMachine"))?;
        self.save_variables(view)?;
        if let Some(copy) = self.copies.get_mut(&view) {
            copy.modified = false;
            super::attachments::settle(&mut copy.document);
            let document = copy.document.clone();
            self.machine_mut(original)?.document = Some(document);
        }
        let machine = self.machine_mut(original)?;
        machine.tree = Some(tree);
        machine.stamp = registry::stamp(&file);
        (machine.modified, machine.left_modified) = (false, false);
        if registered {
            self.save_registry_for(original)?;
            if moved_groups {
                let id = self.machine(original)?.id.clone();
                self.fire_machine("OnMachineGroupsChanged", &id, Vec::new());
            }
        }
        Ok(())
    }

    /// Extra data may change outside of any session: only that part of the file is written.
    pub(super) fn write_extra_data(&mut self, original: View) -> Outcome {
        let values = self.element(Address::machine(original))?.properties.clone();
        let machine = self.machine_mut(original)?;
        let Some(tree) = machine.tree.as_mut() else { return Err(gone()) };
        registry::put_items(tree, "Machine/ExtraData", "ExtraDataItem", &values);
        registry::write(&machine.settings_file, tree)?;
        machine.stamp = registry::stamp(&machine.settings_file);
        Ok(())
    }
}

/// The name of a registered machine that is accessible.
fn name_of(machine: &Machine) -> Option<&str> {
    let root = machine.document.as_ref().and_then(|document| document.get(ROOT))?;
    (machine.registered && machine.access_error.is_none()).then(|| root.text("name"))
}

fn machine_is_modified(machine: &Machine) -> bool {
    machine.modified || machine.tree.is_none()
}

/// A name as it stands in file names: letters that file systems or shells take for something else become `_`.
pub(super) fn safe_name(name: &str) -> String {
    let plain = |letter: char| {
        letter.is_ascii_alphanumeric() || " ()-._".contains(letter) || ('\u{a0}'..='\u{d7af}').contains(&letter)
    };
    let mut letters: Vec<char> = name.chars().map(|letter| if plain(letter) { letter } else { '_' }).collect();
    if let Some(first) = letters.first_mut().filter(|letter| matches!(letter, '.' | '-')) {
        *first = '_';
    }
    if let Some(last) = letters.last_mut().filter(|letter| **letter == '.') {
        *last = '_';
    }
    letters.iter_mut().take_while(|letter| **letter == ' ').for_each(|letter| *letter = '_');
    letters.iter_mut().rev().take_while(|letter| **letter == ' ').for_each(|letter| *letter = '_');
    letters.into_iter().collect()
}

/// The value of `name=value` in comma-separated flags.
pub(super) fn flag<'a>(flags: &'a str, name: &str) -> Option<&'a str> {
    flags.split(',').find_map(|flag| flag.split_once('=').filter(|(known, _)| *known == name).map(|(_, value)| value))
}

pub(super) fn file_stem(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
