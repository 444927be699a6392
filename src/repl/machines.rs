//! Names of machines for completion: read at most every few seconds, and never waited for long.

use crate::model::{Connection, Value};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a list is good.
const FRESH: Duration = Duration::from_secs(5);

/// A key press waits no longer than this; then the earlier list has to do.
const PATIENCE: Duration = Duration::from_millis(700);

/// The cache. Cloning gives another hold on the same one.
#[derive(Clone, Default)]
pub(super) struct Machines(Arc<Mutex<Cache>>);

#[derive(Default)]
struct Cache {
    names: Vec<String>,
    /// When, and over which connection, they were read.
    read: Option<(Instant, Connection)>,
    /// Whether a read is under way.
    reading: bool,
}

impl Machines {
    /// The names, sorted; of an open connection only. Without one there are none.
    pub(super) fn names(&self, connection: Option<Connection>) -> Vec<String> {
        let Some(connection) = connection else { return Vec::new() };
        {
            let mut cache = self.lock();
            let same = cache.read.as_ref().is_some_and(|(_, earlier)| earlier.is_same(&connection));
            if !same {
                cache.names.clear();
            }
            let fresh = same && cache.read.as_ref().is_some_and(|(when, _)| when.elapsed() < FRESH);
            if fresh || cache.reading {
                return cache.names.clone();
            }
            cache.reading = true;
        }
        let (done, wait) = mpsc::channel();
        let cache = self.clone();
        let read = move || {
            cache.keep(read(&connection), connection);
            // Nobody waits any more: the names are kept all the same.
            let _ = done.send(());
        };
        if std::thread::Builder::new().name("machine-names".to_owned()).spawn(read).is_err() {
            self.lock().reading = false;
        }
        let _ = wait.recv_timeout(PATIENCE);
        self.lock().names.clone()
    }

    fn keep(&self, names: Option<Vec<String>>, connection: Connection) {
        let mut cache = self.lock();
        cache.reading = false;
        if let Some(names) = names {
            cache.names = names;
        }
        cache.read = Some((Instant::now(), connection));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One list call, and the names in parallel. `None` when the list cannot be had.
fn read(connection: &Connection) -> Option<Vec<String>> {
    let machines = connection.root().get("machines").ok()?.into_list();
    let objects = machines.iter().filter_map(Value::as_object);
    let reads: Vec<_> =
        objects.filter_map(|machine| Some((machine.clone(), machine.interface().attribute("name")?))).collect();
    let values = connection.read_all(&reads).into_iter().flatten();
    let mut names: Vec<String> =
        values.filter_map(|value| value.as_text().map(str::to_owned)).filter(|name| !name.is_empty()).collect();
    names.sort();
    names.dedup();
    Some(names)
}
