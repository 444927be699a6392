//! `VirtualBox.xml`: which machines and media there are, global extra data, system properties. Also atomic writes.
//!
//! Changes are applied to the tree as it is on disk, so that what another process added stays.

use super::document::Document;
use super::fault::code;
use super::files::atomic;
use super::files::home::HomeLock;
use super::files::journal::Journal;
use super::media::Registry;
use super::state::{Address, Machine, State, View};
use super::table;
use super::xml::XmlNode;
use super::{Fault, Outcome};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

/// Version of the format that VirtualBox 7.2 writes into a new home, and the oldest that it leaves as it is.
const VERSION: super::versions::Version = (1, 12);
const OLDEST_WRITTEN: super::versions::Version = (1, 7);

/// Where the folders stand that all machines share.
pub(super) const SHARED_FOLDERS: &str = "Global/SharedFolders";

/// Comment at the top of every settings file.
pub(super) const HEADING: &str = "** Written by vboxsh in the settings format of VirtualBox.\n** Close VirtualBox and vboxsh before you edit this file.";

/// Objects whose settings stand in `VirtualBox.xml` one by one.
const PROPERTIES: [&str; 3] = ["ISystemProperties", "IPlatformProperties", "IHostUpdateAgent"];

/// Opens a home folder.
pub(super) fn open(home: &Path, machine_folder: &Path, computer: &Path) -> Outcome<State> {
    let mut state = State {
        home: home.to_owned(),
        machine_folder: machine_folder.to_owned(),
        computer: computer.to_owned(),
        global: Document::new("IVirtualBox"),
        registry: XmlNode::new("VirtualBox"),
        registry_stamp: None,
        machines: BTreeMap::new(),
        copies: HashMap::new(),
        windows: HashMap::new(),
        by_name: HashMap::new(),
        snapshots: Default::default(),
        sessions: HashMap::new(),
        media: BTreeMap::new(),
        open_disks: HashMap::new(),
        streams: HashMap::new(),
        progresses: HashMap::new(),
        open: super::guest_control::Open::default(),
        events: Default::default(),
        performance: Default::default(),
        appliances: HashMap::new(),
        home_lock: HomeLock::default(),
        journal: Journal::new(home),
        engine: std::sync::Arc::new(super::running::Simulated),
        consoles: HashMap::new(),
        passwords: Default::default(),
        next_view: 1,
        door: std::sync::Weak::new(),
    };
    state.check_home_free()?;
    state.read_registry()?;
    if state.registry_stamp.is_none() {
        super::networks::new_home(&mut state);
    }
    Ok(state)
}

impl State {
    fn registry_file(&self) -> PathBuf {
        self.home.join("VirtualBox.xml")
    }

    /// Takes up what another process changed in `VirtualBox.xml`; a file that is damaged meanwhile changes nothing.
    pub(super) fn refresh(&mut self) {
        let _ = self.read_registry();
    }

    fn read_registry(&mut self) -> Outcome {
        let file = self.registry_file();
        let stamp = stamp(&file);
        if stamp.is_none() || stamp == self.registry_stamp {
            return Ok(());
        }
        let disk = read(&file)?;
        let seen = std::mem::replace(&mut self.registry, disk.clone());
        self.registry_stamp = stamp;
        for name in PROPERTIES {
            self.merge_properties(name, &seen, &disk)?;
        }
        let own = &mut self.element_mut(Address::VIRTUAL_BOX)?.properties;
        merge_items(own, &seen, &disk, "Global/ExtraData");
        if seen.at(SHARED_FOLDERS) != disk.at(SHARED_FOLDERS) {
            super::settings::read_shared_folders(&mut self.global, &disk);
        }
        super::networks::read(self, &seen, &disk);
        super::computer::read_filters(&mut self.global, &seen, &disk);
        super::computer::read_sources(&mut self.global, &seen, &disk);
        self.merge_media(&seen, &disk);
        self.merge_machines(&seen, &disk);
        Ok(())
    }

