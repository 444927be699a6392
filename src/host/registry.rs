//! `VirtualBox.xml`: which machines and media there are, global extra data, system properties. Also atomic writes.
//!
//! Changes are applied to the tree as it is on disk, so that what another process added stays.

use super::document::Document;
use super::fault::code;
use super::state::{Address, Machine, State};
use super::table;
use super::xml::XmlNode;
use super::{Fault, Outcome};
use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Version of the format that VirtualBox 7.2 writes.
const VERSION: &str = "1.12-linux";

/// Comment at the top of every settings file.
pub(super) const HEADING: &str = "** Written by vboxsh in the settings format of VirtualBox.\n** Close VirtualBox and vboxsh before you edit this file.";

/// Opens a home folder.
pub(super) fn open(home: &Path, machine_folder: &Path) -> Outcome<State> {
    let mut state = State {
        home: home.to_owned(),
        machine_folder: machine_folder.to_owned(),
        global: Document::new("IVirtualBox"),
        registry: XmlNode::new("VirtualBox"),
        registry_stamp: None,
        machines: BTreeMap::new(),
        copies: HashMap::new(),
        sessions: HashMap::new(),
        media: BTreeMap::new(),
        progresses: HashMap::new(),
        events: Default::default(),
        next_view: 1,
    };
    state.read_registry()?;
    Ok(state)
}

impl State {
    fn registry_file(&self) -> PathBuf {
        self.home.join("VirtualBox.xml")
    }

    /// Takes up what another process changed in `VirtualBox.xml`; a file that is damaged meanwhile changes nothing.
    pub(super) fn refresh(&mut self) {
        if stamp(&self.registry_file()) != self.registry_stamp {
            let _ = self.read_registry();
        }
    }

    fn read_registry(&mut self) -> Outcome {
        let file = self.registry_file();
        self.registry_stamp = stamp(&file);
        if self.registry_stamp.is_none() {
            return Ok(());
        }
        self.registry = read(&file)?;
        let registry = self.registry.clone();
        for name in ["ISystemProperties", "IPlatformProperties"] {
            let at = self.properties_object(name);
            for row in table::rows(self.element(at)?.interface) {
                let written = row.places.iter().find_map(|place| registry.value(place));
                if let Some(value) = written.and_then(|written| row.read(written)) {
                    self.element_mut(at)?.set(row.name, value);
                }
            }
        }
        let extra = registry.list("Global/ExtraData", "ExtraDataItem");
        let extra = extra.filter_map(|item| Some((item.attribute("name")?.to_owned(), item.attribute("value")?.to_owned())));
        self.element_mut(Address::VIRTUAL_BOX)?.properties = extra.collect();
        self.load_media(&registry, "Global/MediaRegistry", super::media::Registry::Global, &self.home.clone());
        self.read_machine_entries(&registry);
        Ok(())
    }

    fn read_machine_entries(&mut self, registry: &XmlNode) {
        let mut known = Vec::new();
        for entry in registry.list("Global/MachineRegistry", "MachineEntry") {
            let (Some(id), Some(file)) = (entry.attribute("uuid"), entry.attribute("src")) else { continue };
            let id = id.trim_matches(['{', '}']).to_ascii_lowercase();
            known.push(id.clone());
            if self.machines.values().any(|machine| machine.registered && machine.id == id) {
                continue;
            }
            let machine = Machine {
                id,
                registered: true,
                settings_file: self.home.join(file),
                state: "PoweredOff",
                ..Machine::default()
            };
            self.machines.insert(self.next_view, machine);
            self.next_view += 1;
        }
        // Another process unregistered them.
        self.machines.retain(|_, machine| !machine.registered || known.contains(&machine.id));
    }

    /// Writes `VirtualBox.xml`: the tree on disk with everything that this process knows put in.
    pub(super) fn save_registry(&mut self) -> Outcome {
        let file = self.registry_file();
        let folder = self.home.clone();
        std::fs::create_dir_all(&folder).map_err(|error| Fault::file(&folder, error))?;
        let mut tree = if file.exists() { read(&file)? } else { XmlNode::new("VirtualBox") };
        tree.set_attribute("xmlns", "http://www.virtualbox.org/");
        if tree.attribute("version").is_none() {
            tree.set_attribute("version", VERSION);
        }
        self.put_machine_entries(&mut tree);
        for name in ["ISystemProperties", "IPlatformProperties"] {
            let at = self.properties_object(name);
            let element = self.element(at)?;
            for row in table::rows(element.interface) {
                if let (Some(place), Some(value)) = (row.places.first(), element.value(row.name)) {
                    tree.set_value(place, row.write(value));
                }
            }
        }
        put_items(&mut tree, "Global/ExtraData", "ExtraDataItem", &self.element(Address::VIRTUAL_BOX)?.properties);
        self.put_media(&mut tree, "Global/MediaRegistry", &super::media::Registry::Global, &folder);
        write(&file, &tree)?;
        self.registry = tree;
        self.registry_stamp = stamp(&file);
        Ok(())
    }

