//! Names of machines, snapshots, controllers, media and their like for completion, each with a word on it: read at most
//! every few seconds, and never waited for long.

use crate::model::{Connection, Object, Value};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a list is good.
const FRESH: Duration = Duration::from_secs(5);

/// A key press waits no longer than this where nothing is known yet.
const PATIENCE: Duration = Duration::from_millis(700);

/// And no longer than this where an earlier list can be shown.
const GLANCE: Duration = Duration::from_millis(60);

/// How often a key press looks whether a list is there.
const STEP: Duration = Duration::from_millis(2);

/// What is listed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Things {
    /// Names of machines.
    Machines,
    /// Names of a machine's snapshots.
    Snapshots(String),
    /// Names of a machine's storage controllers.
    Controllers(String),
    /// Files of the media of a `DeviceType`.
    Media(&'static str),
    /// Ids of guest OS types.
    OsTypes,
    /// Ports and devices of a controller of a machine.
    Slots(String, String),
    /// Numbers of a machine's network adapters.
    Adapters(String),
    /// Keys of a machine's extra data; of VirtualBox's own without a machine.
    ExtraData(Option<String>),
}

/// A name, and what is said of it.
pub(super) type Named = (String, String);

/// Slots of a controller that are listed.
const MOST_SLOTS: i64 = 64;

/// Network adapters that are listed.
const ADAPTERS: i64 = 8;

/// The cache. Cloning gives another hold on the same one.
#[derive(Clone, Default)]
pub(super) struct Known(Arc<Mutex<HashMap<Things, Cache>>>);

#[derive(Default)]
struct Cache {
    names: Vec<Named>,
    /// When, and over which connection, they were read.
    read: Option<(Instant, Connection)>,
    /// Whether a read is under way.
    reading: bool,
    /// Something was run since they were read.
    stale: bool,
}

impl Known {
    /// The names, sorted; of an open connection only. Without one there are none.
    pub(super) fn names(&self, things: &Things, connection: Option<Connection>) -> Vec<Named> {
        let Some(connection) = connection else { return Vec::new() };
        let (patience, starts) = {
            let mut caches = self.lock();
            let cache = caches.entry(things.clone()).or_default();
            let same = cache.read.as_ref().is_some_and(|(_, earlier)| earlier.is_same(&connection));
            if !same {
                cache.names.clear();
            }
            // Guest OS types are the same as long as the server runs, and cost it seconds.
            let lasts = *things == Things::OsTypes;
            let young = cache.read.as_ref().is_some_and(|(when, _)| when.elapsed() < FRESH && !cache.stale);
            if same && (lasts || young) {
                return cache.names.clone();
            }
            let starts = !std::mem::replace(&mut cache.reading, true);
            // What a line changes from here on has to be read once more.
            cache.stale &= !starts;
            (if cache.names.is_empty() { PATIENCE } else { GLANCE }, starts)
        };
        if starts {
            self.start(things.clone(), connection);
        }
        let end = Instant::now() + patience;
        loop {
            let caches = self.lock();
            let Some(cache) = caches.get(things) else { return Vec::new() };
            if !cache.reading || Instant::now() >= end {
                return cache.names.clone();
            }
            drop(caches);
            std::thread::sleep(STEP);
        }
    }

    /// Reads in the background. The names are kept, also when nobody waits for them any more.
    fn start(&self, things: Things, connection: Connection) {
        let (known, wanted) = (self.clone(), things.clone());
        let work = move || known.keep(&wanted, read(&wanted, &connection), connection);
        if std::thread::Builder::new().name("known-names".to_owned()).spawn(work).is_err() {
            self.lock().entry(things).or_default().reading = false;
        }
    }

    /// Reads the names of machines in the background where none are known yet, so that the first Tab has them.
    pub(super) fn prepare(&self, connection: &Connection) {
        {
            let mut caches = self.lock();
            let cache = caches.entry(Things::Machines).or_default();
            if cache.reading || cache.read.as_ref().is_some_and(|(_, earlier)| earlier.is_same(connection)) {
                return;
            }
            cache.reading = true;
        }
        self.start(Things::Machines, connection.clone());
    }

    /// Lists are read anew when they are next asked for: a line has run, and may have changed anything.
    pub(super) fn expire(&self) {
        self.lock().values_mut().for_each(|cache| cache.stale = true);
    }

    /// Takes up names of machines that a command has just read.
    pub(super) fn learn(&self, names: Vec<Named>, connection: &Connection) {
        let names = sorted(names);
        let mut caches = self.lock();
        let cache = caches.entry(Things::Machines).or_default();
        cache.names = names;
        cache.stale = false;
        cache.read = Some((Instant::now(), connection.clone()));
    }