    /// What changed on disk and not here is taken from there.
    fn merge_properties(&mut self, interface: &str, seen: &XmlNode, disk: &XmlNode) -> Outcome {
        let at = self.properties_object(interface);
        let element = self.element_mut(at)?;
        for row in table::rows(element.interface) {
            let value_in = |tree: &XmlNode| row.place_in(tree).and_then(|place| tree.value(place)).map(str::to_owned);
            let (old, new) = (value_in(seen), value_in(disk));
            let own = element.value(row.name).and_then(|value| row.write(value));
            if old != new && (own == old || old.is_none()) {
                let value = new.and_then(|written| row.read(&written)).unwrap_or_else(|| row.absent.clone());
                element.set(row.name, value);
            }
        }
        Ok(())
    }

    fn merge_machines(&mut self, seen: &XmlNode, disk: &XmlNode) {
        let ids = |entries: &[(String, String)]| entries.iter().map(|(id, _)| id.clone()).collect::<HashSet<_>>();
        let (old, new) = (ids(&machine_entries(seen)), machine_entries(disk));
        let there = ids(&new);
        // Another process unregistered them.
        let gone = self
            .machines
            .iter()
            .filter(|(_, machine)| machine.registered && old.contains(&machine.id) && !there.contains(&machine.id));
        let gone: Vec<_> = gone.map(|(view, _)| *view).collect();
        gone.into_iter().for_each(|view| self.drop_snapshots(view));
        self.machines.retain(|_, machine| {
            let gone = old.contains(&machine.id) && !there.contains(&machine.id);
            !gone || !machine.registered
        });
        let registered = self.machines.iter().filter(|(_, machine)| machine.registered);
        let mut known: HashMap<_, _> = registered.map(|(view, machine)| (machine.id.clone(), *view)).collect();
        for (id, file) in new {
            let settings_file = self.home.join(file);
            if let Some(view) = known.get(&id) {
                // Another process renamed or moved it.
                if let Some(machine) = self.machines.get_mut(view).filter(|machine| machine.lock.is_none())
                    && machine.settings_file != settings_file
                {
                    machine.settings_file = settings_file;
                    self.refresh_machine(*view);
                }
                continue;
            }
            if old.contains(&id) {
                continue;
            }
            known.insert(id.clone(), self.next_view);
            let machine = Machine { id, registered: true, settings_file, state: "PoweredOff", ..Machine::default() };
            self.machines.insert(self.next_view, machine);
            self.next_view += 1;
        }
    }

    /// Machines whose files another process has written are read anew when they are next asked for.
    pub(super) fn refresh_machine(&mut self, view: u32) {
        let Some(machine) = self.machines.get_mut(&view) else { return };
        if !machine.registered || machine.lock.is_some() {
            return;
        }
        let found = stamp(&machine.settings_file);
        if machine.document.is_none() || found == machine.stamp {
            return;
        }
        let (old, accessible) = (machine.document.take(), machine.access_error.is_none());
        // It fails for unknown machines only.
        let _ = self.load(view);
        let Some(machine) = self.machines.get_mut(&view) else { return };
        if accessible && machine.access_error.is_some() {
            // As in VirtualBox, a machine that was accessible once stays it: what is known of it is kept.
            (machine.document, machine.access_error, machine.stamp) = (old, None, found);
        } else if let (Some(new), Some(old)) = (machine.document.as_mut(), old) {
            new.number_like(&old);
        }
    }

    /// Writes `VirtualBox.xml` if what it says of a machine, or of the media that belong to no machine, has changed.
    pub(super) fn save_registry_for(&mut self, view: View) -> Outcome {
        self.refresh();
        if self.shows_machine(self.machine(view)?)
            && self.shows_media(&self.registry, "Global/MediaRegistry", &Registry::Global, &self.home)
        {
            return Ok(());
        }
        self.save_registry()
    }

    fn shows_machine(&self, machine: &Machine) -> bool {
        let mut entries = self.registry.list("Global/MachineRegistry", "MachineEntry");
        let entry = entries.find(|entry| entry_id(entry) == machine.id);
        entry.is_some_and(|entry| entry.attribute("src") == Some(&self.entry_file(machine)))
    }

    /// Writes `VirtualBox.xml`: the tree on disk with everything that this process knows put in.
    pub(super) fn save_registry(&mut self) -> Outcome {
        self.exclusively(Self::save_registry_now)
    }