    /// Machines of other processes that this one has not seen stay.
    fn put_machine_entries(&self, tree: &mut XmlNode) {
        let seen: Vec<String> = self.registry_ids();
        let entries = tree.make("Global/MachineRegistry");
        let id_of = |entry: &XmlNode| entry.attribute("uuid").unwrap_or_default().trim_matches(['{', '}']).to_ascii_lowercase();
        let mine: Vec<_> = self.machines.values().filter(|machine| machine.registered).collect();
        entries.children.retain(|entry| {
            let id = id_of(entry);
            entry.name != "MachineEntry" || !seen.contains(&id) || mine.iter().any(|machine| machine.id == id)
        });
        for machine in mine {
            let at = entries.children.iter().position(|entry| id_of(entry) == machine.id);
            let at = at.unwrap_or_else(|| {
                entries.children.push(XmlNode::new("MachineEntry").with("uuid", format!("{{{}}}", machine.id)));
                entries.children.len() - 1
            });
            let file = machine.settings_file.strip_prefix(&self.home).unwrap_or(&machine.settings_file);
            entries.children[at].set_attribute("src", file.to_string_lossy());
        }
    }

    /// Ids in `VirtualBox.xml` as this process last saw it.
    fn registry_ids(&self) -> Vec<String> {
        let entries = self.registry.list("Global/MachineRegistry", "MachineEntry");
        let ids = entries.filter_map(|entry| entry.attribute("uuid"));
        ids.map(|id| id.trim_matches(['{', '}']).to_ascii_lowercase()).collect()
    }

    pub(super) fn properties_object(&mut self, interface: &str) -> Address {
        match interface {
            "ISystemProperties" => self.global_part("ISystemProperties", "systemProperties", 0),
            _ => self.global_part("IPlatformProperties", "platformProperties", 0),
        }
    }

    /// Machines that are registered, as their numbers.
    pub(super) fn registered(&mut self) -> Vec<u32> {
        self.refresh();
        let views: Vec<_> = self.machines.iter().filter(|(_, machine)| machine.registered).map(|(view, _)| *view).collect();
        for view in &views {
            // A machine that cannot be read is inaccessible, and stays in the list.
            let _ = self.load(*view);
        }
        views
    }
}

/// Puts named values as `<Item name=".." value=".."/>` into the element at `path`, in place of those there.
pub(super) fn put_items(tree: &mut XmlNode, path: &str, item: &str, values: &BTreeMap<String, String>) {
    if values.is_empty() && tree.at(path).is_none() {
        return;
    }
    let node = tree.make(path);
    node.children.retain(|child| child.name != item);
    node.children.extend(values.iter().map(|(name, value)| XmlNode::new(item).with("name", name).with("value", value)));
}

fn stamp(file: &Path) -> Option<std::time::SystemTime> {
    file.metadata().and_then(|facts| facts.modified()).ok()
}

/// Reads a settings file.
pub(super) fn read(file: &Path) -> Outcome<XmlNode> {
    let text = std::fs::read_to_string(file).map_err(|error| Fault::file(file, error))?;
    let wrong = |why: String| Fault::new(code::XML_ERROR, format!("`{}` is no settings file: {why}", file.display()));
    let tree = XmlNode::parse(&text).map_err(wrong)?;
    if tree.name == "VirtualBox" { Ok(tree) } else { Err(wrong(format!("its root is `{}`", tree.name))) }
}

/// Writes a settings file so that a crash leaves the old one or the new one; the old one is kept as `NAME-prev`.
pub(super) fn write(file: &Path, tree: &XmlNode) -> Outcome {
    let fault = |error: std::io::Error| Fault::file(file, error);
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let temporary = file.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let written = std::fs::File::create(&temporary).and_then(|mut out| {
        out.write_all(tree.document(HEADING).as_bytes())?;
        out.sync_all()
    });
    if file.exists() {
        let previous = file.with_file_name(format!("{name}-prev"));
        // The copy is a service; without it the save is as good.
        let _ = std::fs::copy(file, previous);
    }
    let renamed = written.and_then(|()| std::fs::rename(&temporary, file));
    renamed.map_err(|error| {
        let _ = std::fs::remove_file(&temporary);
        fault(error)
    })
}

