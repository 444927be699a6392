//! The record of a running machine, as it stands in its file.

use crate::host::document::GuestProperty;
use crate::host::files::atomic;
use crate::host::state::now;
use crate::host::{Fault, Outcome};
use crate::schema::embedded;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// A shared folder that ends with the machine's run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::host) struct SharedFolder {
    pub(in crate::host) name: String,
    pub(in crate::host) host_path: String,
    pub(in crate::host) writable: bool,
    pub(in crate::host) auto_mount: bool,
    pub(in crate::host) mount_point: String,
}

/// A wish for a screen's size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::host) struct VideoHint {
    pub(in crate::host) enabled: bool,
    pub(in crate::host) change_origin: bool,
    pub(in crate::host) origin: (i64, i64),
    pub(in crate::host) size: (i64, i64),
    pub(in crate::host) depth: i64,
}

/// What is true of a machine while it runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::host) struct Record {
    /// Name of a `MachineState`.
    pub(in crate::host) state: &'static str,
    /// Milliseconds since 1970 of the last change of the state.
    pub(in crate::host) changed: i64,
    /// Milliseconds since 1970.
    pub(in crate::host) started: i64,
    /// What it was started with; it is the session's name, too.
    pub(in crate::host) front_end: String,
    /// The process that started it.
    pub(in crate::host) pid: u32,
    /// Which start of the computer it belongs to.
    boot: String,
    pub(in crate::host) resets: u32,
    pub(in crate::host) resumes: u32,
    pub(in crate::host) folders: Vec<SharedFolder>,
    pub(in crate::host) properties: BTreeMap<String, GuestProperty>,
    pub(in crate::host) hints: BTreeMap<u32, VideoHint>,
    /// Values of the console's parts by `Interface.attribute` that a caller set: whole numbers and truths.
    pub(in crate::host) settings: BTreeMap<String, i64>,
}

impl Record {
    /// A machine that starts now.
    pub(in crate::host) fn new(state: &'static str, front_end: &str) -> Self {
        let (changed, boot) = (now(), boot_id());
        let pid = std::process::id();
        Self { state, changed, started: changed, front_end: front_end.to_owned(), pid, boot, ..Self::default() }
    }

    /// Whether the computer was not started anew since.
    pub(in crate::host) fn is_alive(&self) -> bool {
        self.boot == boot_id()
    }

    pub(in crate::host) fn read(file: &Path) -> Option<Self> {
        let json: Value = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
        let states = embedded().enumeration("MachineState")?;
        let state = states.name_of(states.number(json["state"].as_str()?)?)?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let number = |value: &Value| value.as_i64().unwrap_or_default();
        let small = |value: &Value| u32::try_from(value.as_i64().unwrap_or_default()).unwrap_or_default();
        let truth = |value: &Value| value.as_bool().unwrap_or_default();
        let folders = json["folders"].as_array().into_iter().flatten().map(|folder| SharedFolder {
            name: text(&folder["name"]),
            host_path: text(&folder["hostPath"]),
            writable: truth(&folder["writable"]),
            auto_mount: truth(&folder["autoMount"]),
            mount_point: text(&folder["autoMountPoint"]),
        });
        let properties = json["properties"].as_object().into_iter().flatten().map(|(name, property)| {
            let (value, flags) = (text(&property["value"]), text(&property["flags"]));
            (name.clone(), GuestProperty { value, flags, timestamp: number(&property["time"]) })
        });
        let hints = json["hints"].as_object().into_iter().flatten().filter_map(|(screen, hint)| {
            let hint = VideoHint {
                enabled: truth(&hint["enabled"]),
                change_origin: truth(&hint["changeOrigin"]),
                origin: (number(&hint["x"]), number(&hint["y"])),
                size: (number(&hint["width"]), number(&hint["height"])),
                depth: number(&hint["depth"]),
            };
            Some((screen.parse().ok()?, hint))
        });
        let settings = json["settings"].as_object().into_iter().flatten();
        Some(Self {
            state,
            changed: number(&json["changed"]),
            started: number(&json["started"]),
            front_end: text(&json["frontEnd"]),
            pid: small(&json["pid"]),
            boot: text(&json["boot"]),
            resets: small(&json["resets"]),
            resumes: small(&json["resumes"]),
            folders: folders.collect(),
            properties: properties.collect(),
            hints: hints.collect(),
            settings: settings.map(|(name, value)| (name.clone(), number(value))).collect(),
        })
    }

    /// # Errors
    /// The file cannot be written.
    pub(in crate::host) fn write(&self, file: &Path) -> Outcome {
        let folder = |folder: &SharedFolder| {
            json!({
                "name": folder.name, "hostPath": folder.host_path, "writable": folder.writable,
                "autoMount": folder.auto_mount, "autoMountPoint": folder.mount_point,
            })
        };
        let property = |(name, property): (&String, &GuestProperty)| {
            let value = json!({ "value": property.value, "flags": property.flags, "time": property.timestamp });
            (name.clone(), value)
        };
        let hint = |(screen, hint): (&u32, &VideoHint)| {
            let value = json!({
                "enabled": hint.enabled, "changeOrigin": hint.change_origin, "x": hint.origin.0, "y": hint.origin.1,
                "width": hint.size.0, "height": hint.size.1, "depth": hint.depth,
            });
            (screen.to_string(), value)
        };
        let json = json!({
            "simulated": "no guest runs in this machine",
            "state": self.state,
            "changed": self.changed,
            "started": self.started,
            "frontEnd": self.front_end,
            "pid": self.pid,
            "boot": self.boot,
            "resets": self.resets,
            "resumes": self.resumes,
            "folders": self.folders.iter().map(folder).collect::<Vec<_>>(),
            "properties": self.properties.iter().map(property).collect::<serde_json::Map<_, _>>(),
            "hints": self.hints.iter().map(hint).collect::<serde_json::Map<_, _>>(),
            "settings": self.settings,
        });
        atomic::replace(file, format!("{json:#}\n").as_bytes()).map_err(|error| Fault::file(file, error))
    }
}

/// Names this start of the computer; empty where it has no such name.
fn boot_id() -> String {
    let read = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
    read.map_or(String::new(), |id| id.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_survives_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("run");
        assert_eq!(Record::read(&file), None);
        let mut record = Record::new("Paused", "headless");
        record.folders.push(SharedFolder { name: "f".into(), host_path: "/tmp".into(), ..SharedFolder::default() });
        record
            .properties
            .insert("/a".into(), GuestProperty { value: "1".into(), timestamp: 5, flags: "READONLY".into() });
        record.hints.insert(1, VideoHint { enabled: true, size: (800, 600), ..VideoHint::default() });
        record.settings.insert("IGuest.memoryBalloonSize".into(), 7);
        record.write(&file).unwrap();
        assert_eq!(Record::read(&file), Some(record.clone()));
        assert!(record.is_alive());
        std::fs::write(&file, "{}").unwrap();
        assert_eq!(Record::read(&file), None);
    }
}