    fn save_registry_now(&mut self) -> Outcome {
        let file = self.registry_file();
        let folder = self.home.clone();
        std::fs::create_dir_all(&folder).map_err(|error| Fault::file(&folder, error))?;
        self.read_registry()?;
        let mut tree = self.registry.clone();
        tree.set_attribute("xmlns", "http://www.virtualbox.org/");
        let version = match tree.attribute("version") {
            Some(written) => super::versions::parse(written).unwrap_or(VERSION).max(OLDEST_WRITTEN),
            None => VERSION,
        };
        tree.set_attribute("version", super::versions::written(version));
        self.put_machine_entries(&mut tree);
        for name in PROPERTIES {
            let at = self.properties_object(name);
            let element = self.element(at)?;
            for row in table::rows(element.interface) {
                if let (Some(place), Some(value)) = (row.place_in(&tree), element.value(row.name)) {
                    tree.set_value(place, row.write(value));
                }
            }
        }
        // Updates are looked for when any agent is enabled; there is one.
        let enabled = tree.value("Global/Updates/Host@enabled").map(str::to_owned);
        tree.set_value("Global/Updates@enabled", enabled);
        put_items(&mut tree, "Global/ExtraData", "ExtraDataItem", &self.element(Address::VIRTUAL_BOX)?.properties);
        super::networks::write(self, &mut tree);
        super::computer::write_filters(&self.global, &mut tree);
        super::computer::write_sources(&self.global, &mut tree);
        super::settings::write_shared_folders(&self.global, &mut tree);
        self.put_media(&mut tree, "Global/MediaRegistry", &Registry::Global, &folder);
        super::versions::order(&mut tree);
        if stamp(&file) != self.registry_stamp || tree != self.registry {
            write_as_it_is(&file, &tree)?;
            self.registry = tree;
            self.registry_stamp = stamp(&file);
        }
        self.fire_nat_settings();
        Ok(())
    }

    fn put_machine_entries(&self, tree: &mut XmlNode) {
        let entries = tree.make("Global/MachineRegistry");
        let mine = self.machines.values().filter(|machine| machine.registered);
        let mut mine: BTreeMap<_, _> = mine.map(|machine| (machine.id.as_str(), machine)).collect();
        entries.children.retain_mut(|entry| {
            if entry.name != "MachineEntry" {
                return true;
            }
            let Some(machine) = mine.remove(&*entry_id(entry)) else { return false };
            let file = self.entry_file(machine);
            if entry.attribute("src") != Some(&file) {
                entry.set_attribute("src", file);
            }
            true
        });
        // In the order in which they came.
        for machine in self.machines.values().filter(|machine| mine.contains_key(machine.id.as_str())) {
            let entry = XmlNode::new("MachineEntry").with("uuid", format!("{{{}}}", machine.id));
            entries.children.push(entry.with("src", self.entry_file(machine)));
        }
    }

    /// How the registry names a machine's file: from the home on, when it is below that.
    fn entry_file<'a>(&self, machine: &'a Machine) -> Cow<'a, str> {
        let file = machine.settings_file.to_string_lossy();
        let below = self
            .home
            .to_str()
            .and_then(|home| file.strip_prefix(home)?.strip_prefix(std::path::is_separator).map(str::len));
        match below {
            Some(length) => Cow::Owned(file[file.len() - length..].to_owned()),
            None => file,
        }
    }

    pub(super) fn properties_object(&mut self, interface: &str) -> Address {
        match interface {
            "ISystemProperties" => self.global_part("ISystemProperties", "systemProperties", 0),
            "IHostUpdateAgent" => self.global_part("IHostUpdateAgent", "updateHost", 0),
            _ => self.global_part("IPlatformProperties", "platformProperties", 0),
        }
    }

    /// Machines that are registered, as their numbers.
    pub(super) fn registered(&mut self) -> Vec<u32> {
        self.refresh();
        let views: Vec<_> =
            self.machines.iter().filter(|(_, machine)| machine.registered).map(|(view, _)| *view).collect();
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

fn entry_id(entry: &XmlNode) -> Cow<'_, str> {
    let id = entry.attribute("uuid").unwrap_or_default().trim_matches(['{', '}']);
    match id.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(id.to_ascii_lowercase()),
        false => Cow::Borrowed(id),
    }
}

