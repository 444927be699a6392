//! Names of machines, snapshots, controllers and media for completion: read at most every few seconds, and never
//! waited for long.

use crate::model::{Connection, Object, Value};
use std::collections::HashMap;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a list is good.
const FRESH: Duration = Duration::from_secs(5);

/// A key press waits no longer than this where nothing is known yet.
const PATIENCE: Duration = Duration::from_millis(700);

/// And no longer than this where an earlier list can be shown.
const GLANCE: Duration = Duration::from_millis(60);

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
}

/// The cache. Cloning gives another hold on the same one.
#[derive(Clone, Default)]
pub(super) struct Known(Arc<Mutex<HashMap<Things, Cache>>>);

#[derive(Default)]
struct Cache {
    names: Vec<String>,
    /// When, and over which connection, they were read.
    read: Option<(Instant, Connection)>,
    /// Whether a read is under way.
    reading: bool,
    /// Something was run since they were read.
    stale: bool,
}

impl Known {
    /// The names, sorted; of an open connection only. Without one there are none.
    pub(super) fn names(&self, things: &Things, connection: Option<Connection>) -> Vec<String> {
        let Some(connection) = connection else { return Vec::new() };
        let patience;
        {
            let mut caches = self.lock();
            let cache = caches.entry(things.clone()).or_default();
            let same = cache.read.as_ref().is_some_and(|(_, earlier)| earlier.is_same(&connection));
            if !same {
                cache.names.clear();
            }
            // Guest OS types are the same as long as the server runs, and cost it seconds.
            let lasts = *things == Things::OsTypes;
            let young = cache.read.as_ref().is_some_and(|(when, _)| when.elapsed() < FRESH && !cache.stale);
            if same && (lasts || young) || cache.reading {
                return cache.names.clone();
            }
            cache.reading = true;
            patience = if cache.names.is_empty() { PATIENCE } else { GLANCE };
        }
        let (done, wait) = mpsc::channel();
        let (known, wanted) = (self.clone(), things.clone());
        let read = move || {
            let names = read(&wanted, &connection);
            known.keep(&wanted, names, connection);
            // Nobody waits any more: the names are kept all the same.
            let _ = done.send(());
        };
        if std::thread::Builder::new().name("known-names".to_owned()).spawn(read).is_err() {
            self.lock().entry(things.clone()).or_default().reading = false;
        }
        let _ = wait.recv_timeout(patience);
        self.lock().get(things).map(|cache| cache.names.clone()).unwrap_or_default()
    }

    /// Lists are read anew when they are next asked for: a line has run, and may have changed anything.
    pub(super) fn expire(&self) {
        self.lock().values_mut().for_each(|cache| cache.stale = true);
    }

    /// Takes up names of machines that a command has just read.
    pub(super) fn learn(&self, mut names: Vec<String>, connection: &Connection) {
        names.sort();
        names.dedup();
        let mut caches = self.lock();
        let cache = caches.entry(Things::Machines).or_default();
        cache.names = names;
        cache.stale = false;
        cache.read = Some((Instant::now(), connection.clone()));
    }

    fn keep(&self, things: &Things, names: Option<Vec<String>>, connection: Connection) {
        let mut caches = self.lock();
        let cache = caches.entry(things.clone()).or_default();
        (cache.reading, cache.stale) = (false, false);
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
fn read(things: &Things, connection: &Connection) -> Option<Vec<String>> {
    let root = connection.root();
    let (objects, attribute) = match things {
        Things::Machines => (children(&root, "machines")?, "name"),
        Things::Snapshots(machine) => (snapshots(&connection.find_machine(machine).ok()?)?, "name"),
        Things::Controllers(machine) => {
            (children(&connection.find_machine(machine).ok()?, "storageControllers")?, "name")
        }
        Things::Media("DVD") => (children(&root, "DVDImages")?, "location"),
        Things::Media("Floppy") => (children(&root, "floppyImages")?, "location"),
        Things::Media(_) => (children(&root, "hardDisks")?, "location"),
        Things::OsTypes => {
            let types = root.get("guestOSTypes").ok()?.into_list();
            let id = |kind: Value| match kind {
                Value::Struct(fields) => fields.get("id").and_then(|id| id.as_text().map(str::to_owned)),
                Value::Object(object) => object.get("id").ok()?.as_text().map(str::to_owned),
                _ => None,
            };
            return Some(types.into_iter().filter_map(id).collect());
        }
    };
    let reads: Vec<_> = objects
        .into_iter()
        .filter_map(|object| {
            let attribute = object.interface().attribute(attribute)?;
            Some((object, attribute))
        })
        .collect();
    let values = connection.read_all(&reads).into_iter().flatten();
    let mut names: Vec<String> =
        values.filter_map(|value| value.as_text().map(str::to_owned)).filter(|name| !name.is_empty()).collect();
    names.sort();
    names.dedup();
    Some(names)
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
