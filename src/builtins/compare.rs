//! `diff`: every setting that differs between two machines, or a machine and one of its snapshots.
//!
//! Settings are read by the schema: attributes of the machine and of what belongs to it, at any depth.

use super::on_machine::{machine, show, text};
use crate::model::{Object, Value};
use crate::output::{Column, Failure, Reply, Table};
use crate::schema::Kind;
use crate::shell::{ArgumentKind, Arity, Category, Command, Given, Shell, find_listed};
use std::collections::BTreeMap;

/// What is about the moment, not about the settings.
const PASSING: &[&str] = &[
    "parent",
    "id",
    "accessible",
    "accessError",
    "settingsFilePath",
    "settingsAuxFilePath",
    "settingsModified",
    "sessionState",
    "sessionName",
    "sessionPID",
    "state",
    "lastStateChange",
    "stateFilePath",
    "logFolder",
    "currentSnapshot",
    "snapshotCount",
    "currentStateModified",
    "snapshotFolder",
    "machine",
    "eventSource",
    "properties",
    "stateKeyId",
    "stateKeyStore",
    "logKeyId",
    "logKeyStore",
    "size",
    "progress",
    "PCIDeviceAssignments",
];

pub(super) fn commands() -> Vec<Command> {
    vec![
        Command::new("diff", Category::Settings, "show the settings in which two machines differ", diff)
            .argument("machine", ArgumentKind::Machine, Arity::Required, "name or id of a machine")
            .argument("other", ArgumentKind::Machine, Arity::Optional, "another machine")
            .flag("snapshot", Some(ArgumentKind::Snapshot), "compare with this snapshot of the machine instead")
            .help("Ids, paths and states, which differ by nature, are left out. Nothing is shown when all settings are equal.")
            .prepared("create-vm web-02 Debian_64", "diff web-01 web-02", "two machines")
            .prepared("snapshot web-01 take base; set web-01.memorySize 512", "diff web-01 --snapshot base", "what changed since"),
    ]
}

fn diff(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    if let Some(name) = given.option("snapshot") {
        return machine_and_snapshot(&machine, &super::snapshots::find(&machine, name)?);
    }
    let Some(other) = given.optional("other") else {
        return Err(Failure::usage("diff: what to compare with is missing", format!("usage: {}", given.usage())));
    };
    let other = find_listed(&shell.world().connection()?, other)?;
    Ok(table(&settings(&machine), &settings(&other), &text(&machine, "name"), &text(&other, "name")))
}

/// What differs between a machine and the state that a snapshot keeps.
pub(super) fn machine_and_snapshot(machine: &Object, snapshot: &Object) -> Result<Reply, Failure> {
    let kept = super::snapshots::machine_of(snapshot)?;
    Ok(table(&settings(&kept), &settings(machine), &text(snapshot, "name"), "now"))
}

fn table(left: &BTreeMap<String, Value>, right: &BTreeMap<String, Value>, first: &str, second: &str) -> Reply {
    let mut paths: Vec<&String> = left.keys().chain(right.keys()).collect();
    paths.sort();
    paths.dedup();
    let rows = paths.into_iter().filter_map(|path| {
        let (old, new) = (left.get(path), right.get(path));
        (old != new).then(|| {
            vec![Value::from(path.as_str()), old.cloned().unwrap_or_default(), new.cloned().unwrap_or_default()]
        })
    });
    Reply::Table(Table {
        columns: vec![Column::new("setting"), Column::new("left").titled(first), Column::new("right").titled(second)],
        rows: rows.collect(),
        empty: "no setting differs".to_owned(),
    })
}

/// Every setting of a machine by its path. What cannot be read is left out.
pub(super) fn settings(machine: &Object) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    collect(machine, "", 0, &mut found);
    for (method, count) in [("getNetworkAdapter", 8), ("getSerialPort", 4), ("getParallelPort", 2)] {
        let name = format!("{}{}", method[3..4].to_lowercase(), &method[4..]);
        for slot in 0..count {
            if let Ok(Value::Object(part)) = machine.call(method, vec![Value::Int(slot)]) {
                collect(&part, &format!("{name}[{slot}]."), 1, &mut found);
            }
        }
    }
    for position in 1..=4 {
        if let Ok(device) = machine.call("getBootOrder", vec![Value::Int(position)]) {
            found.insert(format!("bootOrder[{position}]"), device);
        }
    }
    let keys = machine.call("getExtraDataKeys", Vec::new()).map(Value::into_list).unwrap_or_default();
    for key in keys {
        if let Ok(value) = machine.call("getExtraData", vec![key.clone()]) {
            found.insert(format!("extraData[{}]", show(&key)), value);
        }
    }
    found
}

fn collect(object: &Object, path: &str, depth: usize, found: &mut BTreeMap<String, Value>) {
    let attributes: Vec<_> =
        object.interface().attributes().into_iter().filter(|attribute| !PASSING.contains(&attribute.name)).collect();
    let reads: Vec<_> = attributes.iter().map(|attribute| (object.clone(), *attribute)).collect();
    let values = object.connection().read_all(&reads);
    for (attribute, value) in attributes.iter().zip(values) {
        let Ok(value) = value else { continue };
        let name = format!("{path}{}", attribute.name);
        match value {
            // Media and networks are things of their own; their name tells which one it is.
            Value::Object(medium) if medium.interface().name == "IMedium" => {
                found.insert(name, Value::Text(text(&medium, "location")));
            }
            Value::Object(part) if depth < 4 => collect(&part, &format!("{name}."), depth + 1, found),
            Value::Object(_) => {}
            Value::List(values) if matches!(attribute.kind.kind, Kind::Interface(_)) => {
                elements(&values, &name, depth, found);
            }
            value => {
                found.insert(name, value);
            }
        }
    }
}

fn elements(values: &[Value], path: &str, depth: usize, found: &mut BTreeMap<String, Value>) {
    for (at, value) in values.iter().enumerate() {
        match value {
            Value::Object(part) if depth < 4 => {
                let key = Some(text(part, "name")).filter(|name| !name.is_empty()).unwrap_or_else(|| at.to_string());
                collect(part, &format!("{path}[{key}]."), depth + 1, found);
            }
            Value::Struct(fields) => {
                let field = |name: &str| fields.get(name).map(show).unwrap_or_default();
                let key = if fields.interface.name == "IMediumAttachment" {
                    format!("{} {}:{}", field("controller"), field("port"), field("device"))
                } else {
                    at.to_string()
                };
                for (name, value) in fields.entries().filter(|(name, _)| !PASSING.contains(name)) {
                    let value = match value {
                        Value::Object(medium) if medium.interface().name == "IMedium" => {
                            Value::Text(text(medium, "location"))
                        }
                        Value::Object(_) => continue,
                        value => value.clone(),
                    };
                    found.insert(format!("{path}[{key}].{name}"), value);
                }
            }
            _ => {}
        }
    }
}