/// Id and file of each machine in a tree, in its order.
fn machine_entries(tree: &XmlNode) -> Vec<(String, String)> {
    let entries = tree.list("Global/MachineRegistry", "MachineEntry");
    entries.filter_map(|entry| Some((entry_id(entry).into_owned(), entry.attribute("src")?.to_owned()))).collect()
}

/// Takes extra data that changed between two versions of a file, unless it changed here, too.
pub(super) fn merge_items(own: &mut BTreeMap<String, String>, seen: &XmlNode, disk: &XmlNode, path: &str) {
    let [old, new] = [seen, disk].map(|tree| super::settings::named_values(tree, path, "ExtraDataItem"));
    for key in old.keys().chain(new.keys()) {
        if old.get(key) != new.get(key) && own.get(key) == old.get(key) {
            match new.get(key) {
                Some(value) => drop(own.insert(key.clone(), value.clone())),
                None => drop(own.remove(key)),
            }
        }
    }
}

/// What tells one version of a file from another: time, size, and the number of the file, which a rename changes.
pub(super) type Stamp = Option<(std::time::SystemTime, u64, u64)>;

pub(super) fn stamp(file: &Path) -> Stamp {
    let facts = file.metadata().ok()?;
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(&facts);
    #[cfg(not(unix))]
    let number = 0;
    Some((facts.modified().ok()?, facts.len(), number))
}

/// Reads a settings file of any version, in the newest layout.
///
/// # Errors
/// It is missing, or not what it should be; VirtualBox calls that `E_FAIL`.
pub(super) fn read(file: &Path) -> Outcome<XmlNode> {
    let text = std::fs::read_to_string(file).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidData | std::io::ErrorKind::IsADirectory => {
            Fault::new(code::E_FAIL, format!("`{}` is no settings file: it is no text", file.display()))
        }
        _ => Fault::file(file, error),
    })?;
    let wrong = |why: String| {
        Fault::new(code::E_FAIL, format!("`{}` is no settings file: {why}", file.display())).by("IMachine")
    };
    let mut tree = XmlNode::parse(&text).map_err(wrong)?;
    if tree.name != "VirtualBox" {
        return Err(wrong(format!("its root is `{}`", tree.name)));
    }
    super::versions::raise(&mut tree).map_err(wrong)?;
    Ok(tree)
}

/// Writes a settings file so that a crash leaves the old one or the new one; the old one is kept as `NAME-prev`.
/// A file of an older version is kept as `NAME-VERSION` for good.
pub(super) fn write(file: &Path, tree: &XmlNode) -> Outcome {
    let mut tree = tree.clone();
    if tree.child("Machine").is_some() {
        super::versions::lower(&mut tree);
    }
    super::versions::order(&mut tree);
    write_as_it_is(file, &tree)
}

/// The same for a tree that is in its order and of its version.
fn write_as_it_is(file: &Path, tree: &XmlNode) -> Outcome {
    keep_older(file, tree.attribute("version").unwrap_or_default());
    if file.exists() {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let previous = file.with_file_name(format!("{name}-prev"));
        // The copy is a service; without it the save is as good.
        let _ = atomic::keep(file, &previous);
    }
    let written = atomic::replace(file, tree.document(HEADING).as_bytes());
    super::files::presence::changed();
    written.map_err(|error| Fault::file(file, error))
}

/// Keeps a file whose version is older than that which is going to be written: `m.vbox` as `m-1.16-linux.vbox`.
fn keep_older(file: &Path, version: &str) {
    use std::io::Read as _;
    let mut start = Vec::new();
    let read = std::fs::File::open(file).and_then(|file| file.take(2048).read_to_end(&mut start));
    let start = String::from_utf8_lossy(&start);
    let root = read.ok().and_then(|_| start.split_once("<VirtualBox")?.1.split_once("version=")).map(|(_, rest)| rest);
    let Some(written) = root.and_then(|rest| rest.split(['"', '\'']).nth(1)) else { return };
    let plain = written.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-'));
    let (old, new) = (super::versions::parse(written), super::versions::parse(version));
    if plain && old.is_some() && old < new {
        let part = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
        let (stem, ending) = (part(file.file_stem()), part(file.extension()));
        let kept = file.with_file_name(format!("{stem}-{written}.{ending}"));
        // The copy is a service; without it the save is as good. An earlier one is not touched.
        let _ = std::fs::hard_link(file, kept);
    }
}