    fn keep(&self, things: &Things, names: Option<Vec<Named>>, connection: Connection) {
        let mut caches = self.lock();
        let cache = caches.entry(things.clone()).or_default();
        cache.reading = false;
        if let Some(names) = names {
            cache.names = names;
        }
        cache.read = Some((Instant::now(), connection));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Things, Cache>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The names as they are now. `None` when they cannot be had.
fn read(things: &Things, connection: &Connection) -> Option<Vec<Named>> {
    let root = connection.root();
    let machine = |name: &String| connection.find_machine(name).ok();
    let media = |list: &str| described(connection, children(&root, list)?, "location", "format");
    match things {
        Things::Machines => described(connection, children(&root, "machines")?, "name", "state"),
        Things::Snapshots(name) => described(connection, snapshots(&machine(name)?)?, "name", "description"),
        Things::Controllers(name) => {
            described(connection, children(&machine(name)?, "storageControllers")?, "name", "controllerType")
        }
        Things::Media("DVD") => media("DVDImages"),
        Things::Media("Floppy") => media("floppyImages"),
        Things::Media(_) => media("hardDisks"),
        Things::OsTypes => {
            let types = root.get("guestOSTypes").ok()?.into_list();
            let part = |kind: &Value, name: &str| match kind {
                Value::Struct(fields) => fields.get(name).map(word).unwrap_or_default(),
                Value::Object(object) => object.get(name).as_ref().map(word).unwrap_or_default(),
                _ => String::new(),
            };
            Some(types.iter().map(|kind| (part(kind, "id"), part(kind, "description"))).collect())
        }
        Things::Slots(name, controller) => slots(&machine(name)?, controller),
        Things::Adapters(name) => {
            let machine = machine(name)?;
            let adapters = (0..ADAPTERS).map_while(|slot| {
                let Ok(Value::Object(adapter)) = machine.call("getNetworkAdapter", vec![Value::Int(slot)]) else {
                    return None;
                };
                Some((slot.to_string(), adapter))
            });
            let about = |adapter: &Object| match adapter.get("enabled").ok()?.as_bool()? {
                true => adapter.get("attachmentType").ok().as_ref().map(word),
                false => Some("not enabled".to_owned()),
            };
            Some(adapters.map(|(slot, adapter)| (slot, about(&adapter).unwrap_or_default())).collect())
        }
        Things::ExtraData(name) => {
            let holder = name.as_ref().map_or(Some(root), machine)?;
            let keys = holder.call("getExtraDataKeys", Vec::new()).ok()?.into_list();
            Some(sorted(keys.iter().map(|key| (word(key), String::new())).collect()))
        }
    }
}

/// Objects by an attribute, each with what another attribute says of it, all read at once.
fn described(connection: &Connection, objects: Vec<Object>, name: &str, about: &str) -> Option<Vec<Named>> {
    let mut reads = Vec::new();
    for object in objects {
        let (name, about) = (object.interface().attribute(name)?, object.interface().attribute(about)?);
        reads.extend([(object.clone(), name), (object, about)]);
    }
    let values: Vec<String> =
        connection.read_all(&reads).into_iter().map(|value| value.as_ref().map(word).unwrap_or_default()).collect();
    let pairs = values.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone()));
    Some(sorted(pairs.filter(|(name, _)| !name.is_empty()).collect()))
}

fn sorted(mut names: Vec<Named>) -> Vec<Named> {
    names.sort();
    names.dedup_by(|one, other| one.0 == other.0);
    names
}

/// A plain value as one line.
fn word(value: &Value) -> String {
    match value {
        Value::Text(text) => text.lines().next().unwrap_or_default().to_owned(),
        Value::Enum(value) => value.to_string(),
        Value::Int(number) => number.to_string(),
        _ => String::new(),
    }
}

/// Every slot of a controller, with what is in it.
fn slots(machine: &Object, controller: &str) -> Option<Vec<Named>> {
    let name = vec![Value::from(controller)];
    let Ok(Value::Object(found)) = machine.call("getStorageControllerByName", name.clone()) else { return None };
    let count = |name: &str| found.get(name).ok()?.as_int();
    let (ports, devices) = (count("portCount")?, count("maxDevicesPerPortCount")?.max(1));
    let taken = machine.call("getMediumAttachmentsOfController", name).ok()?.into_list();
    let number = |value: Option<Value>| value.and_then(|value| value.as_int()).unwrap_or_default();
    let in_slot = |port: i64, device: i64| {
        let at = |attachment: &&Value| match attachment {
            Value::Struct(fields) => {
                number(fields.get("port").cloned()) == port && number(fields.get("device").cloned()) == device
            }
            _ => false,
        };
        match taken.iter().find(at) {
            Some(Value::Struct(fields)) => fields.get("type").map(word).unwrap_or_default(),
            _ => "free".to_owned(),
        }
    };
    let places = (0..ports).flat_map(|port| (0..devices).map(move |device| (port, device)));
    let listed = places.take(usize::try_from(MOST_SLOTS).unwrap_or(64));
    Some(listed.map(|(port, device)| (format!("{port}:{device}"), in_slot(port, device))).collect())
}

fn children(object: &Object, attribute: &str) -> Option<Vec<Object>> {
    Some(object.get(attribute).ok()?.into_list().iter().filter_map(Value::as_object).cloned().collect())
}

fn snapshots(machine: &Object) -> Option<Vec<Object>> {
    // The empty name is the root of the tree; a machine without snapshots has none.
    let Ok(Value::Object(root)) = machine.call("findSnapshot", vec![Value::from("")]) else { return Some(Vec::new()) };
    let (mut found, mut waiting) = (Vec::new(), vec![root]);
    while let Some(snapshot) = waiting.pop() {
        waiting.extend(children(&snapshot, "children")?);
        found.push(snapshot);
        if found.len() > 1000 {
            break;
        }
    }
    Some(found)
}
