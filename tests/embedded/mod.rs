//! The embedded host, driven as every caller does: through `model::Object`, on a home folder of its own.

#![allow(clippy::unwrap_used)]

mod appliances;
pub(crate) mod computer;
mod crashes;
mod crawl;
mod damage;
mod events;
mod guest_control;
mod images;
mod locks;
mod machines;
mod media;
mod members;
mod persistence;
mod processes;
mod running;
mod snapshots;
mod usb;

use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use vboxsh::backend::embedded::EmbeddedTransport;
use vboxsh::model::{Connection, Error, Object, Value};

/// A home folder with a connection to it. Machines live in it too.
pub(crate) struct Home {
    pub(crate) connection: Connection,
    pub(crate) folder: TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { connection: connect(folder.path()), folder }
    }

    /// A home in that folder, on a computer whose `sys` and `dev` stand in the folder `computer` there.
    pub(crate) fn on(folder: TempDir, computer: &str) -> Self {
        let [home, machines] = ["home", "VirtualBox VMs"].map(|name| folder.path().join(name));
        let transport = EmbeddedTransport::open_on(&home, &machines, &folder.path().join(computer)).unwrap();
        Self { connection: Connection::new(Arc::new(transport)), folder }
    }

    pub(crate) fn vbox(&self) -> Object {
        self.connection.root()
    }

    /// A second process on the same home, as far as the host can tell.
    pub(crate) fn another(&self) -> Connection {
        connect(self.folder.path())
    }

    pub(crate) fn create(&self, name: &str, os_type: &str) -> Object {
        create(&self.vbox(), name, os_type)
    }

    /// A registered machine.
    pub(crate) fn machine(&self, name: &str) -> Object {
        let machine = self.create(name, "Ubuntu_64");
        machine.call("applyDefaults", vec![]).unwrap();
        self.vbox().call("registerMachine", vec![Value::Object(machine)]).unwrap();
        self.connection.find_machine(name).unwrap()
    }

    /// An image of 16 MB.
    pub(crate) fn disk(&self, name: &str) -> Object {
        let path = self.folder.path().join(name);
        let arguments = vec!["VDI".into(), path.to_str().unwrap().into(), "ReadWrite".into(), "HardDisk".into()];
        let disk = object(self.vbox().call("createMedium", arguments).unwrap());
        let progress = object(disk.call("createBaseStorage", vec![Value::Int(16 << 20), list(&["Standard"])]).unwrap());
        progress.call("waitForCompletion", vec![Value::Int(-1)]).unwrap();
        assert_eq!(progress.get("resultCode").unwrap(), Value::Int(0));
        disk
    }
}

/// Waits for a progress, which must succeed.
pub(crate) fn wait(progress: Value) -> Object {
    let progress = waited(progress);
    assert_eq!(progress.get("resultCode").unwrap(), Value::Int(0), "{}", text(&progress, "description"));
    progress
}

/// Waits for a progress, however it ends.
pub(crate) fn waited(progress: Value) -> Object {
    let progress = object(progress);
    progress.call("waitForCompletion", vec![Value::Int(-1)]).unwrap();
    progress
}

pub(crate) fn connect(folder: &Path) -> Connection {
    let transport = EmbeddedTransport::open(&folder.join("home"), &folder.join("VirtualBox VMs")).unwrap();
    Connection::new(Arc::new(transport))
}

pub(crate) fn create(vbox: &Object, name: &str, os_type: &str) -> Object {
    let arguments = vec!["".into(), name.into(), "x86".into(), Value::List(vec![]), os_type.into(), "".into()];
    object(vbox.call("createMachine", arguments).unwrap())
}

pub(crate) fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        other => panic!("{other:?} is no object"),
    }
}

pub(crate) fn objects(value: Value) -> Vec<Object> {
    value.into_list().into_iter().map(object).collect()
}

pub(crate) fn list(names: &[&str]) -> Value {
    Value::List(names.iter().map(|name| Value::from(*name)).collect())
}

pub(crate) fn text(object: &Object, name: &str) -> String {
    match object.get(name).unwrap() {
        Value::Enum(value) => value.to_string(),
        value => value.as_text().unwrap_or_else(|| panic!("{name} is {value:?}")).to_owned(),
    }
}

/// The name of the result code that a call failed with.
pub(crate) fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    let error = result.expect_err("it should fail");
    let error = error.api_error().unwrap_or_else(|| panic!("{error:?} comes from no API")).clone();
    assert_eq!(error.component, "EmbeddedHost");
    assert!(error.interface.starts_with('I'), "{error:?}");
    assert!(!error.message.is_empty(), "{error:?}");
    error.name()
}

/// Changes a machine as callers do: in a session, saved.
pub(crate) fn change(machine: &Object, work: impl FnOnce(&Object)) {
    vboxsh::model::with_session::<_, Error>(machine, "Write", |session| {
        work(session.machine());
        Ok(())
    })
    .unwrap();
}
